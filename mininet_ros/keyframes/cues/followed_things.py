"""The things that are followed, as a table."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mininet_ros.keyframes.cues.regions import Regions


@dataclass(eq=False)
class FollowedThings:
    """N things that are followed; all arrays have N rows.

    Attributes:
        ids: int64 numbers of the things, ascending.
        labels: int64 class ids.
        boxes: (N, 4) float32 extents, in pixels of the tracked picture.
        areas: last areas, as shares of the picture.
        cut: share of the side that the border cuts in the present mask, 0 to 1.
        times: int64 number of frames in which each thing was found.
        apart: int64 number of frames in a row, the last one included, in which it was found in
            several separate regions.
        parents: int64 id of the thing that each was split from; its own id where there is none.
        shares: share of that thing's area that it had, 0 to 1.
        found: (N, 5) confidence in each of the last frames, the present one first; 0 where the
            thing was not found.
        in_view: (N, 5) bool, whether its place was in view in these frames.
    """

    ids: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    cut: np.ndarray
    times: np.ndarray
    apart: np.ndarray
    parents: np.ndarray
    shares: np.ndarray
    found: np.ndarray
    in_view: np.ndarray

    def only(self, which: np.ndarray) -> FollowedThings:
        """Return the things that are marked in (N,) bool."""
        return self if which.all() else FollowedThings(*(part[which] for part in self._parts()))

    def copies(self, row: int, number: int) -> FollowedThings:
        """Return copies of one thing, which name it as the thing that they were split from."""
        copies = FollowedThings(
            *(np.repeat(part[row : row + 1], number, 0) for part in self._parts())
        )
        copies.parents = copies.ids
        return copies

    def take(self, rows: int | slice, regions: Regions, places: int | list[int]) -> None:
        """Give things the shapes of regions that were parts of them."""
        self.boxes[rows] = regions.boxes[places]
        self.areas[rows] = regions.areas[places]
        self.cut[rows] = regions.cut[places]
        self.apart[rows] = 0

    def and_also(self, others: FollowedThings) -> FollowedThings:
        """Return these things and then others, whose ids are larger."""
        pairs = zip(self._parts(), others._parts())
        return FollowedThings(*(np.concatenate(pair) for pair in pairs))

    def _parts(self) -> list[np.ndarray]:
        return [getattr(self, part.name) for part in fields(self)]
