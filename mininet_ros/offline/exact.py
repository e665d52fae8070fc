"""Choice of an exact number of frames, with the whole recording known.

A set of frames is worth as much as it covers of the recording. Each frame of the recording counts
by its similarity to the most similar frame of the set: the share of scene corners that both show,
reduced where the chosen frame is a poor picture. Frames are weighted by how much the view changes
with them, so that a stationary robot needs few frames. A thing counts by its best view in the set.
This worth is monotone and submodular (facility location). Repeatedly adding the best frame
therefore reaches at least 63 % of the worth of the best set of that size (Nemhauser et al. 1978).
Afterwards, frames move between their neighbours as long as that improves the set.

Where ``min_overlap`` is above 0, the choice begins with a chain of few frames. Each frame of the
chain still shows that share of the corners of the one before it. The greedy choice adds to the
chain.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

GOOD_SHARE = 0.85
"""Share of the best quality nearby above which quality differences do not count."""

NEARBY = 10  # frames before and after
FARTHEST = 200  # largest distance, in frames, of two frames that are compared
LEAST_CHANGE = 1e-3  # least change of the view with which a frame is weighted
MOST_CHANGE = 0.25  # upper limit, so that frames at a cut do not outweigh all that follow
LOST_AFTER = 10  # consecutive frames with too little overlap that end the reach of a frame
LAST_PART = 0.25  # part of the reach in which quality decides on the next frame of a chain
ROUNDS = 3  # rounds in which frames move between their neighbours


@dataclass(frozen=True, eq=False)
class View:
    """Content of one frame.

    Attributes:
        corners: (N,) int64, ascending; equal numbers mean the same corner of the scene. Empty where
            the picture is too dark or too smeared to follow any.
        quality: quality of the picture, 0 to 1.
        things: number and worth (0 to 1) of each target thing in the frame.
    """

    corners: np.ndarray
    quality: float
    things: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class ExactChoice:
    """A set of frames.

    Attributes:
        chosen: indices of the frames, ascending.
        needed: number of frames that a chain with ``min_overlap`` needs; 0 without a chain.
        broken: number of pairs of neighbours that share less than ``min_overlap``.
    """

    chosen: tuple[int, ...]
    needed: int
    broken: int


def choose_exactly(
    views: Sequence[View], count: int, min_overlap: float, view_weight: float
) -> ExactChoice:
    """Choose exactly ``count`` frames.

    Args:
        views: contents of all frames.
        count: number of frames to choose, from 1 to the number of all frames.
        min_overlap: share of a chosen frame's corners that the next one still shows, 0 to 1, where
            this is possible.
        view_weight: worth of a wholly new view, in things.

    Raises:
        ValueError: ``count`` is below 1 or above the number of frames.
    """
    if not 1 <= count <= len(views):
        raise ValueError(f"{count} of {len(views)} frames cannot be chosen.")
    coverage = _Coverage(views, view_weight)
    chain: list[int] = []
    needed = 0
    if min_overlap > 0.0:
        chain = _chain(views, coverage.weights, min_overlap, LAST_PART)
        if len(chain) > count:
            chain = _chain(views, coverage.weights, min_overlap, 0.0)
        needed = len(chain)
    chosen = coverage.extended(chain if needed <= count else [], count)
    chosen = _settled(views, coverage, chosen, min_overlap)
    broken = sum(overlap(views[one], views[other]) < min_overlap for one, other in pairwise(chosen))
    return ExactChoice(tuple(chosen), needed, broken)


def overlap(one: View, later: View) -> float:
    """Return the share of a frame's corners that a later one still shows, 0 to 1."""
    if not len(one.corners):
        return 0.0
    return len(np.intersect1d(one.corners, later.corners, assume_unique=True)) / len(one.corners)


class _Coverage:
    """Worth of a set of frames, and the gain of adding each frame."""

    def __init__(self, views: Sequence[View], view_weight: float) -> None:
        self.weights = _relative_quality([view.quality for view in views])
        self._views = views
        self._likeness = _likeness(views)
        self._demand = view_weight * _change(views)
        self._covered = np.zeros(len(views))
        self._chosen: set[int] = set()
        self._things: dict[int, list[float]] = {}

    def add(self, index: int) -> None:
        """Add a frame to the set."""
        self._chosen.add(index)
        self._cover(index)
        for thing, worth in self._shown(index):
            self._things.setdefault(thing, []).append(worth)

    def remove(self, index: int) -> None:
        """Remove a frame from the set."""
        self._chosen.remove(index)
        self._covered[self._likeness[index][0]] = 0.0
        for other in self._chosen:
            if abs(other - index) <= 2 * FARTHEST:
                self._cover(other)
        for thing, worth in self._shown(index):
            self._things[thing].remove(worth)

    def gain(self, index: int) -> float:
        """Return the worth that a frame adds to the set, at least 0."""
        near, likeness = self._likeness[index]
        more = np.maximum(0.0, likeness * self.weights[index] - self._covered[near])
        new = float(more @ self._demand[near])
        for thing, worth in self._shown(index):
            new += max(0.0, worth - max(self._things.get(thing) or (0.0,)))
        return new

    def extended(self, chosen: Sequence[int], count: int) -> list[int]:
        """Return the set with the best further frames, ``count`` in all, ascending."""
        taken = set(chosen)
        for index in chosen:
            self.add(index)
        # A frame's gain never grows: if the updated gain is still the best, no other frame needs an
        # update (Minoux 1978).
        queue = [
            (-self.gain(index), -self.weights[index], index)
            for index in range(len(self._views))
            if index not in taken
        ]
        heapq.heapify(queue)
        while len(taken) < count:
            index = queue[0][2]
            present = (-self.gain(index), -self.weights[index], index)
            if present > queue[0]:
                heapq.heapreplace(queue, present)
                continue
            heapq.heappop(queue)
            self.add(index)
            taken.add(index)
        return sorted(taken)

    def _cover(self, index: int) -> None:
        near, likeness = self._likeness[index]
        self._covered[near] = np.maximum(self._covered[near], likeness * self.weights[index])

    def _shown(self, index: int) -> list[tuple[int, float]]:
        weight = self.weights[index]
        return [(thing, worth * weight) for thing, worth in self._views[index].things]


