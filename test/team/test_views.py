"""Views in a kilobyte: known again from a little aside, not mistaken for others."""

from __future__ import annotations

import contextlib
import functools

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mininet_ros.keyframes.views import KEPT, View, ViewMemory, describe_view

HEIGHT, WIDTH = 360, 480


@functools.cache
def wall(seed: int) -> np.ndarray:
    """A wide picture with structure of several sizes."""
    random = np.random.default_rng(seed)
    picture = np.zeros((800, 1500), np.float32)
    for grain in (3, 10, 40):
        noise = random.integers(0, 256, (800 // grain, 1500 // grain)).astype(np.float32)
        picture += cv2.resize(noise, (1500, 800), interpolation=cv2.INTER_CUBIC) / 3
    return np.clip(picture, 0, 255).astype(np.uint8)


def part(picture: np.ndarray, left: int, top: int = 200, scale: float = 1.0) -> np.ndarray:
    """What a camera sees of it; a larger scale comes closer."""
    width, height = round(WIDTH / scale), round(HEIGHT / scale)
    cut = picture[top : top + height, left : left + width]
    return cv2.resize(cut, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


@pytest.fixture
def memory():
    """Remembers one view of wall 1, as a mate tells it."""
    memory = ViewMemory()
    told = View.unpack(describe_view(part(wall(1), 300)).pack())
    memory.add(told, 0.0)
    return memory


def test_a_packed_view_is_small():
    view = describe_view(part(wall(1), 300))
    assert len(view.points) > KEPT
    assert len(view.pack()) <= 886


@pytest.mark.parametrize("shift", [0, 20, 60, 120])
def test_the_same_view_from_a_little_aside_is_known(memory, shift):
    assert memory.knows(describe_view(part(wall(1), 300 + shift)), 1.0)


@pytest.mark.parametrize("shift", [240, 400, 700])
def test_a_view_that_is_mostly_new_is_not(memory, shift):
    assert not memory.knows(describe_view(part(wall(1), 300 + shift)), 1.0)


def test_another_wall_is_not_known(memory):
    for seed in range(2, 8):
        assert not memory.knows(describe_view(part(wall(seed), 300)), 1.0)


def test_noise_light_and_another_size_do_not_matter(memory):
    picture = part(wall(1), 310).astype(np.float32)
    noise = np.random.default_rng(3).normal(0, 6, picture.shape)
    changed = np.clip(0.8 * picture + 15 + noise, 0, 255).astype(np.uint8)
    assert memory.knows(describe_view(cv2.resize(changed, (640, 480))), 1.0)


def test_what_is_seen_much_larger_is_worth_sending_again(memory):
    closer = part(wall(1), 340, 230, scale=1.5)
    assert not memory.knows(describe_view(closer), 1.0)


def test_views_are_forgotten_by_age_and_number():
    memory = ViewMemory(capacity=2, max_age_s=10.0)
    views = [describe_view(part(wall(seed), 300)) for seed in range(3)]
    for second, view in enumerate(views):
        memory.add(view, float(second))
    assert [memory.knows(view, 3.0) for view in views] == [False, True, True]
    assert [memory.knows(view, 11.5) for view in views] == [False, False, True]
    assert len(memory) == 1


@pytest.mark.parametrize("shape", [(360, 480, 3), (16, 16), (600, 100, 3)])
def test_a_picture_without_corners_is_a_view_that_nothing_knows(shape):
    view = describe_view(np.full(shape, 128, np.uint8))
    again = View.unpack(view.pack())
    memory = ViewMemory()
    memory.add(again, 0.0)
    assert not memory.knows(view, 0.0)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_with_a_value_error(content):
    with contextlib.suppress(ValueError):
        View.unpack(content)


def test_a_view_of_impossible_shape_is_refused():
    for aspect in (float("nan"), 0.0, 1e9):
        content = View(np.empty((0, 2)), np.empty((0, 20), np.uint8), 1.0).pack()
        spoiled = content[:2] + np.float32(aspect).tobytes() + content[6:]
        with pytest.raises(ValueError, match="no view"):
            View.unpack(spoiled)
