"""Classes that cannot be learned or judged are told before the first step, with what to do."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from tiny_pictures import grey, labels_of, write_picture, write_text

pytest.importorskip("torch", reason="needs the extra train")

from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset
from mininet_ros.lab.training.data.missing_classes import warn_of_missing_classes
from mininet_ros.lab.training.data.stored_images import StoredImages


@pytest.fixture
def own(tmp_path):
    root = tmp_path / "own pictures"
    write_text(root / "classes.yaml", "classes: [{name: floor, color: [1, 2, 3]}, "
               "{name: box, color: [4, 5, 6]}]")  # fmt: skip
    for split in ("train", "val"):
        write_picture(root / split / "images" / "a.png", grey())
        write_picture(root / split / "labels" / "a.png", labels_of(0, 1, 255))
    return root


def warnings(root, caplog):
    splits = (open_dataset("folder", root, split) for split in ("train", "val"))
    warn_of_missing_classes(*(StoredImages(split, lambda sample: sample) for split in splits))
    return caplog.text


def test_nothing_is_said_where_every_class_is_there(own, caplog):
    assert warnings(own, caplog) == ""


@pytest.mark.parametrize(("without", "other"), [("train", "val"), ("val", "train")])
def test_the_command_brings_the_class(own, caplog, without, other):
    write_picture(own / without / "labels" / "a.png", labels_of(0))
    write_picture(own / other / "images" / "b.JPG", grey())
    write_picture(own / other / "labels" / "b.png", labels_of(0, 1))
    (own / other / "labels" / "a.png").unlink()
    (own / other / "images" / "a.png").unlink()
    text = warnings(own, caplog)
    assert f"class box has no labelled pixel in own pictures {without} (1 images)" in text
    assert f"mv '{own}/{other}/images/b.JPG' '{own}/{without}/images'" in text
    assert f"mv '{own}/{other}/labels/b.png' '{own}/{without}/labels'" in text


def test_masks_of_0_and_255_are_explained(own, caplog):
    for split in ("train", "val"):
        write_picture(own / split / "labels" / "a.png", labels_of(0, 255))
    text = warnings(own, caplog)
    assert "no other picture shows it either" in text
    assert "hold 0 and 255 only" in text and "(cv2.imread(p, -1) > 127)" in text


def test_labels_in_capital_letters_and_of_one_bit(own, caplog):
    for split in ("train", "val"):
        (own / split / "labels" / "a.png").unlink()
        mask = labels_of(0, 1).astype(bool)
        Image.fromarray(mask).save(own / split / "labels" / "a.PNG", bits=1)
        (own / split / "labels" / "._a.PNG").write_bytes(b"what macOS leaves behind")
    assert warnings(own, caplog) == ""


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation]) + bytes(7)
    exif = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def test_labels_of_a_picture_that_was_shown_turned(own, caplog):
    (own / "train/images/a.png").unlink()
    jpeg = cv2.imencode(".jpg", grey())[1].tobytes()
    (own / "train/images/a.jpg").write_bytes(with_orientation(jpeg, 6))
    sample = open_dataset("folder", own, "train")[0]
    assert sample.image.shape[:2] == sample.labels.shape
    assert "has EXIF orientation 6, which is not obeyed" in caplog.text
    write_picture(own / "train/labels/a.png", np.ascontiguousarray(labels_of(0, 1).T))
    with pytest.raises(DatasetError, match="EXIF orientation 6 asks to be shown turned"):
        open_dataset("folder", own, "train")[0]
