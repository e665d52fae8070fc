"""Mode window with ``keyframe_rate_hz``: a mean rate of keyframes, spent where most is offered."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from selector_frames import WINDOW, forwarded, frame, offer, reasons

from mininet_ros.keyframes import ConfigError, FrameScores, KeyframeSelector, Reason, SelectorConfig

HZ = 10
PACED = replace(
    WINDOW, keyframe_rate_hz=0.5, min_gap_s=0.0, max_gap_s=0.0, min_overlap=0.0, base_content=0.1
)
GAP = round(HZ / PACED.keyframe_rate_hz)  # frames
MINUTE = 60 * HZ


def chosen(frames: list[FrameScores], config: SelectorConfig = PACED) -> list[int]:
    selector = KeyframeSelector(config)
    decisions = [decision for scores in frames for decision in offer(selector, scores)]
    decisions += selector.finish()
    assert len(decisions) == len(frames)
    return forwarded(decisions)


@pytest.mark.parametrize("seed", range(5))
def test_the_rate_is_kept_whatever_is_offered(seed: int) -> None:
    contents = np.random.default_rng(seed).exponential(1.0, 3 * MINUTE) ** 3
    taken = chosen([frame(i, content=float(c)) for i, c in enumerate(contents)])
    assert len(taken) == pytest.approx(3 * MINUTE / GAP, abs=2)


def test_where_all_is_the_same_the_keyframes_are_evenly_spaced() -> None:
    taken = chosen([frame(i, content=1.0) for i in range(MINUTE)])
    assert len(taken) == pytest.approx(MINUTE / GAP, abs=1)
    assert {later - one for one, later in pairwise(taken[1:])} <= {GAP - 1, GAP, GAP + 1}


def test_what_is_thin_is_seen_too() -> None:
    dense = [frame(i, content=5.0 + 0.01 * (i % 7)) for i in range(MINUTE // 3)]
    thin = [frame(i, content=0.2 + 0.001 * (i % 7)) for i in range(MINUTE // 3, MINUTE)]
    taken = chosen(dense + thin)
    ends = [0, *taken, MINUTE - 1]
    assert max(later - one for one, later in pairwise(ends)) <= 4 * GAP


def test_the_windows_that_offer_most_get_the_keyframes() -> None:
    window = GAP // 2
    good = {i for i in range(MINUTE) if i // window % 2 and i % window == window // 2}
    taken = chosen([frame(i, content=3.0 if i in good else 0.1) for i in range(MINUTE)])
    # The first keyframe comes at once: nothing was offered before.
    assert len(set(taken[1:]) & good) >= len(taken[1:]) - 1


def test_a_frame_that_is_not_worth_it_is_told_what_is_asked_for() -> None:
    selector = KeyframeSelector(PACED)
    offered = [frame(i, content=5.0 - 0.01 * i) for i in range(GAP)]
    decisions = [decision for scores in offered for decision in offer(selector, scores)]
    late = [d for d in decisions + selector.finish() if d.reason is Reason.BELOW_GATE]
    assert any("is asked for at present" in decision.sentence for decision in late)


def test_a_keyframe_for_another_reason_costs_one_too() -> None:
    forced = replace(PACED, max_gap_s=1.0)
    frames = [frame(i, content=1.0) for i in range(MINUTE)]
    selector = KeyframeSelector(forced)
    decisions = [decision for scores in frames for decision in offer(selector, scores)]
    why = list(reasons([d for d in decisions if d.forwarded]).values())
    assert why.count(Reason.MAX_GAP) > 10 * why.count(Reason.BEST_OF_WINDOW)


def test_no_credit_is_saved_at_rest() -> None:
    moving = [frame(i, content=1.0) for i in range(MINUTE)]
    way = moving[-1].travelled
    resting = [frame(i, travelled=way) for i in range(MINUTE, 2 * MINUTE)]
    going_on = [
        frame(i, content=1.0, travelled=way + 0.02 * (i - 2 * MINUTE))
        for i in range(2 * MINUTE, 3 * MINUTE)
    ]
    taken = chosen(moving + resting + going_on)
    assert len(taken) == pytest.approx(2 * MINUTE / GAP, abs=2)
    assert sum(index >= 2 * MINUTE for index in taken) <= MINUTE / GAP + 1


def test_a_rate_and_a_distance_contradict_each_other() -> None:
    with pytest.raises(ConfigError, match="keyframe_rate_hz needs window_start 0"):
        replace(PACED, window_start=0.5)
    assert replace(PACED, window_time_s=0.0).keyframe_rate_hz == 0.5
