"""Worth of a set of frames: how much of the recording's views and things it shows.

Each frame of the recording counts by its similarity to the most similar frame of the set: the share
of scene corners that both show, reduced where the chosen frame is a poor picture. A thing counts by
its best view in the set. This worth is monotone and submodular (facility location), so repeatedly
adding the best frame reaches at least 63 % of the worth of the best set of that size (Nemhauser et
al. 1978).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

FARTHEST = 200  # largest distance, in frames, of two frames that are compared
LOST_AFTER = 10  # consecutive frames without a common corner that end the reach of a frame
SMOOTHED = 5  # frames before and after over which the change of the view is averaged
STILL = 0.1  # share of the usual change of the view below which the camera rests


@dataclass(frozen=True, eq=False)
class View:
    """Content of one frame.

    Attributes:
        corners: (N,) int64, ascending; equal numbers mean the same corner of the scene. Empty where
            the picture is too dark or too smeared to follow any.
        quality: quality of the picture relative to the frames around it, at least 0; 1 is usual.
        things: number and worth, at least 0, of each target thing in the frame.
    """

    corners: np.ndarray
    quality: float
    things: tuple[tuple[int, float], ...] = ()


def overlap(one: View, later: View) -> float:
    """Return the share of a frame's corners that a later one still shows, 0 to 1."""
    if not len(one.corners):
        return 0.0
    return _common(one, later) / len(one.corners)


def change_of_view(views: Sequence[View]) -> np.ndarray:
    """Return how much each frame counts: by how much the view changes with it, 0 to 1.

    The change is the share of corners lost since the last frame, averaged over a few frames because
    single corners are lost by chance. It is compared with the median of the frames that move: half
    for a usual change, less than twice as much for any faster one, and nothing for a camera that
    rests. A turn in which the view changes three times as fast as on the straight therefore gets
    one and a half times the frames.
    """
    change = np.zeros(len(views))
    usable = [index for index, view in enumerate(views) if len(view.corners)]
    for before, index in pairwise(usable):
        # Spread over frames without corners in between.
        lost = 1.0 - overlap(views[before], views[index])
        change[before + 1 : index + 1] = lost / (index - before)
    change = _smoothed(change)
    moving = change[change > STILL * change.mean()] if change.any() else change
    usual = float(np.median(moving)) if moving.size else 0.0
    if usual == 0.0:
        return np.ones(len(views))
    return np.where(change > STILL * usual, change / (change + usual), 0.0)


def _smoothed(values: np.ndarray) -> np.ndarray:
    """Return the mean of each value and its neighbours."""
    width = 2 * SMOOTHED + 1
    sums = np.convolve(values, np.ones(width))[SMOOTHED:-SMOOTHED]
    counts = np.convolve(np.ones(len(values)), np.ones(width))[SMOOTHED:-SMOOTHED]
    return sums / counts


class Coverage:
    """Worth of a set of frames, and the gain of adding each frame.

    Args:
        views: contents of all frames.
        weights: worth of each frame as a picture, 0 to 1.
        change: (N,) how much each frame counts.
        view_weight: worth of a wholly new view, in things.
    """

    def __init__(
        self,
        views: Sequence[View],
        weights: np.ndarray,
        change: np.ndarray,
        view_weight: float,
    ) -> None:
        self._views = views
        self._weights = weights
        self._likeness = _likeness(views)
        self._demand = view_weight * change
        self._covered = np.zeros(len(views))
        self._things: dict[int, float] = {}

    def add(self, index: int) -> None:
        """Add a frame to the set."""
        near, likeness = self._likeness[index]
        self._covered[near] = np.maximum(self._covered[near], likeness * self._weights[index])
        for thing, worth in self._shown(index):
            self._things[thing] = max(worth, self._things.get(thing, 0.0))

    def gain(self, index: int) -> float:
        """Return the worth that a frame adds to the set, at least 0."""
        near, likeness = self._likeness[index]
        more = np.maximum(0.0, likeness * self._weights[index] - self._covered[near])
        new = float(more @ self._demand[near])
        for thing, worth in self._shown(index):
            new += max(0.0, worth - self._things.get(thing, 0.0))
        return new

    def worth(self, chosen: Collection[int]) -> float:
        """Return the worth of a set; forgets the present one."""
        self.clear()
        for index in chosen:
            self.add(index)
        return float(self._covered @ self._demand) + sum(self._things.values())

    def greedy(self, count: int, among: Sequence[int]) -> list[int]:
        """Return the set that grows by the best frame each time, ascending."""
        self.clear()
        # A frame's gain never grows: if the updated gain is still the best, no other frame needs an
        # update (Minoux 1978).
        queue = [(-self.gain(index), -self._weights[index], index) for index in among]
        heapq.heapify(queue)
        taken: list[int] = []
        while len(taken) < count:
            index = queue[0][2]
            present = (-self.gain(index), -self._weights[index], index)
            if present > queue[0]:
                heapq.heapreplace(queue, present)
                continue
            heapq.heappop(queue)
            self.add(index)
            taken.append(index)
        return sorted(taken)

    def clear(self) -> None:
        """Empty the set."""
        self._covered[:] = 0.0
        self._things.clear()

    def _shown(self, index: int) -> list[tuple[int, float]]:
        weight = float(self._weights[index])
        return [(thing, worth * weight) for thing, worth in self._views[index].things]


def _likeness(views: Sequence[View]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for each frame, the frames with common corners and the share of both, 0 to 1."""
    pairs: list[dict[int, float]] = [{} for _ in views]
    for index, view in enumerate(views):
        if not len(view.corners):
            continue
        pairs[index][index] = 1.0
        missed = 0
        for other in range(index + 1, min(len(views), index + 1 + FARTHEST)):
            common = _common(view, views[other])
            if common:
                share = common / (len(view.corners) + len(views[other].corners) - common)
                pairs[index][other] = pairs[other][index] = share
            missed = 0 if common else missed + 1
            if missed >= LOST_AFTER:
                break
    return [(np.array(list(own), np.int64), np.array(list(own.values()))) for own in pairs]


def _common(one: View, other: View) -> int:
    return len(np.intersect1d(one.corners, other.corners, assume_unique=True))
