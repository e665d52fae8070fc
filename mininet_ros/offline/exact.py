"""Choice of an exact number of frames, with the whole recording known.

Frames of poor quality are left out first: those that are clearly worse than frames shortly before
and shortly after. Two sets of the remaining frames are then compared. One grows greedily by what
each frame adds to the views and things that the set shows; see :mod:`mininet_ros.offline.coverage`.
The other is a chain of frames at even distances along the way, each of which overlaps with the
next; see :mod:`mininet_ros.offline.spacing`. Matching needs the chain, so that it is taken unless
the greedy set shows clearly more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from mininet_ros.offline.coverage import Coverage, View, change_of_view, overlap
from mininet_ros.offline.spacing import even_chain

GOOD_SHARE = 0.85
"""Share of the quality nearby below which a frame is left out, and above which all are equal."""

NEARBY = 10  # frames before and after that are compared, at least
SHORT = 5  # most frames at an end of the recording that count as a burst, not as another light
POOR = 100.0  # cost of a wholly poor frame in a chain, in squared mean gaps
CLEARLY_MORE = 1.05
"""Ratio of the worths of the greedy set and the chain above which the former is taken.

With target things it is 1.
"""


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
    nearby = max(NEARBY, len(views) // count)
    share = relative_quality([view.quality for view in views], nearby)
    allowed = _allowed(share, count)
    weights = np.minimum(1.0, share / GOOD_SHARE)
    change = change_of_view(views)
    coverage = Coverage(views, weights, change, view_weight)
    # Poor frames, where they are needed at all, come last.
    bonuses = [POOR * (weights - 1.0)]
    things = any(view.things for view in views)
    if things:
        bonuses.append(bonuses[0] + _bonus(views, weights, count, view_weight))
    chains = [even_chain(views, allowed, change, count, min_overlap, each) for each in bonuses]
    best = max(chains, key=lambda chain: coverage.worth(chain.frames))
    chosen = list(best.frames)
    greedy = coverage.greedy(count, allowed)
    keeps_overlap = _broken(views, greedy, min_overlap) <= _broken(views, chosen, min_overlap)
    more = 1.0 if things else CLEARLY_MORE
    if keeps_overlap and coverage.worth(greedy) > more * coverage.worth(chosen):
        chosen = greedy
    return ExactChoice(tuple(chosen), best.needed, _broken(views, chosen, min_overlap))


def relative_quality(qualities: Sequence[float], nearby: int) -> np.ndarray:
    """Return each frame's quality as a share of what both the past and the future offer, 0 to 1.

    A frame counts as poor only if frames before it and frames after it are better: a lasting change
    of the light is no reason to leave out what comes after it.

    Args:
        qualities: quality of each frame, at least 0.
        nearby: number of frames before and after that are compared.
    """
    values = np.asarray(qualities, np.float64)
    first = _poor_run(values[: nearby + 1])
    last = len(values) - _poor_run(values[::-1][: nearby + 1])
    share = np.empty(len(values))
    for index, value in enumerate(values):
        before = values[max(0, index - nearby) : index + 1].max()
        after = values[index : index + nearby + 1].max()
        at_an_end = index < first or index >= last
        usual = max(before, after) if at_an_end else min(before, after)
        share[index] = value / usual if usual > 0.0 else 0.0
    return share


def _poor_run(values: np.ndarray) -> int:
    """Return the length of a short run of poor frames that a recording begins with."""
    good = values >= GOOD_SHARE * values.max()
    run = int(good.argmax())
    return run if run <= SHORT else 0


def _allowed(share: np.ndarray, count: int) -> list[int]:
    """Return the frames of good quality, and the best of the others where they are too few."""
    least = min(GOOD_SHARE, float(np.sort(share)[-count]))
    return np.flatnonzero(share >= least).tolist()


def _bonus(
    views: Sequence[View], weights: np.ndarray, count: int, view_weight: float
) -> np.ndarray:
    """Return what the things in each frame are worth to a chain, in squared mean gaps.

    A thing that is in view for several gaps of the chain is shared among its frames.
    """
    lasts: dict[int, int] = {}
    for view in views:
        for thing, _ in view.things:
            lasts[thing] = lasts.get(thing, 0) + 1
    frames_a_gap = len(views) / count
    worth = [
        sum(worth / max(1.0, lasts[thing] / frames_a_gap) for thing, worth in view.things)
        for view in views
    ]
    return np.asarray(worth) * weights / max(view_weight, 1e-9)


def _broken(views: Sequence[View], chosen: Sequence[int], min_overlap: float) -> int:
    return sum(overlap(views[one], views[other]) < min_overlap for one, other in pairwise(chosen))
