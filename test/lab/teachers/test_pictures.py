"""Photos cut to the shape that a network learns from."""

from __future__ import annotations

import random

import cv2
import numpy as np
import pytest

from mininet_ros.lab.teachers.pictures import main, window


def write_photos(folder, count, width, height):
    """Write photos each of one colour; return the colours."""
    folder.mkdir()
    colours = [(20 * index, 255 - 20 * index, 7) for index in range(count)]
    for index, colour in enumerate(colours):
        photo = np.full((height, width, 3), colour, np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), photo)
    return colours


def read_all(folder):
    return [cv2.imread(str(path)) for path in sorted(folder.glob("*.png"))]


@pytest.mark.parametrize(("width", "height"), [(90, 30), (30, 90), (40, 30), (200, 160)])
def test_a_window_is_as_large_as_the_photo_allows_and_not_distorted(width, height):
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    photo = np.dstack([across, down, across]).astype(np.uint8)
    cut = window(photo, (40, 30), random.Random(1)).astype(int)
    assert cut.shape == (30, 40, 3)
    spans = np.ptp(cut[..., 0]) / 39, np.ptp(cut[..., 1]) / 29
    scale = min(width / 40, height / 30)
    assert spans == pytest.approx((scale, scale), rel=0.1)


def test_each_photo_gives_as_many_pictures_as_windows(tmp_path):
    colours = write_photos(tmp_path / "in", 3, 50, 20)
    arguments = ["--width", "16", "--height", "12", "--windows", "2", "--output"]
    assert main([str(tmp_path / "in"), *arguments, str(tmp_path / "out")]) == 0
    seen = sorted(tuple(picture[5, 5]) for picture in read_all(tmp_path / "out"))
    assert seen == sorted(2 * colours)


def test_a_grid_holds_four_photos_and_leaves_out_what_does_not_fill_one(tmp_path):
    write_photos(tmp_path / "in", 7, 50, 20)
    arguments = ["--width", "16", "--height", "12", "--grid", "2", "--output"]
    assert main([str(tmp_path / "in"), *arguments, str(tmp_path / "out")]) == 0
    (picture,) = read_all(tmp_path / "out")
    assert picture.shape == (12, 16, 3)
    assert len({tuple(picture[y, x]) for y in (2, 9) for x in (3, 12)}) == 4


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("Seq05VD_f00000.png", (), "for measuring alone"),
        ("a.png", ("--grid", "2"), "1 photos do not fill a picture"),
        ("a.png", ("--windows", "0"), "must be 1 or more"),
        ("a.txt", (), "holds no picture"),
    ],
)
def test_what_does_not_fit_gets_a_sentence_and_leaves_nothing(
    tmp_path, capsys, name, options, sentence
):
    folder = tmp_path / "in"
    folder.mkdir()
    content = cv2.imencode(".png", np.zeros((20, 30, 3), np.uint8))[1].tobytes()
    (folder / name).write_bytes(content)
    assert main([str(folder), *options, "--output", str(tmp_path / "out")]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
