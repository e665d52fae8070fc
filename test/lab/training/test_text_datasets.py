"""Datasets of text, and how their outlines become labels."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_data import real_data
from tiny_pictures import HEIGHT, WIDTH, grey, write_picture, write_text

from mininet_ros.images.class_tables import SCENE_TEXT
from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset
from mininet_ros.lab.training.data.datasets.icdar2015 import validation_images
from mininet_ros.lab.training.data.datasets.scene_text import TextRegion, draw_regions


@pytest.fixture
def cocotext(tmp_path):
    """Four images in the form of COCO-Text's own: printed, illegible, handwritten, val."""
    annotations = {}

    def annotate(image: int, corners: list, box: list, legibility: str, kind: str) -> None:
        number = len(annotations) + 1
        annotations[str(number)] = {
            "mask": corners,
            "class": kind,
            "bbox": box,
            "image_id": image,
            "id": number,
            "language": "english",
            "area": 1.0,
            "utf8_string": "New",
            "legibility": legibility,
        }

    square = [4.0, 6.0, 9.0, 6.0, 9.0, 12.0, 4.0, 12.0]
    annotate(2, square, [4.0, 6.0, 5.0, 6.0], "legible", "machine printed")
    annotate(2, [], [20.3, 2.3, 6.4, 5.4], "illegible", "machine printed")
    annotate(2, [], [20.3, 15.3, 6.4, 5.4], "legible", "handwritten")
    annotate(3, square, [4.0, 6.0, 5.0, 6.0], "illegible", "machine printed")
    annotate(1, square, [4.0, 6.0, 5.0, 6.0], "legible", "machine printed")
    annotate(5, square, [4.0, 6.0, 5.0, 6.0], "legible", "machine printed")
    images = {}
    for number, split in ((1, "train"), (2, "train"), (3, "train"), (4, "train"), (5, "val")):
        name = f"COCO_train2014_{number:012d}.jpg"
        write_picture(tmp_path / "train2014" / name, grey())
        images[str(number)] = {
            "id": number,
            "set": split,
            "width": WIDTH,
            "height": HEIGHT,
            "file_name": name,
        }
    content = {"cats": {}, "anns": annotations, "imgs": images, "imgToAnns": {}, "info": {}}
    write_text(tmp_path / "cocotext.v2.json", json.dumps(content))
    return tmp_path


@pytest.fixture
def icdar(tmp_path):
    """The 100 validation images, and images 1 to 3."""
    names = sorted(validation_images()) + [f"img_{number}.jpg" for number in (1, 2, 3)]
    encoded = cv2.imencode(".jpg", grey())[1].tobytes()
    for folder in ("images", "gt"):
        (tmp_path / "train" / folder).mkdir(parents=True)
    for name in names:
        (tmp_path / "train" / "images" / name).write_bytes(encoded)
        stem = Path(name).stem
        write_text(tmp_path / "train" / "gt" / f"gt_{stem}.txt", "\ufeff2,3,8,3,8,6,2,6,word\r\n")
    lines = "\ufeff2,3,8,3,8,6,2,6,Ja, nein,2,3\r\n20,10,29,10,29,14,20,14,###\r\n\r\n"
    write_text(tmp_path / "train" / "gt" / "gt_img_2.txt", lines)
    return tmp_path


def test_cocotext_takes_printed_legible_text_and_ignores_other_text(cocotext):
    split = open_dataset("cocotext", cocotext, "train")
    assert [sample.name[-2:] for sample in split] == ["01", "02"]
    assert split.classes == SCENE_TEXT
    labels = split[1].labels
    assert (labels[6:12, 4:9] == 1).all()
    assert (labels == 1).sum() <= 7 * 6
    assert (labels[3:7, 21:26] == 255).all()
    assert (labels[16:20, 21:26] == 255).all()
    assert labels[0, 0] == labels[-1, -1] == labels[13, 4] == 0
    assert len(open_dataset("cocotext", cocotext, "val")) == 1


