"""Scorer and selector joined: what is forwarded counts as sent from then on."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.keyframes import (
    FrameScorer,
    KeyframePipeline,
    KeyframeSelector,
    Mode,
    Reason,
    SelectorConfig,
)
from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.keyframes.cues.scorer import FrameObserver

STEP = 100_000_000


def pipeline(config: SelectorConfig) -> KeyframePipeline:
    scorer = FrameScorer({"text": 1.0}, ("background", "text"))
    return KeyframePipeline(scorer, KeyframeSelector(config))


@pytest.fixture
def picture() -> tuple[np.ndarray, np.ndarray]:
    image = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    image = np.ascontiguousarray(image.repeat(10, axis=0).repeat(10, axis=1))
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[100:140, 100:180] = 1
    return image, mask


def test_what_is_forwarded_counts_as_sent(picture: tuple[np.ndarray, np.ndarray]) -> None:
    joined = pipeline(SelectorConfig(window_time_s=0.5, window_motion=0.0, quality_floor=0.0))
    decisions = []
    for index in range(12):
        moved = (np.roll(plane, 8 * index, axis=1) for plane in picture)
        decisions += joined.add(*moved, None, index * STEP).decisions
    forwarded = [decision for decision in decisions if decision.forwarded]
    assert forwarded[0].stamp_ns <= 5 * STEP
    assert forwarded[0].scores.sent == 0.0
    assert forwarded[1].scores.sent > 0.9
    assert forwarded[1].scores.overlap > 0.6


def test_observed_frames_are_judged_as_pictures_are(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    config = SelectorConfig(window_time_s=0.5, window_motion=0.0, quality_floor=0.0)
    from_pictures, from_observations = pipeline(config), pipeline(config)
    observer = FrameObserver({"text": 1.0}, ("background", "text"), PartTimes())
    image, mask = picture
    for stamp in (0, 1, 2, 3, 4, 5, 6, 7, 20, 1, 2, 9):
        moved = np.roll(image, 3 * stamp, axis=1), np.roll(mask, 3 * stamp, axis=1)
        observation = observer.observe(*moved, None, stamp * STEP)
        expected = from_pictures.add(*moved, None, stamp * STEP)
        assert from_observations.add_observed(observation) == expected
    refusal = from_observations.add_observed(observation).refused
    assert refusal.reason is Reason.REPEATED_STAMP
    assert from_observations.finish() == from_pictures.finish()


def test_a_refused_stamp_is_not_scored(picture: tuple[np.ndarray, np.ndarray]) -> None:
    joined = pipeline(SelectorConfig(mode=Mode.GATE, min_gap_s=0.0, quality_floor=0.0))
    assert joined.add(*picture, None, 5 * STEP).decisions[0].forwarded
    decision = joined.add(*picture, None, 5 * STEP).refused
    assert (decision.reason, decision.scores) == (Reason.REPEATED_STAMP, None)
    (decision,) = joined.add(*picture, None, 6 * STEP).decisions
    assert decision.scores.sent > 0.9


def test_a_frame_that_waited_long_is_still_noted_as_sent(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    config = SelectorConfig(
        window_time_s=100.0, window_motion=0.0, quality_floor=0.0, max_gap_s=0.0
    )
    joined = pipeline(config)
    image, mask = picture
    joined.add(image, mask, None, 0)
    darker = image // 2
    for index in range(1, 200):
        joined.add(darker, mask, None, index * STEP)
    (forwarded,) = (d for d in joined.tick(300 * STEP) if d.forwarded)
    assert forwarded.stamp_ns == 0
    (again,) = joined.add(image, mask, None, 400 * STEP).decisions
    assert again.scores.sent > 0.9 and again.reason is Reason.AT_REST


def test_other_settings_and_another_scorer_in_mid_stream(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    joined = pipeline(SelectorConfig(quality_floor=0.0))
    joined.add(*picture, None, STEP)
    (forwarded,) = joined.configure(SelectorConfig(mode=Mode.GATE, min_gap_s=0.0))
    assert forwarded.forwarded
    (known,) = joined.add(*picture, None, 2 * STEP).decisions
    assert known.scores.sent > 0.9
    other = FrameScorer({"text": 2.0}, ("background", "text"))
    config = SelectorConfig(mode=Mode.GATE, min_gap_s=0.0)
    assert joined.configure(config, other) == []
    assert joined.scorer is other and other.history is None
    assert joined.add(*picture, None, 3 * STEP).decisions[0].scores.sent == 0.0


def test_a_jump_back_to_the_stamp_of_a_waiting_frame(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    joined = pipeline(SelectorConfig(quality_floor=0.0, reorder_s=0.0, max_gap_s=0.0))
    joined.add(*picture, None, 1 * STEP)
    joined.add(*picture, None, 9 * STEP)
    step = joined.add(*picture, None, 1 * STEP)
    assert step.restarted
    assert {decision.reason for decision in step.outdated} == {Reason.TIME_JUMPED}
    assert any(decision.forwarded for decision in joined.tick(300 * STEP))
    (again,) = joined.add(*picture, None, 400 * STEP).decisions
    assert again.scores.sent > 0.9


def test_a_request_and_a_silence_are_answered_through_it(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    joined = pipeline(SelectorConfig(mode=Mode.REQUEST, request_window_s=0.1, min_gap_s=0.0))
    for index in range(4):
        joined.add(*picture, None, index * STEP)
    assert any(decision.forwarded for decision in joined.request(2 * STEP))
    assert joined.request(4 * STEP) == []
    assert any(decision.forwarded for decision in joined.tick(40 * STEP))


def test_the_end_of_a_stream_starts_the_scorer_afresh(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    joined = pipeline(SelectorConfig(window_time_s=0.5, window_motion=0.0, quality_floor=0.0))
    for _ in range(2):
        decisions = [*joined.add(*picture, None, STEP).decisions, *joined.finish()]
        (forwarded,) = (decision for decision in decisions if decision.forwarded)
        assert forwarded.scores.sent == 0.0


def test_a_picture_of_the_wrong_kind_leaves_the_selector_alone(
    picture: tuple[np.ndarray, np.ndarray],
) -> None:
    joined = pipeline(SelectorConfig())
    image, mask = picture
    with pytest.raises(ValueError, match="A mask must be"):
        joined.add(image, image, None, STEP)
    assert joined.selector.statistics().waiting == 0
    assert joined.add(image, mask, None, STEP).decisions == ()
