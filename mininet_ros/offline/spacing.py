"""An evenly spaced chain of frames, in which each frame overlaps with the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mininet_ros.offline.coverage import LOST_AFTER, View, overlap

LONGEST = 4.0  # longest gap between two frames of the chain, in mean gaps
# Parts of the way, of which one candidate frame each is enough: at least so many, and so many for
# each frame of the chain.
LEAST_PARTS = 4000
PARTS_A_FRAME = 4


@dataclass(frozen=True)
class Chain:
    """A chain of frames.

    Attributes:
        frames: indices, ascending.
        needed: number of frames that the shortest chain with enough overlap needs; 0 where no
            overlap is asked for.
    """

    frames: tuple[int, ...]
    needed: int


def even_chain(
    views: Sequence[View],
    allowed: Sequence[int],
    change: np.ndarray,
    count: int,
    min_overlap: float,
    bonus: np.ndarray,
) -> Chain:
    """Choose frames at even distances along the way of the view.

    The sum of the squared gaps is least among all chains (found by dynamic programming). Where
    ``count`` allows it, each frame shows ``min_overlap`` of the corners of the one before it.
    Neighbouring allowed frames may break this rule, because no frame lies between them.

    Args:
        views: contents of all frames.
        allowed: indices of the frames to choose from, ascending, at least ``count``.
        change: (N,) change of the view with each frame, at least 0.
        count: number of frames to choose.
        min_overlap: share of corners, 0 to 1; 0 asks for none.
        bonus: (N,) what each frame is worth besides, in squared mean gaps.
    """
    way = np.cumsum(change) - change / 2.0 + 1e-9 * np.arange(len(views))
    end = float(change.sum()) + 1e-9 * len(views)
    place = count * way / end
    candidates = _thinned(allowed, place, bonus, [view.quality for view in views], count)
    links, needed = None, 0
    if min_overlap > 0.0:
        links = _links(views, candidates, min_overlap)
        needed = _shortest(links)
    usable = links if needed <= count else None
    chain = _least_squares(place[candidates], count, bonus[candidates], usable)
    if chain is None:
        chain = _least_squares(place[candidates], count, bonus[candidates], None)
    if chain is None:
        raise ValueError(f"{len(candidates)} candidates are too few for {count} frames")
    return Chain(tuple(int(candidates[at]) for at in chain), needed)


def _thinned(
    allowed: Sequence[int],
    place: np.ndarray,
    bonus: np.ndarray,
    quality: Sequence[float],
    count: int,
) -> np.ndarray:
    """Return the best frame of each part of the way; all frames where too few would remain."""
    best: dict[int, int] = {}
    parts = max(LEAST_PARTS, PARTS_A_FRAME * count)
    for index in allowed:
        part = int(parts * place[index] / count)
        if part not in best or (bonus[index], quality[index]) > (
            bonus[best[part]],
            quality[best[part]],
        ):
            best[part] = index
    if len(best) < 2 * count:
        return np.asarray(allowed, np.int64)
    return np.array(sorted(best.values()), np.int64)


def _links(views: Sequence[View], candidates: np.ndarray, min_overlap: float) -> list[np.ndarray]:
    """Return, for each candidate, the later ones that show enough of it."""
    links = []
    for at, index in enumerate(candidates):
        reached = [at + 1] if at + 1 < len(candidates) else []
        missed = 0
        for other in range(at + 2, len(candidates)):
            enough = overlap(views[index], views[candidates[other]]) >= min_overlap
            if enough:
                reached.append(other)
            missed = 0 if enough else missed + 1
            if missed >= LOST_AFTER:
                break
        links.append(np.array(reached, np.int64))
    return links


def _shortest(links: Sequence[np.ndarray]) -> int:
    """Return the least number of frames in a chain that shows the first and the last candidate."""
    last = len(links) - 1
    frames = np.full(len(links), len(links), np.int64)
    frames[0] = 1
    frames[links[0]] = 1
    for at, reached in enumerate(links):
        if len(reached):
            frames[reached] = np.minimum(frames[reached], frames[at] + 1)
    ends = [at for at, reached in enumerate(links) if at == last or last in reached]
    return int(frames[ends].min())


def _least_squares(
    place: np.ndarray, count: int, bonus: np.ndarray, links: Sequence[np.ndarray] | None
) -> list[int] | None:
    """Return the chain with the least sum of squared gaps less the bonus; None without one.

    Args:
        place: (M,) places of the candidates on the way, ascending, in mean gaps: 0 to ``count``.
        count: number of frames in the chain.
        bonus: (M,) worth of each candidate in squared mean gaps.
        links: later candidates that may follow each one; None allows all.
    """
    most = len(place)
    # The gap before the first frame counts twice: only one side of it is covered.
    cost = 2.0 * place**2 - bonus
    came_from = np.zeros((count, most), np.int32)
    sources, targets = _pairs(place, count, links)
    squares = (place[targets] - place[sources]) ** 2
    starts = np.flatnonzero(np.diff(targets, prepend=-1))
    for step in range(1, count):
        costs = cost[sources] + squares
        cost = np.full(most, np.inf)
        least = np.minimum.reduceat(costs, starts) if len(starts) else np.empty(0)
        for_target = targets[starts]
        cost[for_target] = least - bonus[for_target]
        # The first source of each target that reaches the least cost.
        first = np.flatnonzero(costs <= np.repeat(least, np.diff([*starts, len(targets)])))
        came_from[step, targets[first][::-1]] = sources[first][::-1]
    cost = cost + 2.0 * (count - place) ** 2
    at = int(np.argmin(cost))
    if not np.isfinite(cost[at]):
        return None
    chain = [at]
    for step in range(count - 1, 0, -1):
        chain.append(int(came_from[step, chain[-1]]))
    return chain[::-1]


def _pairs(
    place: np.ndarray, count: int, links: Sequence[np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the candidates of all gaps that may occur, sorted by the later one."""
    most = len(place)
    if links is None:
        # Far enough in number too, so that there is a chain over places that are equal.
        far = np.searchsorted(place, place + LONGEST, side="right")
        far = np.maximum(far, np.arange(most) + 1 + 2 * -(-most // count))
        links = [np.arange(at + 1, min(most, far[at])) for at in range(most)]
    sources = np.repeat(np.arange(most), [len(reached) for reached in links])
    targets = np.concatenate([*links, np.empty(0, np.int64)]).astype(np.int64)
    order = np.lexsort((sources, targets))
    return sources[order], targets[order]