def test_cocotext_errors_name_the_file(cocotext):
    with pytest.raises(DatasetError, match="no split 'test' with labels"):
        open_dataset("cocotext", cocotext, "test")
    image = cocotext / "train2014" / "COCO_train2014_000000000002.jpg"
    write_picture(image, grey()[:, :20])
    with pytest.raises(DatasetError, match=r"labels of 32x24 pixels, .*0002\.jpg has 20x24"):
        open_dataset("cocotext", cocotext, "train")[1]
    image.unlink()
    with pytest.raises(DatasetError, match=r"000000000002\.jpg does not exist, but"):
        open_dataset("cocotext", cocotext, "train")
    path = cocotext / "cocotext.v2.json"
    content = json.loads(path.read_text())
    content["anns"] = {}
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="no image of split train"):
        open_dataset("cocotext", cocotext, "train")
    for text in ("{", "[]", '{"anns": {"1": {}}, "imgs": {}}'):
        path.write_text(text)
        with pytest.raises(DatasetError, match=r"cocotext\.v2\.json is not COCO-Text's file"):
            open_dataset("cocotext", cocotext, "train")
    path.unlink()
    with pytest.raises(DatasetError, match="(?s)does not exist; expected tree:.*COCO_train2014"):
        open_dataset("cocotext", cocotext, "train")


def test_icdar2015_splits_and_words(icdar):
    training = open_dataset("icdar2015", icdar, "train")
    assert [sample.name for sample in training] == ["img_1", "img_2", "img_3"]
    labels = training[1].labels
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    expected[3:7, 2:9] = 1
    expected[10:15, 20:30] = 255
    assert (labels == expected).all()
    validation = open_dataset("icdar2015", icdar, "val")
    assert {f"{sample.name}.jpg" for sample in validation} == validation_images()


def test_icdar2015_validation_list_follows_its_rule():
    numbers = {number for number in range(1, 1001) if (number - 1) // 10 % 10 == 9}
    assert validation_images() == {f"img_{number}.jpg" for number in numbers}
    assert len(numbers) == 100


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3,4,5,6,7,word", "line 2, must hold eight whole numbers"),
        ("1,2,3,4,5,6,7,x,word", "line 2, must hold eight whole numbers"),
        ("1,2,3", "line 2, must hold eight whole numbers"),
    ],
)
def test_icdar2015_wrong_lines_are_named(icdar, line, message):
    write_text(icdar / "train/gt/gt_img_1.txt", f"\ufeff1,1,2,1,2,2,1,2,a\n{line}\n")
    with pytest.raises(DatasetError, match=message) as error:
        open_dataset("icdar2015", icdar, "train")[0]
    assert "gt_img_1.txt" in str(error.value)


