"""The selector, case by case: windows, gaps, floors, faulty stamps, and what it says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selector_frames import (
    GATE,
    REQUEST,
    START,
    STEP,
    WINDOW,
    forwarded,
    frame,
    index_of,
    offer,
    reasons,
)

from mininet_ros.keyframes import (
    ConfigError,
    KeyframeSelector,
    Mode,
    Reason,
    SelectorConfig,
)
from mininet_ros.keyframes.selection.waiting import BYTES_A_PIXEL

# -- window ------------------------------------------------------------------------------------


def test_the_best_frame_of_a_window_is_forwarded_when_it_closes() -> None:
    selector = KeyframeSelector(WINDOW)
    decisions = []
    for index in range(10):
        decisions += offer(selector, frame(index, 0.9 if index == 4 else 0.4))
        assert forwarded(decisions) == []
    # Only the best and the newest wait: no other can be forwarded any more.
    assert selector.statistics().waiting == 2
    decisions += offer(selector, frame(10))
    assert forwarded(decisions) == [4]
    best = next(decision for decision in decisions if decision.forwarded)
    assert best.reason is Reason.BEST_OF_WINDOW
    assert best.sentence.startswith("Best picture after 0.400 s and a motion of 8.0 %")
    assert best.worth == pytest.approx(0.9 * WINDOW.base_content)
    assert reasons(decisions)[3] is Reason.NOT_BEST


def test_content_outweighs_quality_as_base_content_says() -> None:
    frames = [frame(0, 0.5), frame(1, 0.4, content=0.01), *(frame(i, 0.3) for i in range(2, 11))]
    for base_content, expected in ((0.01, 1), (1.0, 0)):
        selector = KeyframeSelector(replace(WINDOW, base_content=base_content))
        decisions = [decision for scores in frames for decision in offer(selector, scores)]
        assert forwarded(decisions) == [expected]


def test_accumulated_motion_closes_a_window() -> None:
    config = SelectorConfig(window_motion=0.05, window_time_s=0.0, min_gap_s=0.0)
    selector = KeyframeSelector(config)
    closed = [i for i in range(20) if forwarded(offer(selector, frame(i, travelled=0.0091 * i)))]
    assert closed == [6, 12, 18]


def test_frames_below_a_floor_are_dropped_with_the_floor_as_reason() -> None:
    config = replace(
        WINDOW, quality_floor=0.5, content_floor=0.001, parallax_floor=0.01, max_gap_s=0.0
    )
    selector = KeyframeSelector(config)
    frames = [
        frame(0, 0.1, content=0.1),
        frame(1, content=0.0),
        frame(2, content=0.1, parallax=0.005),
        frame(10, content=0.0005),
    ]
    decisions = [decision for scores in frames for decision in offer(selector, scores)]
    decisions += selector.finish()
    assert reasons(decisions) == {
        0: Reason.BELOW_QUALITY,
        1: Reason.BELOW_CONTENT,
        2: Reason.BELOW_PARALLAX,
        10: Reason.BELOW_CONTENT,
    }
    assert decisions[0].sentence == "Relative quality 0.25 is below the floor 0.5."


def test_a_mapper_gets_a_frame_even_in_the_dark() -> None:
    selector = KeyframeSelector(replace(WINDOW, max_gap_s=3.0))
    decisions = []
    for index in range(65):
        decisions += offer(selector, frame(index, 0.05 if index == 17 else 0.02))
    chosen = [decision for decision in decisions if decision.forwarded]
    assert {decision.reason for decision in chosen} == {Reason.MAX_GAP}
    assert index_of(chosen[0]) == 17
    assert index_of(chosen[1]) <= 17 + 30
    assert "No frame was forwarded for 3.000 s" in chosen[0].sentence


def test_at_the_longest_gap_a_frame_above_the_floors_is_preferred() -> None:
    config = SelectorConfig(window_time_s=0.0, window_motion=1.0, max_gap_s=1.0, quality_floor=0.5)
    selector = KeyframeSelector(config)
    frames = [frame(i, 0.09, content=0.5) for i in range(12)]
    frames[5] = frame(5, 0.2)
    decisions = [decision for scores in frames for decision in offer(selector, scores)]
    assert forwarded(decisions) == [5]


def test_bursts_are_stopped_by_the_least_gap() -> None:
    config = SelectorConfig(window_motion=0.001, window_time_s=0.0, min_gap_s=0.5)
    selector = KeyframeSelector(config)
    decisions = []
    for index in range(12):
        decisions += offer(selector, frame(index))
    assert forwarded(decisions) == [0, 5, 10]
    assert reasons(decisions)[3] is Reason.MIN_GAP


def test_a_pause_closes_the_window_and_the_next_frame_is_not_kept_waiting() -> None:
    selector = KeyframeSelector(replace(WINDOW, max_gap_s=5.0))
    offer(selector, frame(0))
    offer(selector, frame(1, 0.8))
    decisions = offer(selector, frame(31))
    assert forwarded(decisions) == [1]
    decisions = offer(selector, frame(100))
    assert forwarded(decisions) == [31, 100]
    assert reasons(decisions)[100] is Reason.MAX_GAP


def test_a_tick_makes_the_same_decisions_earlier() -> None:
    ticked, plain = KeyframeSelector(WINDOW), KeyframeSelector(WINDOW)
    early, late = [], []
    for index in [0, 1, 2, 40, 41, 42, 43]:
        for selector, decisions in ((ticked, early), (plain, late)):
            decisions += offer(selector, frame(index, 0.4 + 0.01 * (index % 7)))
        early += ticked.tick(START + index * STEP + 19 * STEP)
        if index == 2:
            assert forwarded(early) == []
            early += ticked.tick(START + 23 * STEP)
            assert forwarded(early) == [2]
    assert forwarded(early + ticked.finish()) == forwarded(late + plain.finish()) == [2, 41]


def test_another_image_size_closes_the_window() -> None:
    selector = KeyframeSelector(WINDOW)
    offer(selector, frame(0))
    offer(selector, frame(1, 0.8))
    assert forwarded(offer(selector, frame(2, width=320, height=240))) == [1]


def test_a_frame_of_another_size_is_not_at_rest() -> None:
    # Motion is measured anew in each size, so it says nothing about frames of another one.
    selector, decisions = KeyframeSelector(WINDOW), []
    sizes = [(640, 480), (320, 240), (640, 480), (320, 240)]
    for index in range(60):
        width, height = sizes[index // 15]
        decisions += offer(selector, frame(index, width=width, height=height, travelled=0.0))
    taken = forwarded(decisions + selector.finish())
    assert [index // 15 for index in taken] == [0, 1, 2, 3]


def test_waiting_frames_are_bounded_in_bytes_and_the_bound_is_reported() -> None:
    eight = 8 * 640 * 480 * BYTES_A_PIXEL
    selector = KeyframeSelector(replace(REQUEST, max_waiting_bytes=eight, request_latency_s=60.0))
    decisions = []
    for index in range(30):
        decisions += offer(selector, frame(index))
        assert selector.statistics().waiting <= 8
    assert reasons(decisions) == dict.fromkeys(range(22), Reason.ROOM_FULL)
    assert decisions[0].sentence == f"{eight} bytes of frames wait; this one is the oldest."


# -- faulty input ------------------------------------------------------------------------------


def test_repeated_late_and_unset_stamps_are_dropped_and_named() -> None:
    selector = KeyframeSelector(WINDOW)
    offer(selector, frame(0))
    offer(selector, frame(3))
    for stamp, reason, words in (
        (START + 3 * STEP, Reason.REPEATED_STAMP, "came just before"),
        (START, Reason.OUT_OF_ORDER, "0.300 s newer"),
        (0, Reason.UNSET_STAMP, "stamp is zero"),
    ):
        (decision,) = offer(selector, frame(0, stamp_ns=stamp))
        assert (decision.reason, decision.forwarded) == (reason, False)
        assert words in decision.sentence
        assert selector.refuse(stamp).reason is reason
    assert selector.refuse(START + 4 * STEP) is None
    assert selector.statistics().restarts == 0


def test_a_sequence_may_start_at_zero() -> None:
    selector = KeyframeSelector(WINDOW)
    decisions = [d for i in range(12) for d in offer(selector, frame(i, stamp_ns=i * STEP))]
    assert len(forwarded(decisions)) == 1
    assert Reason.UNSET_STAMP not in reasons(decisions).values()


def test_a_stream_of_zero_stamps_forwards_one_frame_at_most() -> None:
    selector = KeyframeSelector(GATE)
    decisions = [d for _ in range(20) for d in offer(selector, frame(0, stamp_ns=0))]
    assert len(forwarded(decisions)) == 1


@pytest.mark.parametrize("config", [WINDOW, REQUEST, GATE], ids=lambda config: config.mode.value)
def test_a_jump_back_in_time_starts_afresh(config: SelectorConfig) -> None:
    fresh, looped = KeyframeSelector(config), KeyframeSelector(config)
    for index in range(200, 225):
        offer(looped, frame(index, 0.9, motion=3.0))
    looped.request(START + 240 * STEP)
    frames = [frame(index, 0.3 + 0.01 * (index % 9), motion=3.0) for index in range(40)]
    expected = [forwarded(offer(fresh, scores)) for scores in frames]
    first = offer(looped, frames[0])
    assert all(
        decision.reason is Reason.TIME_JUMPED for decision in first if index_of(decision) >= 200
    )
    got = [[i for i in forwarded(first) if i < 200]]
    got += [forwarded(offer(looped, scores)) for scores in frames[1:]]
    assert got == expected
    assert looped.statistics().restarts == 1
    assert looped.statistics().unanswered == 1


def test_the_end_of_the_stream_decides_on_every_frame() -> None:
    selector = KeyframeSelector(replace(WINDOW, max_gap_s=2.0))
    decisions = []
    for index in range(14):
        decisions += offer(selector, frame(index))
    decisions += selector.finish()
    assert sorted(index_of(decision) for decision in decisions) == list(range(14))
    assert selector.statistics().waiting == 0
    assert selector.finish() == []


def test_settings_change_in_mid_stream() -> None:
    selector = KeyframeSelector(WINDOW)
    offer(selector, frame(0, 0.5))
    assert selector.configure(replace(WINDOW, quality_floor=1.0)) == []
    assert forwarded(offer(selector, frame(10, 0.35)) + selector.finish()) == [0]
    offer(selector, frame(20, 0.7))
    assert forwarded(selector.configure(replace(GATE, quality_floor=0.0))) == [20]
    assert selector.config.mode is Mode.GATE
    assert forwarded(offer(selector, frame(25))) == [25]


# -- settings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "best"}, "mode is one of window, request, gate, not 'best'"),
        ({"min_gap_s": -1.0}, "min_gap_s is from 0.0 to 3600.0, not -1.0"),
        ({"quality_floor": 1.5}, "quality_floor is from 0.0 to 1.0, not 1.5"),
        ({"pause_s": 0.0}, "pause_s is above 0, not 0"),
        ({"pause_s": float("nan")}, "pause_s is from 0.0 to 3600.0, not nan"),
        ({"max_gap_s": float("inf")}, "max_gap_s is from 0.0 to 3600.0, not inf"),
        ({"max_waiting_bytes": 0}, "max_waiting_bytes is from 1 to 10000000000, not 0"),
        ({"gate_memory": 0}, "gate_memory is from 1 to 10000, not 0"),
        ({"min_gap_s": 2.0, "max_gap_s": 1.0}, r"max_gap_s \(1\) is below min_gap_s"),
        ({"window_motion": 0.0, "window_time_s": 0.0}, "mode window needs window_motion or"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SelectorConfig(**settings)


def test_settings_accept_names_of_modes() -> None:
    assert SelectorConfig(mode="gate").mode is Mode.GATE
