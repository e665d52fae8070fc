"""The command that imports labels: every format, its splits, and what it refuses."""

from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import pytest
from drawn_labels import (
    COUNT,
    HEIGHT,
    WIDTH,
    WRITERS,
    needs_supervision,
    run,
    true_labels,
    write_classes,
    write_coco,
    write_labelme,
)

from mininet_ros.cli.import_labels import FORMATS
from mininet_ros.lab.labels import importing
from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset


def test_every_format_of_the_command_has_a_reader():
    assert set(FORMATS) == set(importing.FORMATS) == set(WRITERS)


@pytest.mark.parametrize("name", FORMATS)
def test_labels_of_every_format_arrive(capsys, tmp_path, name):
    needs_supervision(name)
    source, output = tmp_path / "source", tmp_path / "output"
    WRITERS[name](source)
    arguments = [name, source, "--output", output]
    if name in ("colors", "voc"):
        arguments += ["--classes", write_classes(tmp_path / "classes.yaml")]
    status, out, err = run(capsys, *arguments, "--json")
    assert status == 0, err
    said = json.loads(out)
    assert said["classes"] == ["background", "bolt", "plate"] and said["passed_over"] == 0
    train, val = (open_dataset("folder", output, split) for split in ("train", "val"))
    assert len(train) and len(val) and len(train) + len(val) == COUNT
    assert said["pictures"] == {"train": len(train), "val": len(val)}
    expected = true_labels(2, 1)
    for dataset in (train, val):
        for index in range(len(dataset)):
            found = dataset[index].labels
            # Where exactly an outline lies is the format's own business.
            assert (found != expected).sum() <= 80
            assert found[8, 7] == 2 and found[12, 12] == 1 and found[25, 35] == 0
    assert cv2.imread(str(output / "contact_sheet.png")) is not None


def test_run_length_masks_of_coco(capsys, tmp_path):
    needs_supervision("coco")
    write_coco(tmp_path / "source", run_length=True)
    output = tmp_path / "output"
    status, _, err = run(capsys, "coco", tmp_path / "source", "--output", output, "--rest", "void")
    assert status == 0, err
    dataset = open_dataset("folder", output, "train")
    assert dataset.classes.names == ("bolt", "plate")
    assert (dataset[0].labels == true_labels(1, 0, rest=255)).all()


def test_a_split_stays_when_pictures_are_added(capsys, tmp_path):
    source = tmp_path / "source"
    write_labelme(source)
    run(capsys, "labelme", source, "--output", tmp_path / "first")
    first = {path.name[7:] for path in (tmp_path / "first" / "val" / "images").iterdir()}
    cv2.imwrite(str(source / "a_new.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    content = {"shapes": [], "imagePath": "a_new.png"}
    (source / "a_new.json").write_text(json.dumps(content))
    run(capsys, "labelme", source, "--output", tmp_path / "second")
    second = {path.name[7:] for path in (tmp_path / "second" / "val" / "images").iterdir()}
    assert second - {"a_new.png"} == first


def test_a_broken_picture_is_named_and_the_rest_goes_on(capsys, caplog, tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    write_labelme(source)
    (source / "picture_3.jpg").write_bytes(b"no picture")
    (source / "picture_4.jpg").unlink()
    status, out, _ = run(capsys, "labelme", source, "--output", output, "--json")
    assert status == 0 and json.loads(out)["passed_over"] == 2
    assert "picture_3.jpg" in caplog.text
    assert sum(json.loads(out)["pictures"].values()) == COUNT - 2
    status, _, err = run(capsys, "labelme", source, "--output", output, "--strict")
    assert status == 1 and "--strict" in err


def test_pictures_inside_labelme_files_are_read(capsys, caplog, tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    write_labelme(source)
    pictures = {}
    for file in source.glob("*.json"):
        picture = file.with_suffix(".jpg")
        pictures[picture.name] = picture.read_bytes()
        held = base64.b64encode(pictures[picture.name]).decode()
        if picture.name == "picture_3.jpg":
            held = "damaged"
        file.write_text(json.dumps({**json.loads(file.read_text()), "imageData": held}))
        if picture.name != "picture_4.jpg":
            picture.unlink()
    status, out, _ = run(capsys, "labelme", source, "--output", output, "--json")
    assert status == 0 and json.loads(out)["passed_over"] == 1
    assert "picture_3.jpg cannot be used" in caplog.text
    written = {path.name[7:]: path.read_bytes() for path in output.glob("*/images/*")}
    assert written == {n: p for n, p in pictures.items() if n != "picture_3.jpg"}


@pytest.mark.parametrize(
    ("name", "files", "sentence"),
    [
        ("coco", {}, "holds no JSON file"),
        ("coco", {"a.json": "{", "images/x.jpg": ""}, "is no COCO file"),
        ("yolo", {"images/x.jpg": ""}, "holds no data.yaml"),
        ("yolo", {"data.yaml": "names: [a]"}, "no pictures in a folder images"),
        ("labelme", {}, "holds no JSON files of LabelMe"),
        ("labelme", {"a.json": '{"shapes": [{}]}'}, "is no file of LabelMe"),
        ("voc", {"JPEGImages/x.jpg": ""}, "no folder of label pictures"),
        ("cvat", {"SegmentationClass/x.png": ""}, "no folder of pictures"),
        ("colors", {}, "need --classes"),
    ],
)
def test_what_cannot_be_imported(capsys, tmp_path, name, files, sentence):
    needs_supervision(name)
    source = tmp_path / "source"
    source.mkdir()
    for path, content in files.items():
        (source / path).parent.mkdir(exist_ok=True)
        (source / path).write_text(content)
    output = tmp_path / "output"
    status, _, err = run(capsys, name, source, "--output", output)
    assert status == 1 and sentence in err and err.count("\n") == 1, err
    assert not output.exists()


@pytest.mark.parametrize("name", FORMATS)
def test_a_training_names_the_importer_that_looks_right(capsys, tmp_path, name):
    WRITERS[name](tmp_path / "source")
    with pytest.raises(DatasetError, match=f"import-labels {name} ") as raised:
        open_dataset("folder", tmp_path / "source", "train")
    assert "expected tree" in str(raised.value)


def test_boxes_alone_teach_no_segmentation(capsys, tmp_path):
    needs_supervision("coco")
    source = tmp_path / "source"
    write_coco(source)
    content = json.loads((source / "annotations.json").read_text())
    for annotation in content["annotations"]:
        annotation["segmentation"] = []
    (source / "annotations.json").write_text(json.dumps(content))
    status, _, err = run(capsys, "coco", source, "--output", tmp_path / "output")
    assert status == 1 and "boxes without segmentation" in err


def test_a_missing_library_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "supervision", None)
    write_coco(tmp_path / "source")
    status, _, err = run(capsys, "coco", tmp_path / "source", "--output", tmp_path / "output")
    assert status == 1 and "supervision" in err and "pip install" in err and err.count("\n") == 1