def test_icdar2015_wrong_trees_are_named(icdar):
    with pytest.raises(DatasetError, match="no split 'dev'"):
        open_dataset("icdar2015", icdar, "dev")
    with pytest.raises(
        DatasetError, match=r"(?s)test/images does not exist; expected tree:.*x1,y1"
    ):
        open_dataset("icdar2015", icdar, "test")
    (icdar / "train/gt/gt_img_3.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DatasetError, match=r"gt_img_3\.txt is not a readable UTF-8 file"):
        open_dataset("icdar2015", icdar, "train")[2]
    (icdar / "train/gt/gt_img_3.txt").unlink()
    with pytest.raises(DatasetError, match=r"img_3\.jpg has no labels"):
        open_dataset("icdar2015", icdar, "train")
    (icdar / "train/images/img_3.jpg").unlink()
    for folder in ("images/img_{}.jpg", "gt/gt_img_{}.txt"):
        (icdar / "train" / folder.format(191)).unlink()
    with pytest.raises(DatasetError, match=r"lacks 1 of the 100 validation images, img_191\.jpg"):
        open_dataset("icdar2015", icdar, "val")
    assert len(open_dataset("icdar2015", icdar, "train")) == 2
    for number in (1, 2):
        (icdar / f"train/images/img_{number}.jpg").unlink()
        (icdar / f"train/gt/gt_img_{number}.txt").unlink()
    with pytest.raises(DatasetError, match="holds no image of split train"):
        open_dataset("icdar2015", icdar, "train")


quadrilaterals = st.lists(
    st.tuples(st.integers(-50, 80), st.integers(-50, 70)), min_size=4, max_size=4
)


@settings(max_examples=100, deadline=None)
@given(corners=quadrilaterals)
def test_words_that_leave_the_picture_are_drawn_as_if_it_went_on(corners):
    """At the border nothing may change: the same word on a larger picture, cut out."""
    array = np.array(corners, float)
    drawn = draw_regions([TextRegion(array, True)], WIDTH, HEIGHT)
    margin = 100
    larger = draw_regions(
        [TextRegion(array + margin, True)], WIDTH + 2 * margin, HEIGHT + 2 * margin
    )
    assert (drawn == larger[margin : margin + HEIGHT, margin : margin + WIDTH]).all()


@settings(max_examples=100, deadline=None)
@given(
    center=st.tuples(st.floats(-5, 37), st.floats(-5, 29)),
    size=st.tuples(st.floats(1, 20), st.floats(1, 12)),
    angle=st.floats(0, 3.1),
)
def test_drawn_words_cover_the_pixels_whose_centres_they_hold(center, size, angle):
    """Against the half-planes of a rectangle."""
    along, across = (
        np.array([np.cos(angle), np.sin(angle)]),
        np.array([-np.sin(angle), np.cos(angle)]),
    )
    half = np.array(size) / 2
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    corners = np.array(center) + (signs * half) @ np.array([along, across])
    drawn = draw_regions([TextRegion(corners, True)], WIDTH, HEIGHT)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    offset = np.stack([x, y], axis=-1) - np.array(center)
    outside = np.maximum(np.abs(offset @ along) - half[0], np.abs(offset @ across) - half[1])
    assert (drawn[outside < -1e-6] == 1).all()
    assert (drawn[outside > 1e-6] == 0).all()


def test_words_fill_the_borders_rows_and_columns():
    whole = np.array([(-3, -2), (WIDTH + 5, -2), (WIDTH + 5, HEIGHT + 9), (-3, HEIGHT + 9)], float)
    assert (draw_regions([TextRegion(whole, True)], WIDTH, HEIGHT) == 1).all()
    right = np.array([(28, 5), (31, 5), (31, 23), (28, 23)], float)
    drawn = draw_regions([TextRegion(right, True)], WIDTH, HEIGHT)
    assert (drawn[5:, 28:] == 1).all()
    assert drawn.sum() == 19 * 4
    beyond = np.array([(40, 2), (50, 2), (50, 9), (40, 9)], float)
    assert not draw_regions([TextRegion(beyond, True)], WIDTH, HEIGHT).any()


def test_text_wins_over_what_is_ignored():
    square = np.array([(2, 2), (9, 2), (9, 9), (2, 9)], float)
    for order in (1, -1):
        regions = [TextRegion(square, True), TextRegion(square + 4, False)][::order]
        drawn = draw_regions(regions, WIDTH, HEIGHT)
        assert (drawn[2:10, 2:10] == 1).all()
        assert drawn[12, 12] == 255


def test_real_icdar2015():
    root = real_data("data/icdar2015")
    training, validation = (open_dataset("icdar2015", root, split) for split in ("train", "val"))
    assert (len(training), len(validation)) == (900, 100)
    shares = np.zeros(256)
    for _, words in validation.pairs:
        shares += np.bincount(words.read(1280, 720).ravel(), minlength=256) / (1280 * 720)
    shares /= len(validation)
    assert set(np.flatnonzero(shares)) == {0, 1, 255}
    assert 0.02 < shares[1] + shares[255] < 0.03
