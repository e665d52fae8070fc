"""Things are followed along the flow: how steadily they are found, their parts, their cuts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes.cues.classes import class_weight_table
from mininet_ros.keyframes.cues.content import Things, find_regions, things_in
from mininet_ros.keyframes.cues.motion import PointTracker
from mininet_ros.keyframes.cues.things import APART, MAX_THINGS, MEMORY, ThingFollower

WIDTH, HEIGHT = 320, 240
TARGETS = class_weight_table({"sign": 1.0, "car": 1.0}, ("background", "sign", "car"))
Box = tuple[int, int, int, int]


class Camera:
    """A window that moves over the world from x = 100; the things in its masks are followed."""

    def __init__(self, world: np.ndarray) -> None:
        self._world = world
        self._tracker = PointTracker()
        self._follower = ThingFollower(TARGETS)

    def look(
        self, x: int, *boxes: Box, label: int = 1, sure: int = 255, clear: bool = True
    ) -> Things:
        """Show the view at x with a mask of (left, upper, right, lower) boxes in the view."""
        view = np.ascontiguousarray(self._world[100 : 100 + HEIGHT, x : x + WIDTH])
        flow = self._tracker.update(view, clear)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        for left, upper, right, lower in boxes:
            mask[max(0, upper) : lower, max(0, left) : max(0, right)] = label
        regions = find_regions(mask, np.full_like(mask, sure), TARGETS)
        return self._follower.update(regions, self._tracker.points, flow.found, clear)


def square(x: int, y: int = 100, side: int = 30) -> Box:
    """A box by its upper left corner."""
    return x, y, x + side, y + side


def seen_ids(things: Things) -> list[int]:
    """The ids of the things that the mask shows."""
    return things.ids[things.seen].tolist()


def test_a_thing_keeps_its_number_while_the_view_moves(world: np.ndarray) -> None:
    camera = Camera(world)
    ids = set()
    for step in range(12):
        ids.update(seen_ids(camera.look(100 + 8 * step, square(200 - 8 * step))))
    assert len(ids) == 1
    assert seen_ids(camera.look(196, square(200)))[0] not in ids


def test_what_flickers_counts_less_than_what_is_found_in_every_frame(world: np.ndarray) -> None:
    camera = Camera(world)
    for step in range(10):
        flickering = [square(40 - 2 * step, 30)] if step % 3 == 0 else []
        things = camera.look(100 + 2 * step, square(200 - 2 * step), *flickering)
    steady, flicker = things.steady[np.argsort(things.boxes[:, 1])][::-1]
    assert things.seen.all() and steady == 1.0
    assert flicker == pytest.approx(2 / MEMORY)
    large, small = np.sort(things.sizes)[::-1]
    assert small == pytest.approx(2 / MEMORY * large, rel=0.01)


def test_certainty_is_the_mean_confidence_of_the_last_frames(world: np.ndarray) -> None:
    camera = Camera(world)
    for sure in (255, 255, 255, 51, 51):
        things = camera.look(100, square(150), sure=sure)
    expected = (3 * 1.0 + 2 * 0.2) / 5 * things_in(np.array(900 / (WIDTH * HEIGHT)))
    assert things.sizes == pytest.approx(expected, rel=1e-3)


def test_the_first_frame_and_what_comes_into_view_need_no_history(world: np.ndarray) -> None:
    camera = Camera(world)
    assert camera.look(100, square(150)).steady == 1.0
    for step in range(1, 5):
        camera.look(100 + 20 * step, square(150 - 20 * step))
    entered = camera.look(200, square(50), square(285))
    assert entered.steady[entered.boxes[:, 0] > 200] == 1.0
    late = camera.look(200, square(50), square(285), square(150, 20))
    assert late.steady[late.boxes[:, 1] < 50] == pytest.approx(1 / MEMORY, abs=0.06)


def test_an_unclear_picture_tells_nothing_against_a_thing(world: np.ndarray) -> None:
    camera = Camera(world)
    for clear in (True, True, False, False):
        camera.look(100, *([square(150)] if clear else []), clear=clear)
    assert camera.look(100, square(150)).steady == 1.0


def test_fragments_of_a_thing_are_one_thing(world: np.ndarray) -> None:
    camera = Camera(world)
    for _ in range(3):
        whole = camera.look(100, (100, 100, 180, 130))
    parts = camera.look(100, (100, 100, 125, 130), (150, 100, 180, 130))
    assert seen_ids(parts) == seen_ids(whole) and parts.steady == 1.0
    assert parts.boxes[0] == pytest.approx(whole.boxes[0], abs=1.0)


def test_parts_that_stay_apart_become_things_split_from_the_first(world: np.ndarray) -> None:
    camera = Camera(world)
    joined = camera.look(100, (100, 100, 180, 130))
    apart = [(100, 100, 140, 130), (150, 100, 180, 130)]
    for _ in range(APART - 1):
        assert seen_ids(camera.look(100, *apart)) == seen_ids(joined)
    camera.look(100, *apart)
    things = camera.look(100, *apart)
    assert things.seen.all() and (things.steady == 1.0).all()
    assert things.ids[0] == joined.ids[0] < things.ids[1]
    assert things.parents.tolist() == [joined.ids[0]] * 2
    assert things.shares == pytest.approx([1.0, 30 / 70], rel=0.02)
    assert things.boxes == pytest.approx(np.array([(100, 100, 139, 129), (150, 100, 179, 129)]))


def test_parts_that_flicker_stay_one_thing(world: np.ndarray) -> None:
    camera = Camera(world)
    for frame in range(4 * APART):
        split = frame % APART > 0
        boxes = [(100, 100, 140, 130), (150, 100, 180, 130)] if split else [(100, 100, 180, 130)]
        assert len(seen_ids(camera.look(100, *boxes))) == 1


def test_two_things_joined_in_one_mask_stay_two_but_become_one_in_the_end(
    world: np.ndarray,
) -> None:
    camera = Camera(world)
    for _ in range(4):
        two = camera.look(100, (100, 100, 135, 130), (145, 100, 180, 130))
    joined = camera.look(100, (100, 100, 180, 130))
    assert seen_ids(joined) == seen_ids(two) and len(two) == 2
    assert joined.areas.sum() == pytest.approx(80 * 30 / (WIDTH * HEIGHT))
    for _ in range(8):
        joined = camera.look(100, (100, 100, 180, 130))
    assert seen_ids(joined) == seen_ids(two)[:1]


def test_another_class_at_the_same_place_is_another_thing(world: np.ndarray) -> None:
    camera = Camera(world)
    first = camera.look(100, square(150))
    assert seen_ids(camera.look(100, square(150), label=2)) != seen_ids(first)


def test_a_mask_that_stops_short_of_the_border_does_not_hide_a_cut(world: np.ndarray) -> None:
    camera = Camera(world)
    for step in range(4):
        things = camera.look(100 + 8 * step, (40 - 8 * step, 100, 80 - 8 * step, 130))
        assert things.cut == 0.0
    # The thing goes on to x = -24; the mask ends 6 pixels inside the picture.
    cut = camera.look(164, (6, 100, 16, 130))
    assert seen_ids(cut) == seen_ids(things)
    assert cut.cut > 0.2 and cut.shown < 0.6 * cut.sizes


def test_a_cut_thing_that_the_mask_misses_is_still_cut(world: np.ndarray) -> None:
    camera = Camera(world)
    for step in range(6):
        camera.look(100 + 4 * step, (24 - 4 * step, 100, 64 - 4 * step, 130))
    missed = camera.look(140)
    assert not missed.seen.any()
    assert missed.cut > 0.2 and missed.sizes > 0.0


def test_what_was_never_steady_is_forgotten_and_the_number_is_bounded(world: np.ndarray) -> None:
    camera = Camera(world)
    boxes = [square(x, y, 12) for x in range(5, 300, 25) for y in range(5, 220, 25)]
    for _ in range(3):
        camera.look(100, *boxes[:30])
    assert len(camera.look(100, *boxes[:40])) == 40
    for _ in range(MEMORY):
        known = camera.look(100)
    assert len(known) == 30 and not known.seen.any()
    assert len(boxes) > MAX_THINGS == len(camera.look(100, *boxes))
    for step in range(45):
        known = camera.look(100 + 8 * step)
    assert len(known) == 0


def test_nothing_is_learnt_from_a_picture_that_cannot_be_followed(world: np.ndarray) -> None:
    camera = Camera(world)
    for _ in range(3):
        known = camera.look(100, square(150))
    flat = Camera(np.full_like(world, 9))
    flat._tracker, flat._follower = camera._tracker, camera._follower
    dark = flat.look(100, square(152), square(40), clear=False)
    assert seen_ids(known)[0] in seen_ids(dark) and len(dark) == 2
    after = camera.look(100, square(150))
    assert seen_ids(after) == seen_ids(known) and after.steady == 1.0


def test_nothing_is_known_after_the_view_was_lost(world: np.ndarray) -> None:
    camera = Camera(world)
    first = camera.look(100, square(150))
    camera._world = cv2.flip(world, -1)
    assert not set(seen_ids(camera.look(700, square(150)))) & set(seen_ids(first))
