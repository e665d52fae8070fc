"""Label pictures in every form that annotation tools write, and what is said of the others."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image

from mininet_ros.images.encodings import ImageError
from mininet_ros.images.label_pictures import LabelRules, is_label_picture, read_label_picture

COLORS = ((10, 20, 30), (200, 0, 0), (0, 200, 0))
RULES = LabelRules((0, 1, 2), COLORS)
IDS = np.array([[0, 1, 2, 255], [2, 2, 1, 0]], np.uint8)


def with_void(palette):
    return [*(value for color in palette for value in color), *[0] * (3 * (256 - len(palette)))]


def save(path, array, mode=None, palette=None, **options):
    image = Image.fromarray(array)
    if mode is not None:
        image = Image.frombytes(mode, image.size, array.tobytes())
    if palette is not None:
        image.putpalette(palette)
    image.save(path, **options)
    return path


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("name", ["labels.png", "LABELS.PNG"])
def test_palettes_that_agree_are_read_by_index(tmp_path, bits, name):
    ids = IDS if bits == 8 else np.minimum(IDS, 2)
    path = save(tmp_path / name, ids, "P", with_void(COLORS), bits=bits)
    np.testing.assert_array_equal(read_label_picture(path, RULES), ids)


def test_two_classes_of_one_colour_are_told_apart_by_index(tmp_path):
    rules = LabelRules((0, 1), ((5, 5, 5), (5, 5, 5)))
    ids = np.array([[0, 1]], np.uint8)
    path = save(tmp_path / "a.png", ids, "P", with_void(rules.colors))
    np.testing.assert_array_equal(read_label_picture(path, rules), ids)


def test_a_grey_palette_is_read_by_index(tmp_path):
    path = save(tmp_path / "a.png", IDS, "P", with_void([(value,) * 3 for value in range(256)]))
    np.testing.assert_array_equal(read_label_picture(path, RULES), IDS)


def test_a_palette_in_another_order_is_read_by_its_colours(tmp_path):
    path = save(tmp_path / "a.png", IDS[:, :3], "P", with_void(COLORS[::-1]))
    np.testing.assert_array_equal(read_label_picture(path, RULES), 2 - IDS[:, :3].clip(0, 2))


def test_a_palette_of_other_colours_is_refused_with_its_colours(tmp_path):
    path = save(tmp_path / "a.png", IDS, "P", with_void([(1, 2, 3), (4, 5, 6), (7, 8, 9)]))
    with pytest.raises(ImageError, match=r"\(7, 8, 9\) in 3 pixels, \(1, 2, 3\) in 2 pixels"):
        read_label_picture(path, RULES)


@pytest.mark.parametrize("alpha", [False, True])
def test_colours_are_mapped_and_black_is_void(tmp_path, alpha):
    palette = np.zeros((256, 3), np.uint8)
    palette[:3] = COLORS
    rgb = palette[IDS]
    picture = np.dstack([rgb, np.full(IDS.shape, 255, np.uint8)]) if alpha else rgb
    path = save(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(read_label_picture(path, RULES), IDS)


def test_unknown_colours_are_named_with_their_count(tmp_path):
    rgb = np.full((4, 5, 3), COLORS[0], np.uint8)
    rgb[0] = (9, 9, 8)
    rgb[1, 0] = (7, 7, 6)
    path = save(tmp_path / "a.png", rgb)
    with pytest.raises(ImageError, match=r"\(9, 9, 8\) in 5 pixels, \(7, 7, 6\) in 1 pixels"):
        read_label_picture(path, RULES)


def test_three_equal_channels_are_ids(tmp_path):
    path = save(tmp_path / "a.png", np.dstack([IDS] * 3))
    np.testing.assert_array_equal(read_label_picture(path, RULES), IDS)


def test_one_bit_masks_are_0_and_1(tmp_path):
    mask = np.array([[True, False, True]])
    Image.fromarray(mask).save(tmp_path / "a.png", bits=1)
    found = read_label_picture(tmp_path / "a.png", LabelRules((0, 1)))
    np.testing.assert_array_equal(found, [[1, 0, 1]])


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (np.full((2, 3), 7, np.uint8), r"holds label 7 \(6 pixels\), but labels go from 0 to 2"),
        (np.full((2, 3), 7, np.uint16), "has uint16 values: save it with 8 bits"),
    ],
)
def test_what_is_no_label_is_named(tmp_path, picture, sentence):
    assert cv2.imwrite(str(tmp_path / "a.png"), picture)
    with pytest.raises(ImageError, match=sentence):
        read_label_picture(tmp_path / "a.png", RULES)


@pytest.mark.parametrize("cut", [30, 60, 75])
def test_cut_off_palettes_are_refused(tmp_path, cut):
    path = save(tmp_path / "a.png", IDS, "P", with_void(COLORS))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ImageError):
        read_label_picture(path, RULES)


def test_names_of_label_pictures(tmp_path):
    names = ("a.png", "b.PNG", "._a.png", "c.jpg")
    assert [is_label_picture(tmp_path / name) for name in names] == [True, True, False, False]
