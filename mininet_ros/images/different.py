"""The most different looking pictures of a stream."""

from __future__ import annotations

from typing import Generic, TypeVar

import cv2
import numpy as np

Item = TypeVar("Item")

_LOOK = (16, 12)  # columns and rows of the small picture that stands for the look


class DifferentPictures(Generic[Item]):
    """Keeps at most ``limit`` pictures of a stream, those that differ most, by one pass over it.

    Two pictures differ by the distance of their colours at 16x12 pixels. As soon as there is one
    picture too many, the later one of the two most similar ones goes. The result depends on the
    stream alone. Memory does not grow with its length.

    Args:
        limit: largest number of pictures, at least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: list[Item] = []
        self._looks = np.empty((0, _LOOK[0] * _LOOK[1] * 3), np.float32)
        self._apart = np.empty(
            (0, 0), np.float32
        )  # distance of each pair, infinite on the diagonal

    def __len__(self) -> int:
        return len(self._items)

    @property
    def items(self) -> list[Item]:
        """What was given with the pictures that are kept, in their order."""
        return list(self._items)

    def add(self, image: np.ndarray, item: Item) -> Item | None:
        """Consider the next picture.

        Args:
            image: uint8 (H, W, 3).
            item: anything that stands for the picture.

        Returns:
            The item that goes, which may be the given one; None if all stay.
        """
        look = cv2.resize(image, _LOOK, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
        from_others = np.linalg.norm(self._looks - look, axis=1)
        self._looks = np.vstack((self._looks, look))
        self._items.append(item)
        count = len(self._items)
        apart = np.full((count, count), np.inf, np.float32)
        apart[:-1, :-1] = self._apart
        apart[-1, :-1] = apart[:-1, -1] = from_others
        self._apart = apart
        if count <= self._limit:
            return None
        later = max(np.unravel_index(int(np.argmin(apart)), apart.shape)) if count > 1 else 0
        return self._remove(int(later))

    def _remove(self, index: int) -> Item:
        self._looks = np.delete(self._looks, index, axis=0)
        self._apart = np.delete(np.delete(self._apart, index, axis=0), index, axis=1)
        return self._items.pop(index)
