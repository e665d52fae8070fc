"""The offline choice of exactly N frames: as many as asked, spread, overlapping, no poor ones."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from mininet_ros.offline.exact import View, _Coverage, choose_exactly, overlap


def drive(length, step=10, quality=0.4, corners=200):
    """Frames over a row of corners, `step` new ones in each."""
    qualities = np.broadcast_to(quality, length)
    return [
        View(np.arange(step * i, step * i + corners), float(qualities[i])) for i in range(length)
    ]


def worth(views, chosen, view_weight=1.0):
    coverage = _Coverage(views, view_weight)
    total = 0.0
    for index in chosen:
        total += coverage.gain(index)
        coverage.add(index)
    return total


@pytest.mark.parametrize("min_overlap", [0.0, 0.3, 0.9])
def test_every_count_gives_exactly_so_many(min_overlap):
    views = drive(40)
    views[7] = View(np.empty(0, np.int64), 0.0)
    for count in range(1, len(views) + 1):
        chosen = choose_exactly(views, count, min_overlap, 1.0).chosen
        assert len(chosen) == len(set(chosen)) == count
        assert list(chosen) == sorted(chosen) and chosen[0] >= 0 and chosen[-1] < len(views)


@pytest.mark.parametrize("count", [0, 41, -1])
def test_other_counts_are_refused(count):
    with pytest.raises(ValueError, match=f"{count} of 40 frames"):
        choose_exactly(drive(40), count, 0.0, 1.0)


def test_at_even_speed_frames_are_spread():
    steps = np.diff(choose_exactly(drive(100), 10, 0.0, 1.0).chosen)
    assert steps.min() >= 6 and steps.max() <= 14


def test_a_fast_part_gets_more_frames_than_a_slow_one():
    views = drive(50, step=2)
    views += [View(view.corners + 100, view.quality) for view in drive(50, step=40)]
    chosen = np.array(choose_exactly(views, 12, 0.0, 1.0).chosen)
    assert (chosen >= 50).sum() >= 9


def test_neighbours_overlap_wherever_enough_frames_are_asked_for():
    views = drive(100, step=20)
    choice = choose_exactly(views, 30, 0.5, 1.0)
    assert 0 < choice.needed <= 30 and choice.broken == 0
    pairs = pairwise(choice.chosen)
    assert min(overlap(views[one], views[other]) for one, other in pairs) >= 0.5
    few = choose_exactly(views, 5, 0.5, 1.0)
    assert few.needed > 5 and few.broken > 0 and len(few.chosen) == 5


def test_poor_frames_are_left_out():
    generator = np.random.default_rng(0)
    poor = generator.random(120) < 0.3
    views = drive(120, quality=np.where(poor, 0.1, 0.4 + 0.01 * generator.random(120)))
    for min_overlap in (0.0, 0.4):
        assert not poor[list(choose_exactly(views, 20, min_overlap, 1.0).chosen)].any()


def test_a_thing_that_one_frame_shows_is_chosen():
    views = drive(60)
    views[33] = View(views[33].corners, 0.4, ((1, 1.0),))
    views[34] = View(views[34].corners, 0.4, ((1, 0.5),))
    assert 33 in choose_exactly(views, 3, 0.0, 0.1).chosen


def test_greedy_keeps_its_guarantee_on_small_sets():
    generator = np.random.default_rng(3)
    for _ in range(20):
        views = [
            View(
                np.sort(generator.choice(30, generator.integers(1, 12), replace=False)),
                generator.uniform(0.1, 0.5),
                tuple((int(t), generator.random()) for t in generator.choice(4, 2, replace=False)),
            )
            for _ in range(9)
        ]
        best = max(worth(views, chosen) for chosen in combinations(range(9), 3))
        ours = worth(views, choose_exactly(views, 3, 0.0, 1.0).chosen)
        assert ours >= (1 - 1 / np.e) * best - 1e-9
