"""The offline choice of exactly N frames: as many as asked, spread, overlapping, no poor ones."""

from __future__ import annotations

from itertools import combinations, pairwise

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes import FrameScores
from mininet_ros.offline.coverage import Coverage, View, change_of_view, overlap
from mininet_ros.offline.evaluation import JudgedFrame
from mininet_ros.offline.exact import GOOD_SHARE, choose_exactly, relative_quality
from mininet_ros.offline.truth import Sighting
from mininet_ros.offline.views import ViewCollector
from mininet_ros.sequences import Frame, LabelledFrame


def drive(length, step=10, quality=0.4, corners=200):
    """Frames over a row of corners, `step` new ones in each."""
    qualities = np.broadcast_to(quality, length)
    return [
        View(np.arange(step * i, step * i + corners), float(qualities[i])) for i in range(length)
    ]


def worth(views, chosen, view_weight=1.0):
    share = relative_quality([view.quality for view in views], len(views))
    weights = np.minimum(1.0, share / GOOD_SHARE)
    return Coverage(views, weights, change_of_view(views), view_weight).worth(chosen)


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
                generator.uniform(0.9, 1.0),
                tuple((int(t), generator.random()) for t in generator.choice(4, 2, replace=False)),
            )
            for _ in range(9)
        ]
        best = max(worth(views, chosen) for chosen in combinations(range(9), 3))
        ours = worth(views, choose_exactly(views, 3, 0.0, 1.0).chosen)
        assert ours >= (1 - 1 / np.e) * best - 1e-9


def test_noise_in_the_quality_does_not_move_frames_from_their_even_places():
    generator = np.random.default_rng(1)
    views = drive(150, quality=1.0 + 0.05 * generator.standard_normal(150))
    for min_overlap in (0.0, 0.4):
        gaps = np.diff(choose_exactly(views, 15, min_overlap, 1.0).chosen)
        assert gaps.min() >= 9 and gaps.max() <= 11


def test_a_robot_that_stands_gets_hardly_a_frame():
    views = drive(60)
    last = views[-1]
    views += [View(last.corners, 0.4) for _ in range(200)]
    views += [View(view.corners + 600, 0.4) for view in drive(60)]
    chosen = np.array(choose_exactly(views, 20, 0.4, 1.0).chosen)
    assert ((chosen > 59) & (chosen < 260)).sum() <= 2


def test_a_lasting_change_of_light_is_no_reason_to_leave_frames_out():
    quality = np.r_[np.full(60, 1.0), np.full(60, 0.5), np.full(60, 1.0)]
    quality[90:94] = 0.2
    share = relative_quality(quality.tolist(), 10)
    assert (share[:90] == 1.0).all() and (share[94:] == 1.0).all()
    assert (share[90:94] == 0.4).all()
    first = relative_quality([0.2, 0.2, *[1.0] * 30], 10)
    assert (first[:2] == 0.2).all()
    evening = relative_quality([*[1.0] * 30, *[0.5] * 8], 10)
    assert (evening[30:] == 1.0).all()


def test_poor_frames_come_in_where_more_are_asked_for_than_there_are_good_ones():
    views = drive(30, quality=np.where(np.arange(30) % 3 == 1, 0.1, 1.0))
    chosen = choose_exactly(views, 22, 0.0, 1.0).chosen
    assert sum(index % 3 == 1 for index in chosen) == 2


def test_a_cut_does_not_break_the_chain_elsewhere():
    views = drive(50, step=20)
    views += [View(view.corners + 10_000, view.quality) for view in drive(50, step=20)]
    choice = choose_exactly(views, 30, 0.5, 1.0)
    assert choice.broken == 1 and choice.needed <= 30
    assert {49, 50} <= set(choice.chosen)


def test_a_thing_of_more_weight_is_preferred():
    views = drive(60)
    views[20] = View(views[20].corners, 0.4, ((1, 0.3),))
    views[23] = View(views[23].corners, 0.4, ((2, 3.0),))
    chosen = choose_exactly(views, 3, 0.0, 1.0).chosen
    assert 23 in chosen and 20 not in chosen


def test_of_two_frames_that_show_the_same_the_one_that_cuts_nothing_is_chosen():
    generator = np.random.default_rng(2)
    picture = cv2.resize(generator.integers(0, 256, (30, 40, 3), np.uint8), (320, 240))
    collector, judged = ViewCollector(), []
    for index in range(12):
        collector.add(LabelledFrame(Frame(picture, index + 1, f"{index}"), None, None))
        seen = [Sighting(1, 500, False)]
        if index != 8:
            seen.append(Sighting(2, 40, True))
        judged.append(
            JudgedFrame(FrameScores(stamp_ns=index, width=320, height=240), tuple(seen), 1)
        )
    assert choose_exactly(collector.views(judged), 1, 0.0, 0.01).chosen == (8,)
