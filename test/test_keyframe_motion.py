"""Corners are followed through motion and changing light, and regions along with them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes.content import class_weight_table, measure_content
from mininet_ros.keyframes.motion import (
    MAX_POINTS,
    MAX_SKIPPED,
    PointTracker,
    local_similarity,
    parallax_and_overlap,
)
from mininet_ros.keyframes.sent import MAX_SENT_REGIONS, SentRegions

WIDTH, HEIGHT = 320, 240
TARGET = class_weight_table({"sign": 1.0}, ("background", "sign"))


@pytest.fixture(scope="module")
def world() -> np.ndarray:
    """A large textured picture to look at through a moving window."""
    generator = np.random.default_rng(3)
    noise = generator.uniform(0, 255, (90, 160)).astype(np.float32)
    return np.clip(cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_CUBIC), 0, 255).astype(
        np.uint8
    )


def view(world: np.ndarray, x: float, y: float, zoom: float = 1.0) -> np.ndarray:
    """The window of `world` with its upper left corner at x, y, magnified."""
    transform = np.array([[zoom, 0, -zoom * x], [0, zoom, -zoom * y]], np.float32)
    return cv2.warpAffine(world, transform, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)


def test_a_pan_is_measured_in_pixels(world: np.ndarray) -> None:
    tracker = PointTracker()
    first = tracker.update(view(world, 100, 100))
    assert (first.motion, first.share, first.found) == (0.0, 0.0, True)
    start = tracker.points
    for step in range(1, 9):
        flow = tracker.update(view(world, 100 + 4 * step, 100 + 3 * step))
        assert flow.motion == pytest.approx(5.0, abs=0.2)
        assert flow.share > 0.8
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
        assert flow.share > 0.8
        assert flow.motion < 0.5


def test_a_dark_moment_is_bridged(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    start = tracker.points
    for _ in range(MAX_SKIPPED):
        assert not tracker.update(np.zeros((HEIGHT, WIDTH), np.uint8)).found
    flow = tracker.update(view(world, 108, 100))
    assert flow.found and flow.motion == pytest.approx(8.0, abs=0.3)
    assert parallax_and_overlap(start, tracker.points)[1] > 0.9


def test_after_a_long_dark_the_place_is_new(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    start = tracker.points
    for _ in range(MAX_SKIPPED + 1):
        tracker.update(np.zeros((HEIGHT, WIDTH), np.uint8))
    tracker.update(view(world, 100, 100))
    diagonal = float(np.hypot(WIDTH, HEIGHT))
    assert parallax_and_overlap(start, tracker.points) == (diagonal, 0.0)


def test_another_place_has_nothing_in_common(world: np.ndarray) -> None:
    tracker = PointTracker()
    tracker.update(view(world, 0, 0))
    start = tracker.points
    for _ in range(MAX_SKIPPED + 2):
        tracker.update(view(world, 900, 450))
    assert parallax_and_overlap(start, tracker.points)[1] == 0.0


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
        assert (flow.motion, flow.share) == (0.0, 0.0)
    assert len(tracker.points.ids) == 0


def test_the_majority_of_corners_decides_how_a_region_moves() -> None:
    before = np.array([[0, 0], [40, 0], [0, 40], [40, 40], [20, 20]], np.float32)
    after = before * 1.1 + np.array([3.0, -2.0], np.float32)
    after[4] += 60.0
    growth, shift = local_similarity(before, after)
    assert growth == pytest.approx(1.1, abs=1e-4)
    np.testing.assert_allclose(shift, [3.0, -2.0], atol=1e-3)
    assert local_similarity(before[:2], after[:2]) is None


def test_sent_regions_follow_the_view_not_the_pixel(world: np.ndarray) -> None:
    tracker, sent = PointTracker(), SentRegions()
    tracker.update(view(world, 100, 100))
    sign = measure_content(sign_mask(180, 120), None, TARGET)
    sent.add(sign.regions, 0.5, tracker.points, tracker.points)
    for step in range(1, 11):
        before = tracker.points
        tracker.update(view(world, 100 + 8 * step, 100))
        sent.carry(before, tracker.points)
    share = sent.share_map((WIDTH, HEIGHT), 0.5)
    assert measure_content(sign_mask(100, 120), None, TARGET, share).sent > 0.85
    assert measure_content(sign_mask(180, 120), None, TARGET, share).sent == 0.0


def test_a_frame_sent_late_is_noted_where_the_view_is_now(world: np.ndarray) -> None:
    tracker, sent = PointTracker(), SentRegions()
    tracker.update(view(world, 100, 100))
    start = tracker.points
    for step in range(1, 6):
        tracker.update(view(world, 100, 100 - 4 * step))
    regions = measure_content(sign_mask(150, 100), None, TARGET).regions
    sent.add(regions, 0.5, start, tracker.points)
    share = sent.share_map((WIDTH, HEIGHT), 0.5)
    assert measure_content(sign_mask(150, 120), None, TARGET, share).sent > 0.9


def test_a_better_picture_of_a_sent_region_is_worth_the_improvement(world: np.ndarray) -> None:
    tracker, sent = PointTracker(), SentRegions()
    tracker.update(view(world, 100, 100))
    regions = measure_content(sign_mask(150, 100), None, TARGET).regions
    sent.add(regions, 0.2, tracker.points, tracker.points)
    assert sent.share_map((WIDTH, HEIGHT), 0.8).max() == pytest.approx(0.25)
    assert sent.share_map((WIDTH, HEIGHT), 0.1).max() == 1.0


def test_an_outline_settles_on_the_region_it_has_arrived_at(world: np.ndarray) -> None:
    tracker, sent = PointTracker(), SentRegions()
    tracker.update(view(world, 100, 100))
    regions = measure_content(sign_mask(150, 100), None, TARGET).regions
    sent.add(regions, 0.5, tracker.points, tracker.points)
    moved = measure_content(sign_mask(154, 102), None, TARGET)
    sent.settle(moved.regions)
    share = sent.share_map((WIDTH, HEIGHT), 0.5)
    assert measure_content(sign_mask(154, 102), None, TARGET, share).sent == 1.0


def test_sent_regions_are_bounded_and_leave_with_the_view(world: np.ndarray) -> None:
    tracker, sent = PointTracker(), SentRegions()
    tracker.update(view(world, 100, 100))
    boxes = [(x, y) for x in range(5, 300, 30) for y in range(5, 220, 30)]
    mask = sum(sign_mask(x, y, 20) for x, y in boxes)
    regions = measure_content(mask, None, TARGET).regions
    assert len(regions) > MAX_SENT_REGIONS
    sent.add(regions, 0.5, tracker.points, tracker.points)
    assert len(sent) == MAX_SENT_REGIONS
    for step in range(1, 45):
        before = tracker.points
        tracker.update(view(world, 100 + 8 * step, 100))
        sent.carry(before, tracker.points)
    assert len(sent) == 0


def sign_mask(x: int, y: int, side: int = 30) -> np.ndarray:
    """A mask with one square of class `sign`."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[y : y + side, x : x + side] = 1
    return mask
