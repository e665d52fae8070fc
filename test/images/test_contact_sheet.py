"""Contact sheets for people."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.images.drawing import BACKGROUND, CAPTION_HEIGHT, contact_sheet

CAPTION = "12.6 s: best of window, quality 0.34, content 1.85"


@pytest.mark.parametrize(
    "caption", ["12.6 s: best of window, quality 0.34, content 1.85", "x" * 200]
)
def test_a_long_caption_stays_above_its_own_tile(caption):
    tiles = [np.zeros((90, 320, 3), np.uint8)] * 2
    sheet = contact_sheet(tiles, [caption, ""], 2)
    assert (sheet[:CAPTION_HEIGHT, :320] != BACKGROUND).any()
    assert (sheet[:CAPTION_HEIGHT, 320:] == BACKGROUND).all()


def test_a_caption_that_fits_is_written_to_its_end():
    tiles = [np.zeros((90, 320, 3), np.uint8)]
    whole = contact_sheet(tiles, [CAPTION], 1)[:CAPTION_HEIGHT]
    shorter = contact_sheet(tiles, [CAPTION[:-1]], 1)[:CAPTION_HEIGHT]
    assert (whole != shorter).any()
