"""The selector in mode request and in mode gate."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from selector_frames import (
    GATE,
    REQUEST,
    SECOND,
    START,
    STEP,
    WINDOW,
    forwarded,
    frame,
    index_of,
    offer,
    reasons,
)

from mininet_ros.keyframes import FrameScores, KeyframeSelector, Mode, Reason, SelectorConfig
from mininet_ros.keyframes.selection.requests import MAX_REQUESTS


def still(index: int, quality: float = 0.4) -> FrameScores:
    """A frame of a camera that hardly moves."""
    return frame(index, quality, travelled=0.0)


# -- request -----------------------------------------------------------------------------------


def test_a_request_is_answered_by_the_best_frame_near_it() -> None:
    selector = KeyframeSelector(REQUEST)
    decisions = []
    for index in range(10):
        quality = 0.7 if index == 4 else 0.9 if index == 1 else 0.3
        decisions += offer(selector, still(index, quality))
    assert decisions == []
    assert forwarded(selector.request(START + 6 * STEP)) == [4]
    (best,) = (d for d in selector.request(START + 8 * STEP) if d.forwarded)
    assert best.reason is Reason.BEST_FOR_REQUEST
    assert (index_of(best), best.request_ns) == (8, START + 8 * STEP)
    assert "0.000 s from it" in best.sentence


def test_a_request_for_a_bad_frame_waits_for_a_better_one_nearby() -> None:
    selector = KeyframeSelector(REQUEST)
    for index in range(9):
        offer(selector, frame(index, 0.6))
    offer(selector, frame(9, 0.1))
    assert selector.request(START + 9 * STEP) == []
    assert forwarded(offer(selector, frame(10, 0.58, travelled=0.185))) == [10]


def test_a_better_frame_of_another_view_is_no_answer() -> None:
    selector = KeyframeSelector(REQUEST)
    for index in range(10):
        offer(selector, frame(index, 0.4 if index == 9 else 0.44))
    assert forwarded(selector.request(START + 9 * STEP)) == [9]


def test_an_answer_keeps_the_least_overlap_with_the_requested_frame() -> None:
    selector = KeyframeSelector(replace(REQUEST, min_overlap=0.99))
    for index, quality in enumerate((0.9, 0.1, 0.1)):
        offer(selector, frame(index, quality, travelled=0.011 * index))
    decisions = selector.request(START + STEP) + selector.finish()
    assert forwarded(decisions) == [1]


def test_a_requested_frame_may_lie_below_the_floors() -> None:
    selector = KeyframeSelector(replace(REQUEST, quality_floor=0.5))
    offer(selector, frame(0, 0.01))
    assert forwarded(selector.request(START)) == [0]


def test_requests_that_cannot_be_answered_are_counted_with_the_reason() -> None:
    selector = KeyframeSelector(REQUEST)
    for index in range(10):
        offer(selector, frame(index, 0.9 if index == 5 else 0.3))
    assert forwarded(selector.request(START + 5 * STEP)) == [5]
    for index, request, words in (
        (1, START + 5 * STEP, "The request for 100.500 s has no answer: the same request came"),
        (2, START + 2 * STEP, "the frame at 100.500 s was forwarded already"),
    ):
        assert selector.request(request) == []
        assert selector.statistics().unanswered == index
        assert words in selector.statistics().last_unanswered
    fresh = KeyframeSelector(REQUEST)
    offer(fresh, frame(0))
    assert fresh.request(START - 60 * SECOND) == []
    assert "no frame near it is at hand" in fresh.statistics().last_unanswered


def test_waiting_requests_are_bounded() -> None:
    selector = KeyframeSelector(REQUEST)
    for index in range(MAX_REQUESTS + 3):
        selector.request(START + index * SECOND)
    statistics = selector.statistics()
    assert (statistics.requests, statistics.unanswered) == (MAX_REQUESTS + 3, 3)
    assert f"more than {MAX_REQUESTS} requests wait" in statistics.last_unanswered


def test_frames_that_nobody_asks_for_are_let_go() -> None:
    selector = KeyframeSelector(REQUEST)
    decisions = []
    for index in range(40):
        decisions += offer(selector, frame(index))
        assert selector.statistics().waiting <= 14
    assert set(reasons(decisions).values()) == {Reason.NOT_REQUESTED}
    assert "No request came for it within 1.300 s." in decisions[0].sentence


def test_without_requests_the_longest_gap_still_holds() -> None:
    selector = KeyframeSelector(replace(REQUEST, max_gap_s=2.0))
    decisions = [d for index in range(65) for d in offer(selector, frame(index))]
    chosen = forwarded(decisions)
    assert len(chosen) >= 3
    assert all(later - earlier <= 20 for earlier, later in pairwise(chosen))


def test_a_request_in_another_mode_is_refused_with_the_mode() -> None:
    selector = KeyframeSelector(WINDOW)
    assert selector.request(START) == []
    assert selector.statistics().last_unanswered.endswith("the selector runs in mode window.")


# -- gate --------------------------------------------------------------------------------------


def test_the_gate_decides_at_once() -> None:
    selector = KeyframeSelector(GATE)
    for index in range(60):
        decisions = offer(selector, frame(index, 0.3 + 0.01 * (index * 7 % 13)))
        assert [index_of(decision) for decision in decisions] == [index]
    assert selector.statistics().waiting == 0


def test_the_gate_passes_what_stands_out_and_relaxes_with_time() -> None:
    selector = KeyframeSelector(GATE)
    qualities = [0.5, *[0.3 + 0.001 * (i % 5) for i in range(11)], 0.8]
    decisions = [
        d for i, quality in enumerate(qualities) for d in offer(selector, frame(i, quality))
    ]
    assert forwarded(decisions)[0] == 0
    assert 12 in forwarded(decisions)
    assert reasons(decisions)[1] is Reason.MIN_GAP
    assert Reason.BELOW_GATE in reasons(decisions).values()


def test_the_gate_keeps_to_the_longest_gap() -> None:
    selector = KeyframeSelector(replace(GATE, quality_floor=0.9))
    decisions = [d for index in range(100) for d in offer(selector, frame(index, 0.3))]
    chosen = forwarded(decisions)
    assert chosen == [30, 60, 90]
    assert all(reasons(decisions)[index] is Reason.MAX_GAP for index in chosen)


def test_a_gate_that_is_wide_open_passes_every_frame() -> None:
    config = SelectorConfig(mode=Mode.GATE, gate_share=1.0, min_gap_s=0.0, max_gap_s=0.0)
    selector = KeyframeSelector(config)
    decisions = [d for i in range(20) for d in offer(selector, frame(i, 0.9 - 0.02 * i))]
    assert forwarded(decisions) == list(range(20))
