"""What was sent is known again where it is now, and a thing sent once is worth little more."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes.cues.content import Region, class_weight_table, find_regions
from mininet_ros.keyframes.cues.motion import PointTracker
from mininet_ros.keyframes.cues.sent import MAX_SENT_REGIONS, SentRegions

WIDTH, HEIGHT = 320, 240
TARGETS = class_weight_table({"sign": 1.0, "car": 1.0}, ("background", "sign", "car"))


@pytest.fixture(scope="module")
def world() -> np.ndarray:
    """A large textured picture to look at through a moving window."""
    generator = np.random.default_rng(3)
    noise = generator.uniform(0, 255, (90, 160)).astype(np.float32)
    return np.clip(cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_CUBIC), 0, 255).astype(
        np.uint8
    )


def view(world: np.ndarray, x: int, y: int) -> np.ndarray:
    """The window of ``world`` with its upper left corner at x, y."""
    return np.ascontiguousarray(world[y : y + HEIGHT, x : x + WIDTH])


def square(x: int, y: int, side: int = 30, label: int = 1) -> np.ndarray:
    """A mask with one square."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[max(0, y) : y + side, max(0, x) : x + side] = label
    return mask


def regions_of(*masks: np.ndarray) -> tuple[Region, ...]:
    """The target regions of masks that do not overlap."""
    return find_regions(sum(masks), None, TARGETS)


def moving(world: np.ndarray, sent: SentRegions, step_x: int, steps: int) -> PointTracker:
    """Carries ``sent`` along with a view that moves from x = 100."""
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    for step in range(1, steps + 1):
        before = tracker.points
        tracker.update(view(world, 100 + step_x * step, 100))
        sent.carry(before, tracker.points)
    return tracker


def sent_at_start(world: np.ndarray, *masks: np.ndarray, quality: float = 0.5) -> SentRegions:
    """The memory after the regions of masks were sent from the view at x = 100."""
    tracker, sent = PointTracker(), SentRegions()
    tracker.update(view(world, 100, 100))
    sent.add(regions_of(*masks), quality, tracker.points, tracker.points)
    return sent


def test_sent_things_follow_the_view_not_the_pixel(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(180, 120))
    moving(world, sent, 8, 10)
    assert sent.how_well(regions_of(square(100, 120)), 0.5) == (1.0,)
    assert sent.how_well(regions_of(square(180, 120)), 0.5) == (0.0,)


def test_a_frame_sent_late_is_noted_where_the_view_is_now(world: np.ndarray) -> None:
    tracker, sent = PointTracker(), SentRegions()
    tracker.update(view(world, 100, 100))
    start = tracker.points
    for step in range(1, 6):
        tracker.update(view(world, 100, 100 - 4 * step))
    sent.add(regions_of(square(150, 100)), 0.5, start, tracker.points)
    assert sent.how_well(regions_of(square(150, 120)), 0.5) == (1.0,)


def test_a_better_picture_of_a_sent_thing_is_worth_the_improvement(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(150, 100), quality=0.2)
    regions = regions_of(square(150, 100))
    assert sent.how_well(regions, 0.8) == pytest.approx((0.25,))
    assert sent.how_well(regions, 0.1) == (1.0,)


def test_a_thing_sent_cut_is_not_yet_sent_whole(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(-10, 100))
    (again,) = sent.how_well(regions_of(square(0, 100, 24)), 0.5)
    (whole,) = sent.how_well(regions_of(square(3, 100, 30)), 0.5)
    assert whole < 0.5 < again


def test_another_class_at_the_same_place_is_new(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(150, 100))
    assert sent.how_well(regions_of(square(150, 100, label=2)), 0.5) == (0.0,)


def test_a_small_thing_is_known_although_flow_is_a_few_pixels_off(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(150, 100, 5))
    assert sent.how_well(regions_of(square(153, 102, 5)), 0.5) == pytest.approx((1.0,))
    assert sent.how_well(regions_of(square(165, 102, 5)), 0.5) == (0.0,)


def test_a_part_of_a_group_is_sent_and_what_joins_a_thing_is_new(world: np.ndarray) -> None:
    group = sent_at_start(world, square(100, 100, 40))
    (part,) = group.how_well(regions_of(square(100, 100, 20)), 0.5)
    assert part > 0.9
    single = sent_at_start(world, square(100, 100, 20))
    (joined,) = single.how_well(regions_of(square(80, 80, 80)), 0.5)
    assert 0.0 < joined < 0.5


def test_a_box_settles_on_the_region_it_has_arrived_at(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(150, 100))
    for step in range(1, 30):
        sent.settle(regions_of(square(150 + 4 * step, 100 + 2 * step)))
    assert sent.how_well(regions_of(square(266, 158)), 0.5) == (1.0,)
    assert sent.how_well(regions_of(square(150, 100)), 0.5) == (0.0,)


def test_sent_again_replaces_and_keeps_the_better(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(150, 100), quality=0.8)
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    regions = regions_of(square(152, 101))
    sent.add(regions, 0.2, tracker.points, tracker.points)
    assert len(sent) == 1
    assert sent.how_well(regions, 0.8) == pytest.approx((1.0,))


def test_memory_is_bounded_and_leaves_with_the_view(world: np.ndarray) -> None:
    boxes = [(x, y) for x in range(5, 300, 30) for y in range(5, 220, 30)]
    masks = [square(x, y, 20) for x, y in boxes]
    sent = sent_at_start(world, *masks[:40])
    assert len(sent) == 40
    tracker = PointTracker()
    tracker.update(view(world, 100, 100))
    sent.add(regions_of(*masks[40:]), 0.5, tracker.points, tracker.points)
    assert len(masks) > MAX_SENT_REGIONS == len(sent)
    moving(world, sent, 8, 45)
    assert len(sent) == 0


def test_nothing_is_known_after_the_view_was_lost(world: np.ndarray) -> None:
    sent = sent_at_start(world, square(150, 100))
    tracker, other = PointTracker(), PointTracker()
    tracker.update(view(world, 100, 100))
    other.update(cv2.flip(view(world, 900, 450), 0))
    then, now = tracker.points, other.points
    now.ids[:] += 1000
    sent.carry(then, now)
    assert len(sent) == 0
