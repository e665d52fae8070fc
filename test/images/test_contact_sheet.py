"""Contact sheets for people."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.images.drawing import BACKGROUND, CAPTION_HEIGHT, contact_sheet, with_legend

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


def test_a_caption_of_two_lines_stays_above_its_tile():
    tiles = [np.full((90, 320, 3), 200, np.uint8)] * 2
    sheet = contact_sheet(tiles, ["one\ntwo", "one"], 2)
    assert sheet.shape == (90 + 2 * CAPTION_HEIGHT, 640, 3)
    assert (sheet[CAPTION_HEIGHT : 2 * CAPTION_HEIGHT, :320] != BACKGROUND).any()
    assert (sheet[CAPTION_HEIGHT : 2 * CAPTION_HEIGHT, 320:] == BACKGROUND).all()
    assert (sheet[2 * CAPTION_HEIGHT :] == 200).all()


def test_a_legend_lies_below_the_picture():
    table = ClassTable(("road", "sky"), ((128, 64, 128), (1, 200, 3)))
    sheet = with_legend(np.zeros((50, 300, 3), np.uint8), table)
    assert (sheet[:50] == 0).all() and sheet.shape[1] == 300
    assert (sheet[50:] == (3, 200, 1)).all(axis=-1).any()
