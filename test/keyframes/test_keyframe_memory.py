"""A view that was seen before is known when the camera comes back, with what was sent of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes import FrameScorer
from mininet_ros.keyframes.cues.content import NEW_CONTENT, Things
from mininet_ros.keyframes.cues.memory import LEAST_FRAMES, MAX_THINGS, MAX_VIEWS, ViewMemory
from mininet_ros.keyframes.cues.motion import PointTracker
from mininet_ros.keyframes.cues.sent import SeenThing, recognised
from mininet_ros.keyframes.selection.windows import KNOWN_VIEW

CLASSES = ("background", "sign")
WIDTH, HEIGHT, STEP = 320, 240, 16
SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """A long wall with patterns everywhere, (240, 3000, 3) BGR."""
    generator = np.random.default_rng(4)
    noise = generator.uniform(0, 255, (60, 750, 3)).astype(np.float32)
    return (
        cv2.resize(noise, (3000, HEIGHT), interpolation=cv2.INTER_CUBIC)
        .clip(0, 255)
        .astype(np.uint8)
    )


def signs() -> np.ndarray:
    labels = np.zeros((HEIGHT, 3000), np.uint8)
    for left in range(100, 2900, 500):
        labels[80:130, left : left + 60] = 1
    return labels


def view(plane: np.ndarray, x: int) -> np.ndarray:
    return np.ascontiguousarray(plane[:, x : x + WIDTH])


def test_the_way_back_is_known_and_what_was_sent_on_it(wall: np.ndarray) -> None:
    scorer, labels = FrameScorer({"sign": 1.0}, CLASSES, history=None), signs()
    way = list(range(0, 1600, STEP))
    forth, back = [], []
    for index, x in enumerate([*way, *way[::-1]]):
        stamp = (index + 1) * SECOND // 15
        scores = scorer.score(view(wall, x), view(labels, x), None, stamp)
        if index < len(way):
            forth.append(scores)
            if index % 6 == 3:
                assert scorer.mark_sent(stamp)
        else:
            back.append(scores)
    assert max(scores.known for scores in forth) < KNOWN_VIEW
    # The last pictures before the turn are still in sight just after it.
    far = back[30:]
    assert np.median([scores.known for scores in far]) > 0.8
    new = sum(scores.content for scores in far)
    assert new < 0.15 * sum(scores.content for scores in forth[:70] if scores.sent == 0.0)


def test_a_thing_that_is_found_late_in_a_known_view_is_recognised_soon(wall: np.ndarray) -> None:
    scorer, labels = FrameScorer({"sign": 1.0}, CLASSES, history=None), signs()
    nothing, stamp = np.zeros((HEIGHT, WIDTH), np.uint8), 0
    for x in range(0, 1200, 16):
        stamp += SECOND // 15
        scorer.score(view(wall, x), view(labels, x), None, stamp)
        if x == 480:
            assert scorer.mark_sent(stamp)
    for x in [*range(1184, 480, -16), *[480] * 5]:
        stamp += SECOND // 15
        scorer.score(view(wall, x), nothing, None, stamp)
    contents = []
    for _ in range(2 * LEAST_FRAMES + 1):
        stamp += SECOND // 15
        scores = scorer.score(view(wall, 480), view(labels, 480), None, stamp)
        contents.append(scores.content)
    assert scores.known > KNOWN_VIEW and scores.regions == 1
    assert contents[-1] < 0.1


def test_what_was_sent_as_one_thing_is_known_when_it_is_seen_as_several(wall: np.ndarray) -> None:
    scorer = FrameScorer({"sign": 1.0}, CLASSES, history=None)
    joined, apart = np.zeros((2, HEIGHT, WIDTH), np.uint8)
    joined[80:120, 100:200] = 1
    apart[80:120, 100:200] = 1
    apart[80:120, 145:155] = 0
    scorer.score(view(wall, 0), joined, None, SECOND)
    for frame in range(2, 10):
        scores = scorer.score(view(wall, 0), apart, None, frame * SECOND)
    assert scorer.mark_sent(SECOND)
    known = scorer.score(view(wall, 0), apart, None, 10 * SECOND)
    assert scores.regions == known.regions == 2
    assert scores.content > 1.5 and known.content < NEW_CONTENT


def test_two_things_count_as_parts_of_one_that_was_sent_on_an_earlier_visit() -> None:
    boxes = np.array([(100, 80, 140, 120), (160, 80, 200, 120), (100, 160, 140, 200)], np.float32)
    numbers, ones = np.arange(3), np.ones(3)
    things = Things(numbers, numbers, ones, ones.astype(int), boxes, ones > 0.0, *[ones] * 5)
    earlier = [SeenThing(1, np.array([100.0, 80.0]), np.array([200.0, 120.0]), 1.0)]
    worth = recognised(earlier, things)
    assert set(worth) >= {0, 1} and worth.get(2, 0.0) == 0.0
    assert min(worth[0], worth[1]) > 0.3


def test_of_two_equal_things_side_by_side_the_one_that_was_sent_is_known() -> None:
    boxes = np.array([(100, 80, 140, 120), (150, 80, 190, 120)], np.float32)
    numbers, ones = np.arange(2), np.ones(2)
    things = Things(numbers, numbers, ones, ones.astype(int), boxes, ones > 0.0, *[ones] * 5)
    earlier = [SeenThing(1, boxes[0, :2] + 3.0, boxes[0, 2:] + 3.0, 1.0)]
    assert recognised(earlier, things) == {0: 1.0}


def test_another_place_is_not_known(wall: np.ndarray) -> None:
    memory, tracker = ViewMemory(), PointTracker()
    for x in range(0, 1000, 250):
        picture = cv2.cvtColor(view(wall, x), cv2.COLOR_BGR2GRAY)
        tracker.update(picture)
        memory.visit(picture, tracker.points, ())
    other = cv2.cvtColor(view(wall[:, ::-1], 100), cv2.COLOR_BGR2GRAY)
    tracker.update(other)
    assert memory.visit(other, tracker.points, ()).cover == 0.0


def facade() -> np.ndarray:
    """A plain wall with equal windows at uneven distances, (240, 1800, 3) BGR."""
    generator = np.random.default_rng(1)
    noise = generator.uniform(-10, 10, (60, 450, 3)).astype(np.float32)
    plane = 150 + cv2.resize(noise, (1800, HEIGHT), interpolation=cv2.INTER_CUBIC)
    plane = plane.clip(0, 255).astype(np.uint8)
    left = 10
    while left < 1740:
        for row in (20, 100, 180):
            top = row + int(generator.integers(-6, 7))
            corners = (left, top), (left + 36, top + 46)
            cv2.rectangle(plane, *corners, (40, 30, 30), -1)
            cv2.rectangle(plane, *corners, (240, 240, 240), 3)
            cv2.line(plane, (left + 18, top), (left + 18, top + 46), (240, 240, 240), 2)
            cv2.line(plane, (left, top + 16), (left + 36, top + 16), (240, 240, 240), 2)
        left += int(generator.integers(50, 90))
    return plane


def test_nothing_is_known_on_one_way_past_equal_windows() -> None:
    scorer, plane = FrameScorer({}, (), history=None), facade()
    known = [
        scorer.score(view(plane, x), None, None, (index + 1) * SECOND // 15).known
        for index, x in enumerate(range(0, 1480, 12))
    ]
    assert max(known) == 0.0


def door(number: str) -> np.ndarray:
    """A door in a corridor of doors that are all alike but for the number on each."""
    noise = np.random.default_rng(3).integers(0, 60, (60, 80, 3), np.uint8)
    picture = 120 + cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    cv2.rectangle(picture, (130, 80), (189, 139), (255, 255, 255), -1)
    cv2.putText(picture, number, (138, 133), 0, 2.2, (0, 0, 0), 6)
    return picture


def content_when_seen_again(first: np.ndarray, second: np.ndarray) -> float:
    """Send a view with a sign, look away, look at another view; return its content."""
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    nothing = labels.copy()
    labels[80:140, 130:190] = 1
    away = np.random.default_rng(8).integers(0, 255, (30, 40, 3), np.uint8)
    away = cv2.resize(away, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    scorer = FrameScorer({"sign": 1.0}, CLASSES, history=None)
    stamp, content = 0, 0.0
    for picture, mask in [(first, labels)] * 8 + [(away, nothing)] * 8 + [(second, labels)] * 12:
        stamp += SECOND // 15
        content = scorer.score(picture, mask, None, stamp).content
        if stamp == 8 * (SECOND // 15):
            assert scorer.mark_sent(stamp)
    return content


def test_doors_that_differ_only_in_their_numbers_are_different_things() -> None:
    assert content_when_seen_again(door("7"), door("7")) < 0.1
    assert content_when_seen_again(door("4"), door("7")) > NEW_CONTENT
    assert content_when_seen_again(door("7"), door("9")) > NEW_CONTENT


def test_an_identical_sign_at_another_place_is_a_new_thing(wall: np.ndarray) -> None:
    here, there = view(wall, 0), view(wall, 1500)
    here[80:140, 130:190] = there[80:140, 130:190] = door("S")[80:140, 130:190]
    assert content_when_seen_again(here, here) < 0.1
    assert content_when_seen_again(here, there) > NEW_CONTENT


def test_a_thing_is_known_in_other_light_from_a_shifted_place(wall: np.ndarray) -> None:
    generator = np.random.default_rng(2)
    first = view(wall, 0)
    second = 0.8 * np.roll(first, (4, 0, 0), (1, 0, 0)) + generator.normal(0, 6, first.shape)
    assert content_when_seen_again(first, second.clip(0, 255).astype(np.uint8)) < 0.1


def test_frames_sent_from_one_place_do_not_fill_the_memory(wall: np.ndarray) -> None:
    memory, tracker = ViewMemory(), PointTracker()
    picture = cv2.cvtColor(view(wall, 0), cv2.COLOR_BGR2GRAY)
    tracker.update(picture)
    memory.visit(picture, tracker.points, ())
    box = np.array([40.0, 40.0, 80.0, 80.0], np.float32)
    for number in [*[7] * 200, *range(200)]:
        memory.note_sent([SeenThing(1, box[:2], box[2:], 1.0, number)], tracker.points)
    (stored,) = memory._views
    assert len(stored.things) == MAX_THINGS


def test_views_are_bounded() -> None:
    memory = ViewMemory()
    generator = np.random.default_rng(0)
    for _ in range(MAX_VIEWS + 20):
        picture = cv2.resize(generator.integers(0, 256, (30, 40), np.uint8), (160, 120))
        tracker = PointTracker()
        tracker.update(picture)
        memory.visit(picture, tracker.points, ())
        assert len(memory) <= MAX_VIEWS


def test_a_picture_without_features_is_survived() -> None:
    memory, tracker = ViewMemory(), PointTracker()
    blank = np.full((HEIGHT, WIDTH), 127, np.uint8)
    tracker.update(blank)
    assert memory.visit(blank, tracker.points, ()).cover == 0.0
    assert len(memory) == 0
