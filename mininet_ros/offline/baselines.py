"""Baselines for the selector: other ways to choose a given number of frames.

All of them use the same scores. ``parallax``, ``quality`` and ``semantics`` each follow one cue
alone. The last two, and ``sharpest_of_window``, take the best frame of each part of the sequence.
This is far better than the best frames overall, which are close together.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence

import numpy as np

from mininet_ros.offline.evaluation import JudgedFrame, lasting_instances, whole_instances

VETO_SHARE = 0.85
"""Least quality that ``grid_with_veto`` accepts, as a share of the best in the part."""

Chooser = Callable[[Sequence[JudgedFrame], int], list[int]]
"""Function of the frames and the number to choose; returns ascending indices."""


def even_choice(length: int, count: int, place: float = 0.5) -> list[int]:
    """Return evenly spaced indices below ``length``, one in each of ``count`` equal parts.

    Args:
        length: number of indices, at least 1.
        count: number of parts, at least 1; at most ``length`` are made.
        place: place of an index in its part, from 0 (the first) to below 1; the middle as default.
    """
    return [int(part[int(place * len(part))]) for part in _equal_parts(length, count)]


def every_n(frames: Sequence[JudgedFrame], count: int) -> list[int]:
    """Choose evenly spaced frames; see :func:`even_choice`."""
    return even_choice(len(frames), count)


def random_choice(frames: Sequence[JudgedFrame], count: int, seed: int = 0) -> list[int]:
    """Draw frames at random without replacement."""
    generator = np.random.default_rng(seed)
    return sorted(generator.choice(len(frames), min(count, len(frames)), replace=False).tolist())


def parallax(frames: Sequence[JudgedFrame], count: int) -> list[int]:
    """Choose frames evenly spaced by accumulated median flow, as VINS-Mono does."""
    return [int(part[len(part) // 2]) for part in _parts_of_equal_motion(frames, count)]


def quality(frames: Sequence[JudgedFrame], count: int) -> list[int]:
    """Choose the frame of best quality in each of several equally long parts."""
    return _best_of_parts(frames, count, lambda frame: frame.scores.quality)


def semantics(frames: Sequence[JudgedFrame], count: int) -> list[int]:
    """Choose the frame of most content in each of several equally long parts."""
    return _best_of_parts(frames, count, lambda frame: frame.scores.content)


def sharpest_of_window(frames: Sequence[JudgedFrame], count: int) -> list[int]:
    """Choose the sharpest, most central frame of parts of equal motion, like AliceVision."""
    chosen = []
    for part in _parts_of_equal_motion(frames, count):
        centre = (part[0] + part[-1]) / 2.0
        reach = max(1.0, len(part) / 2.0)
        weighted = [
            frames[index].scores.sharpness * (1.0 - 0.5 * abs(index - centre) / reach)
            for index in part
        ]
        chosen.append(int(part[int(np.argmax(weighted))]))
    return chosen


def grid_with_veto(frames: Sequence[JudgedFrame], count: int) -> list[int]:
    """Choose, in each equally long part, the good enough frame that is nearest the middle.

    Good enough means at least 0.85 of the best quality in the part. The frames are evenly spaced
    except where quality forbids it.
    """
    chosen = []
    for part in _equal_parts(len(frames), count):
        floor = VETO_SHARE * max(frames[index].scores.quality for index in part)
        middle = part[len(part) // 2]
        allowed = [index for index in part if frames[index].scores.quality >= floor]
        chosen.append(int(min(allowed, key=lambda index: abs(index - middle))))
    return chosen


def greedy_bound(frames: Sequence[JudgedFrame], count: int) -> list[int]:
    """Choose with ground truth: repeatedly the frame with most instances not yet shown.

    Greedy choice reaches at least 63 % of the best possible coverage (Nemhauser et al. 1978). A
    selector that decides as frames come cannot know as much. Among equal frames, the one that shows
    the new instances largest is chosen.
    """
    lasting = lasting_instances(frames)
    whole = [whole_instances(frame, lasting) for frame in frames]
    reached: set[int] = set()
    chosen: list[int] = []

    def cost(index: int) -> tuple[int, int]:
        new = whole[index] - reached
        pixels = sum(s.pixels for s in frames[index].sightings if s.instance in new)
        return -len(new), -pixels

    # A frame's gain never grows, so frames whose old gain is below the best known one need no
    # update (Minoux 1978).
    queue = [(*cost(index), index) for index in range(len(frames))]
    heapq.heapify(queue)
    while queue and len(chosen) < count:
        index = queue[0][-1]
        present = (*cost(index), index)
        if present != queue[0]:
            heapq.heapreplace(queue, present)
            continue
        heapq.heappop(queue)
        chosen.append(index)
        reached |= whole[index]
    return sorted(chosen)


BASELINES: dict[str, Chooser] = {
    "every_n": every_n,
    "random": random_choice,
    "parallax": parallax,
    "quality": quality,
    "semantics": semantics,
    "sharpest_of_window": sharpest_of_window,
    "greedy_bound": greedy_bound,
}

CHOSEN_BY_QUALITY: dict[str, Chooser] = {
    "sharpest_of_window": sharpest_of_window,
    "grid_with_veto": grid_with_veto,
}
"""Baselines that use pictures but no masks, besides ``every_n``."""


def _equal_parts(length: int, count: int) -> list[np.ndarray]:
    return np.array_split(np.arange(length), min(count, length))


def _parts_of_equal_motion(frames: Sequence[JudgedFrame], count: int) -> list[np.ndarray]:
    """Return non-empty parts in which the view moves as equally far as the frames allow."""
    travelled = np.cumsum([frame.scores.motion for frame in frames])
    if travelled[-1] <= 0.0:
        return _equal_parts(len(frames), count)
    count = min(count, len(frames))
    starts = np.searchsorted(travelled / travelled[-1] * count, np.arange(count), side="left")
    order = np.arange(count)
    # Each part begins at least one frame after the last one and leaves a frame for each later part.
    starts = np.maximum.accumulate(starts - order) + order
    starts = np.minimum(starts, len(frames) - count + order)
    return np.split(np.arange(len(frames)), starts[1:])


def _best_of_parts(
    frames: Sequence[JudgedFrame], count: int, value: Callable[[JudgedFrame], float]
) -> list[int]:
    return [
        int(max(part, key=lambda index: value(frames[index])))
        for part in _equal_parts(len(frames), count)
    ]
