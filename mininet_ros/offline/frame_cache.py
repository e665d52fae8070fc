"""Frames of a sequence, rendered and segmented once and looked at many times."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np

from mininet_ros.sequences import LabelledFrame

ScorerInput = tuple[np.ndarray, np.ndarray, np.ndarray | None, int]
"""Image, mask, confidence and stamp, as `mininet_ros.keyframes.FrameScorer.score` takes them."""


class FrameCache:
    """Keeps frames in a temporary file, from which the system keeps in memory what it can.

    Iterating gives them as the scorer takes them, as read-only views.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open until close()
        self._places: list[tuple[list[tuple[int, tuple[int, ...]] | None], int]] = []

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[ScorerInput]:
        self._file.flush()
        content = np.asarray(np.memmap(self._file, np.uint8, "r"))
        for places, stamp_ns in self._places:
            arrays = [
                None
                if place is None
                else content[place[0] : place[0] + int(np.prod(place[1]))].reshape(place[1])
                for place in places
            ]
            yield (*arrays, stamp_ns)

    def add(self, labelled: LabelledFrame) -> None:
        """Take in the next frame."""
        arrays = (labelled.frame.image, labelled.mask, labelled.confidence)
        places = [None if array is None else self._write(array) for array in arrays]
        self._places.append((places, labelled.frame.stamp_ns))

    def close(self) -> None:
        """Give the file up."""
        self._file.close()

    def _write(self, array: np.ndarray) -> tuple[int, tuple[int, ...]]:
        place = self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(array).data)
        return place, array.shape
