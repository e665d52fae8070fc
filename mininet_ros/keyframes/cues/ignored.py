"""Pixels that do not count for quality, motion and overlap: moving things, the robot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.keyframes.cues.classes import ClassError

VOID = 255


class IgnoredPixels:
    """Tells which pixels of a frame do not count.

    Args:
        names: names of the classes whose pixels do not count, such as people and cars.
        picture: (h, w) uint8 picture of any size, above 0 where no pixel ever counts; None for no
            such pixels.
        classes: class names of the network that makes the masks, in label order.

    Raises:
        ClassError: a name is not among ``classes``.
    """

    def __init__(
        self, names: Sequence[str], picture: np.ndarray | None, classes: Sequence[str]
    ) -> None:
        self._table = np.zeros(256, np.uint8)
        for name in names:
            if name not in classes:
                raise ClassError(
                    f"Unknown class '{name}' to be ignored; the model knows: {', '.join(classes)}."
                )
            self._table[list(classes).index(name)] = VOID
        self._picture = picture
        self._by_class = bool(names)

    def of(self, mask: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
        """Find the pixels of one frame that do not count.

        Args:
            mask: (h, w) uint8 labels at any size, or None.
            size: width and height of the result.

        Returns:
            (height, width) uint8, above 0 where pixels do not count; None where all pixels count.
        """
        ignored = None
        if self._picture is not None:
            ignored = cv2.resize(self._picture, size, interpolation=cv2.INTER_NEAREST)
        if self._by_class and mask is not None:
            small = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
            classes = cv2.LUT(small, self._table)
            ignored = classes if ignored is None else cv2.max(ignored, classes)
        return ignored


def read_ignore_mask(path: str) -> np.ndarray | None:
    """Read the picture of pixels that never count; return None for an empty path.

    Raises:
        ClassError: the file cannot be read as a picture.
    """
    if not path:
        return None
    file = Path(path).expanduser()
    data = np.fromfile(file, np.uint8) if file.is_file() else np.empty(0, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) if data.size else None
    if picture is None:
        raise ClassError(
            f"The ignore_mask {path} cannot be read: give a picture that is white where pixels do "
            "not count, and black elsewhere."
        )
    return picture
