"""Corners are followed through motion and changing light, and regions along with them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes.cues.corners import Points, far_motion
from mininet_ros.keyframes.cues.flow import LOST
from mininet_ros.keyframes.cues.motion import (
    MAX_POINTS,
    MAX_SKIPPED,
    PointTracker,
)
from mininet_ros.keyframes.cues.overlap import local_similarities, measure_overlap

WIDTH, HEIGHT = 320, 240
DARK = np.zeros((HEIGHT, WIDTH), np.uint8)


def parallax_and_overlap(then: Points, now: Points) -> tuple[float, float]:
    overlap = measure_overlap(then, now)
    return overlap.parallax * now.size[0], overlap.overlap


def view(world: np.ndarray, x: float, y: float, zoom: float = 1.0) -> np.ndarray:
    """The window of ``world`` with its upper left corner at x, y, magnified."""
    transform = np.array([[zoom, 0, -zoom * x], [0, zoom, -zoom * y]], np.float32)
    return cv2.warpAffine(world, transform, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)


def test_a_pan_is_measured_in_pixels(world: np.ndarray) -> None:
    tracker = PointTracker()
    first = tracker.update(view(world, 100, 100))
    assert (first.scores.motion, first.scores.tracked, first.found) == (0.0, 0.0, True)
    start = tracker.points
    for step in range(1, 9):
        flow = tracker.update(view(world, 100 + 4 * step, 100 + 3 * step))
        assert WIDTH * flow.scores.motion == pytest.approx(5.0, abs=0.2)
        assert flow.scores.tracked > 0.8
        assert len(tracker.points.ids) <= MAX_POINTS
    parallax, overlap = parallax_and_overlap(start, tracker.points)
    assert parallax == pytest.approx(40.0, abs=1.0)
    expected = (WIDTH - 32) * (HEIGHT - 24) / (WIDTH * HEIGHT)
    assert overlap == pytest.approx(expected, abs=0.02)


def test_failing_light_does_not_look_like_motion(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    for gain in (0.8, 0.5, 0.3, 0.2):
        flow = tracker.update(cv2.convertScaleAbs(view(world, 100, 100), alpha=gain))
        assert flow.scores.tracked > 0.8
        assert WIDTH * flow.scores.motion < 0.5


def test_a_dark_moment_is_bridged(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    start = tracker.points
    for _ in range(MAX_SKIPPED):
        assert not tracker.update(DARK, clear=False).found
    flow = tracker.update(view(world, 108, 100))
    assert flow.found and WIDTH * flow.scores.motion == pytest.approx(8.0, abs=0.3)
    assert parallax_and_overlap(start, tracker.points)[1] > 0.9


def test_after_a_long_dark_the_place_is_new(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    start = tracker.points
    for _ in range(MAX_SKIPPED + 1):
        tracker.update(DARK, clear=False)
    tracker.update(view(world, 100, 100))
    parallax, overlap = parallax_and_overlap(start, tracker.points)
    assert (parallax, overlap) == (pytest.approx(np.hypot(WIDTH, HEIGHT)), 0.0)


def test_another_place_has_nothing_in_common_from_the_first_frame_on(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 0, 0))
    start = tracker.points
    for x in (900, 300, 950):
        flow = tracker.update(view(world, x, 450))
        assert flow.found and flow.scores.motion == LOST
        assert parallax_and_overlap(start, tracker.points)[1] == 0.0
    assert flow.scores.travelled == pytest.approx(3 * LOST)


@pytest.mark.parametrize("step", [20, 40, 75, 110])
def test_a_fast_pan_is_followed(world: np.ndarray, step: int) -> None:
    tracker = PointTracker()
    for index in range(8):
        flow = tracker.update(view(world, step * index, 100))
        if index:
            assert WIDTH * flow.scores.motion == pytest.approx(step, abs=1.0)
    assert WIDTH * flow.scores.travelled == pytest.approx(7 * step, rel=0.03)


def test_noise_and_shaking_are_no_way(world: np.ndarray) -> None:
    generator, tracker = np.random.default_rng(0), PointTracker()
    for index in range(200):
        still = view(world, 100 + index % 2, 100)
        noisy = np.clip(still + generator.normal(0.0, 4.0, still.shape), 0, 255).astype(np.uint8)
        flow = tracker.update(noisy)
    assert flow.scores.travelled < 0.01


def test_a_shaking_drive_goes_no_further_than_a_smooth_one(world: np.ndarray) -> None:
    tracker = PointTracker()
    for index in range(60):
        shake = 8.0 * np.sin(1.9 * index)  # 16 of 320 pixels from peak to peak
        flow = tracker.update(view(world, 100 + index + shake, 100))
    assert WIDTH * flow.scores.travelled == pytest.approx(59, abs=10)


def test_a_dark_moment_in_a_fast_turn_is_bridged(world: np.ndarray) -> None:
    tracker = PointTracker()
    for index in range(4):
        tracker.update(view(world, 80 * index, 100))
    for _ in range(2):
        assert not tracker.update(DARK, clear=False).found
    flow = tracker.update(view(world, 80 * 6, 100))
    assert WIDTH * flow.scores.motion == pytest.approx(240, abs=3)


def test_a_slow_way_adds_up(world: np.ndarray) -> None:
    tracker = PointTracker()
    for index in range(200):
        flow = tracker.update(view(world, 100 + 0.25 * index, 100))
    assert WIDTH * flow.scores.travelled == pytest.approx(0.25 * 199, rel=0.05)


def test_no_corner_is_followed_where_it_is_ignored(world: np.ndarray) -> None:
    ignored = np.zeros((HEIGHT, WIDTH), np.uint8)
    ignored[:, :160] = 1
    tracker = PointTracker()
    for index in range(5):
        tracker.update(view(world, 100 + 8 * index, 100), ignored=ignored)
        assert len(tracker.points.ids) > 20 and tracker.points.positions[:, 0].min() >= 159.0


def test_another_size_starts_anew(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    start = tracker.points
    assert tracker.update(view(world, 100, 100)[:120, :160].copy()).found
    assert not set(start.ids) & set(tracker.points.ids)
    assert parallax_and_overlap(start, tracker.points)[1] == 0.0


def test_a_picture_without_corners_is_survived() -> None:
    tracker = PointTracker()
    for _ in range(MAX_SKIPPED + 3):
        flow = tracker.update(np.full((HEIGHT, WIDTH), 127, np.uint8))
        assert (flow.scores.motion, flow.scores.tracked) == (0.0, 0.0)
    assert len(tracker.points.ids) == 0


def test_the_majority_of_corners_decides_how_a_place_moves() -> None:
    before = np.array([[0, 0], [40, 0], [0, 40], [40, 40], [20, 20], [300, 200]], np.float32)
    after = before * 1.1 + np.array([3.0, -2.0], np.float32)
    after[4] += 60.0
    after[5] = before[5] + np.array([7.0, 8.0], np.float32)
    near = np.array([[True] * 5 + [False], [False] * 5 + [True]])
    growth, shift = local_similarities(before, after, near)
    np.testing.assert_allclose(growth, [1.1, 1.0], atol=1e-4)
    np.testing.assert_allclose(shift, [[3.0, -2.0], [7.0, 8.0]], atol=1e-3)


def test_a_drive_straight_ahead_is_no_rest(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 400, 300))
    start = tracker.points
    tracker.update(view(world, 400 + 0.02 * WIDTH, 300 + 0.02 * HEIGHT, zoom=1.04))
    before, after = start.common(tracker.points)
    median = np.median(np.linalg.norm(after - before, axis=1)) / WIDTH
    assert far_motion(start, tracker.points) > 1.2 * median
    assert far_motion(start, start) == 0.0