def _relative_quality(qualities: Sequence[float]) -> list[float]:
    """Return the squared quality relative to what is good enough nearby."""
    values = np.asarray(qualities, np.float64)
    best = np.array([values[max(0, i - NEARBY) : i + NEARBY + 1].max() for i in range(len(values))])
    share = values / np.maximum(GOOD_SHARE * best, 1e-9)
    return np.square(np.minimum(1.0, share)).tolist()


def _likeness(views: Sequence[View]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return, for each frame, the frames with common corners and the share of both, 0 to 1."""
    pairs: list[dict[int, float]] = [{} for _ in views]
    for index, view in enumerate(views):
        if not len(view.corners):
            continue
        pairs[index][index] = 1.0
        missed = 0
        for other in range(index + 1, min(len(views), index + 1 + FARTHEST)):
            corners = views[other].corners
            common = len(np.intersect1d(view.corners, corners, assume_unique=True))
            if common:
                share = common / (len(view.corners) + len(corners) - common)
                pairs[index][other] = pairs[other][index] = share
            missed = 0 if common else missed + 1
            if missed >= LOST_AFTER:
                break
    return [(np.array(list(own), np.int64), np.array(list(own.values()))) for own in pairs]


def _change(views: Sequence[View]) -> np.ndarray:
    """Return the change of the view with each frame: the share lost from the last one."""
    change = np.full(len(views), LEAST_CHANGE)
    usable = [index for index, view in enumerate(views) if len(view.corners)]
    for before, index in pairwise(usable):
        lost = 1.0 - overlap(views[before], views[index])
        change[index] = min(MOST_CHANGE, max(LEAST_CHANGE, lost))
    return change


def _chain(
    views: Sequence[View], weights: Sequence[float], min_overlap: float, last_part: float
) -> list[int]:
    """Choose few frames from the first to the last, each with enough overlap with the last."""
    usable = [index for index, view in enumerate(views) if len(view.corners)]
    chain: list[int] = []
    place = 0
    while place < len(usable):
        here = usable[place]
        chain.append(here)
        reach = _reach(views, usable, place, min_overlap)
        if reach == len(usable) - 1 and reach > place:
            break
        if reach == place:
            place += 1
            continue
        first = max(place + 1, reach - int(last_part * (reach - place)))
        reached = [
            at
            for at in range(first, reach + 1)
            if overlap(views[here], views[usable[at]]) >= min_overlap
        ]
        place = max(reached, key=lambda at: (weights[usable[at]], at))
    return chain


def _reach(views: Sequence[View], usable: Sequence[int], place: int, min_overlap: float) -> int:
    """Return the place of the last usable frame that shows enough of the one at ``place``."""
    farthest = place
    for at in range(place + 1, len(usable)):
        if overlap(views[usable[place]], views[usable[at]]) >= min_overlap:
            farthest = at
        elif at - farthest >= LOST_AFTER:
            break
    return farthest


def _settled(
    views: Sequence[View], coverage: _Coverage, chosen: list[int], min_overlap: float
) -> list[int]:
    """Move frames between their neighbours to where they add most; return the set."""
    for _ in range(ROUNDS):
        moved = False
        for place, index in enumerate(chosen):
            before = chosen[place - 1] if place else None
            after = chosen[place + 1] if place + 1 < len(chosen) else None
            low = 0 if before is None else before + 1
            high = len(views) if after is None else after
            coverage.remove(index)
            best, most = index, coverage.gain(index)
            wanted = min(min_overlap, _least_overlap(views, before, index, after))
            for other in range(low, high):
                gain = coverage.gain(other)
                if gain > most and _least_overlap(views, before, other, after) >= wanted:
                    best, most = other, gain
            coverage.add(best)
            chosen[place] = best
            moved |= best != index
        if not moved:
            break
    return chosen


def _least_overlap(
    views: Sequence[View], before: int | None, index: int, after: int | None
) -> float:
    """Return the smaller overlap of a frame with its two neighbours."""
    shares = []
    if before is not None:
        shares.append(overlap(views[before], views[index]))
    if after is not None:
        shares.append(overlap(views[index], views[after]))
    return min(shares, default=1.0)
