"""The most different looking pictures of a stream."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.images.different import DifferentPictures


def grey(level: float) -> np.ndarray:
    return np.full((48, 64, 3), level, np.uint8)


def kept(levels, limit):
    pictures = DifferentPictures(limit)
    gone = [pictures.add(grey(level), place) for place, level in enumerate(levels)]
    return pictures.items, [item for item in gone if item is not None]


def test_a_scene_that_rests_counts_once():
    items, _ = kept([100] * 50 + [20] * 3 + [240] * 30, 3)
    assert items == [0, 50, 53]


def test_pictures_are_spread_over_a_slow_change():
    items, gone = kept(range(0, 200), 4)
    assert items[0] == 0 and len(items) == 4
    assert min(np.diff(items)) > 20
    assert sorted(items + gone) == list(range(200))


def test_there_are_no_more_than_wanted_at_any_time():
    pictures = DifferentPictures(2)
    for place in range(10):
        pictures.add(grey(25 * place), place)
        assert len(pictures) <= 2


@pytest.mark.parametrize("limit", [1, 5])
def test_a_short_stream_is_kept_whole(limit):
    assert kept([7] * limit, limit) == (list(range(limit)), [])


def test_one_picture_is_the_first():
    assert kept([7, 200, 7], 1)[0] == [0]
