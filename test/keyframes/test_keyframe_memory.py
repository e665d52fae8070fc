"""A view that was seen before is known when the camera comes back, with what was sent of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes import FrameScorer
from mininet_ros.keyframes.cues.memory import MAX_VIEWS, ViewMemory
from mininet_ros.keyframes.cues.motion import PointTracker
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


def test_another_place_is_not_known(wall: np.ndarray) -> None:
    memory, tracker = ViewMemory(), PointTracker()
    for x in range(0, 1000, 250):
        picture = cv2.cvtColor(view(wall, x), cv2.COLOR_BGR2GRAY)
        tracker.update(picture)
        memory.visit(picture, tracker.points, ())
    other = cv2.cvtColor(view(wall[:, ::-1], 100), cv2.COLOR_BGR2GRAY)
    tracker.update(other)
    assert memory.visit(other, tracker.points, ()).cover == 0.0


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
