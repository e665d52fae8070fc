"""Scores of whole frames, and the state that the scorer keeps between them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes import ClassError, ContentStatus, FrameScorer
from mininet_ros.keyframes.cues.content import things_in

CLASSES = ("background", "text")
WIDTH, HEIGHT = 640, 480
STEP = 66_666_667


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, np.ndarray]:
    """A long wall with one text board on it: picture and labels."""
    generator = np.random.default_rng(5)
    noise = generator.uniform(20, 235, (60, 300, 3)).astype(np.float32)
    wall = cv2.resize(noise, (3000, HEIGHT), interpolation=cv2.INTER_CUBIC)
    labels = np.zeros(wall.shape[:2], np.uint8)
    labels[200:260, 500:620] = 1
    return np.clip(wall, 0, 255).astype(np.uint8), labels


def view(world: tuple[np.ndarray, np.ndarray], x: int) -> tuple[np.ndarray, np.ndarray]:
    """What a camera at x sees: picture and mask."""
    return tuple(np.ascontiguousarray(plane[:, x : x + WIDTH]) for plane in world)


def test_a_drive_along_a_wall(world: tuple[np.ndarray, np.ndarray]) -> None:
    scorer = FrameScorer({"text": 1.0}, CLASSES)
    seen = []
    for index in range(30):
        image, mask = view(world, 20 * index)
        seen.append(scorer.score(image, mask, None, index * STEP))
        if index == 10:
            assert scorer.mark_sent(8 * STEP)
    diagonal = float(np.hypot(1.0, HEIGHT / WIDTH))
    assert all(scores.parallax == pytest.approx(diagonal) for scores in seen[:11])
    assert all(WIDTH * scores.motion == pytest.approx(20.0, abs=1.0) for scores in seen[1:])
    assert WIDTH * seen[11].parallax == pytest.approx(60.0, abs=3.0)
    assert seen[20].overlap == pytest.approx(1.0 - 12 * 20 / WIDTH, abs=0.15)
    area = 120 * 60 / (WIDTH * HEIGHT)
    board = float(things_in(np.array(area)))
    assert seen[8].content == pytest.approx(board, rel=0.01)
    assert (seen[8].regions, seen[8].cut, seen[8].sent) == (1, 0.0, 0.0)
    assert seen[12].sent > 0.85
    assert seen[12].content < 0.05 * board
    assert seen[27].cut > 0.5


def test_without_a_mask_content_is_zero_with_a_reason(
    world: tuple[np.ndarray, np.ndarray],
) -> None:
    image, mask = view(world, 200)
    scores = FrameScorer({"text": 1.0}, CLASSES).score(image, None, None, 1)
    assert (scores.content, scores.content_status) == (0.0, ContentStatus.NO_MASK)
    assert "no mask" in scores.content_status.sentence
    assert scores.quality > 0.0
    scores = FrameScorer({}, CLASSES).score(image, mask, None, 1)
    assert (scores.content, scores.content_status) == (0.0, ContentStatus.NO_TARGETS)
    scores = FrameScorer({"text": 1.0}, CLASSES).score(image, mask, None, 1)
    assert scores.content_status is ContentStatus.MEASURED


def test_mask_and_confidence_of_another_size_are_accepted(
    world: tuple[np.ndarray, np.ndarray],
) -> None:
    image, mask = view(world, 200)
    full = FrameScorer({"text": 1.0}, CLASSES).score(image, mask, None, 1)
    small = cv2.resize(mask, (256, 128), interpolation=cv2.INTER_NEAREST)
    half_sure = np.full((60, 80), 128, np.uint8)
    other = FrameScorer({"text": 1.0}, CLASSES).score(image, small, half_sure, 1)
    assert other.content == pytest.approx(full.content * 128 / 255, rel=0.1)


def test_time_jumps_and_other_sizes_start_afresh(world: tuple[np.ndarray, np.ndarray]) -> None:
    scorer = FrameScorer({"text": 1.0}, CLASSES)
    image, mask = view(world, 200)
    first = scorer.score(image, mask, None, 5 * STEP)
    assert scorer.mark_sent(5 * STEP)
    assert scorer.score(image, mask, None, 6 * STEP).sent > 0.9
    assert scorer.score(image, mask, None, 5 * STEP) == first
    assert scorer.mark_sent(5 * STEP)
    half = cv2.resize(image, (320, 240)), cv2.resize(mask, (320, 240), interpolation=0)
    again = scorer.score(*half, None, 7 * STEP)
    assert (again.width, again.height, again.sent, again.overlap) == (320, 240, 0.0, 0.0)
    assert not scorer.mark_sent(5 * STEP)
    assert not set(again.corners.ids) & set(first.corners.ids)


def test_memory_is_bounded(world: tuple[np.ndarray, np.ndarray]) -> None:
    scorer = FrameScorer({"text": 1.0}, CLASSES, history=4)
    image, mask = view(world, 200)
    for index in range(10):
        scorer.score(image, mask, None, index + 1)
    assert not scorer.mark_sent(6)
    assert scorer.mark_sent(7)


def test_what_is_forgotten_leaves_room_for_older_frames(
    world: tuple[np.ndarray, np.ndarray],
) -> None:
    scorer = FrameScorer({"text": 1.0}, CLASSES, history=2)
    image, mask = view(world, 200)
    for index in range(10):
        scorer.score(image, mask, None, index + 1)
        if index > 0:
            scorer.forget(index + 1)
    assert scorer.mark_sent(1)


def test_the_cost_of_each_part_is_told(world: tuple[np.ndarray, np.ndarray]) -> None:
    scorer = FrameScorer({"text": 1.0}, CLASSES)
    assert scorer.times.mean_ms() == {}
    for index in range(2):
        scorer.score(*view(world, 200), None, index + 1)
    assert list(scorer.times.mean_ms()) == ["quality", "motion", "content", "sent"]
    assert all(ms > 0.0 for ms in scorer.times.mean_ms().values())
    assert scorer.times.runs == 2


def test_a_frame_forwarded_in_the_dark_overlaps_with_nothing(
    world: tuple[np.ndarray, np.ndarray],
) -> None:
    scorer = FrameScorer({}, CLASSES)
    image, _ = view(world, 200)
    scorer.score(image, None, None, 1)
    scorer.score(np.zeros_like(image), None, None, 2)
    assert scorer.mark_sent(2)
    assert scorer.score(image, None, None, 3).overlap == 0.0


def test_ranges_hold_on_arbitrary_pictures() -> None:
    generator = np.random.default_rng(0)
    scorer = FrameScorer({"text": 2.0}, CLASSES)
    for index in range(12):
        image = generator.integers(0, 256, (120, 160, 3), np.uint8) // (1 + index % 4 * 20)
        mask = generator.integers(0, 2, (30, 40), np.uint8)
        scores = scorer.score(image, mask, mask * 255, index + 1)
        for name in ("brightness", "clipped", "illumination", "sharpness", "quality"):
            assert 0.0 <= getattr(scores, name) <= 1.0, name
        for name in ("cut", "steady", "sent", "tracked", "overlap"):
            assert 0.0 <= getattr(scores, name) <= 1.0, name
        assert 0.0 <= scores.content <= 2.0 * 2.5 * scores.regions
        assert 0.0 <= scores.parallax <= np.hypot(1.0, 0.75) + 1e-6
        if index % 3 == 0:
            scorer.mark_sent(index + 1)


def test_bad_arrays_and_classes_are_refused() -> None:
    scorer = FrameScorer({"text": 1.0}, CLASSES)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    with pytest.raises(ValueError, match="A frame must be"):
        scorer.score(image[..., 0], None, None, 1)
    with pytest.raises(ValueError, match="A mask must be"):
        scorer.score(image, image, None, 1)
    with pytest.raises(ValueError, match="A confidence must be"):
        scorer.score(image, image[..., 0], np.zeros((HEIGHT, WIDTH), np.float32), 1)
    with pytest.raises(ClassError, match="Unknown class 'sign'; the model knows: background, text"):
        FrameScorer({"sign": 1.0}, CLASSES)
