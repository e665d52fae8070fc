"""Forms of COCO, YOLO and LabelMe that tools write, and objects that are not known."""

from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import pytest
from drawn_labels import (
    HEIGHT,
    SQUARE,
    WIDTH,
    box_outline,
    coco_of,
    corners,
    labels_by_picture,
    needs_supervision,
    pictures,
    run,
    true_labels,
    write_labelme,
    write_yolo,
)


def test_forms_of_coco_that_tools_write(capsys, tmp_path):
    needs_supervision("coco")
    ring = true_labels(1, 0)
    counts = np.diff([0, *(np.flatnonzero(np.diff(ring.ravel(order="F"))) + 1), ring.size])
    objects = [
        (0, 90, [box_outline(SQUARE)]),
        (1, 90, box_outline(SQUARE)),  # one outline without the list around it
        (2, 90, {"size": [HEIGHT, WIDTH], "counts": counts.tolist()}),  # with a hole
        (3, 90, [box_outline(SQUARE), box_outline((30, 20, 35, 25))]),  # of two parts
    ]
    names = ["left/a.png", "left/b.png", "right/c.png", "d.png"]
    content = coco_of(tmp_path / "source", names, objects, folder="train2017")
    (tmp_path / "source" / "annotations").mkdir()
    file = tmp_path / "source" / "annotations" / "instances_train2017.json"
    file.write_text(json.dumps(content))
    status, _, err = run(capsys, "coco", file, "--output", tmp_path / "output")
    assert status == 0, err
    found = labels_by_picture(tmp_path / "output")
    plain, parts = true_labels(1, 1), true_labels(1, 1)
    parts[20:26, 30:36] = 1
    for name, expected in {"a": plain, "b": plain, "c": ring, "d": parts}.items():
        assert (found[name] == expected).all(), name


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([(0, 90, [])], "without an outline"),
        ([(0, 5, [box_outline(SQUARE)])], "category 5"),
        ([(0, 90, [[1.0, 2.0, 3.0]])], "cannot be read"),
    ],
)
def test_a_picture_whose_objects_are_not_known_teaches_no_background(
    capsys, caplog, tmp_path, objects, sentence
):
    needs_supervision("coco")
    others = [(number, 90, [box_outline(SQUARE)]) for number in (1, 2, 3)]
    content = coco_of(tmp_path / "source", ["0.png", "1.png", "2.png", "3.png"], objects + others)
    (tmp_path / "source" / "labels.json").write_text(json.dumps(content))
    status, out, err = run(
        capsys, "coco", tmp_path / "source", "--output", tmp_path / "output", "--json"
    )
    assert status == 0, err
    assert json.loads(out)["passed_over"] == 1 and sentence in caplog.text
    assert set(labels_by_picture(tmp_path / "output")) == {"1", "2", "3"}


def test_boxes_of_yolo_teach_no_segmentation(capsys, caplog, tmp_path):
    needs_supervision("yolo")
    source = tmp_path / "source"
    write_yolo(source)
    (source / "labels" / "train" / "picture_3.txt").write_text("0 0.5 0.5 0.2 0.2")
    (source / "labels" / "train" / "picture_4.txt").write_text("9 0.1 0.1 0.5 0.1 0.5 0.5")
    status, out, _ = run(capsys, "yolo", source, "--output", tmp_path / "output", "--json")
    assert status == 0 and json.loads(out)["passed_over"] == 2
    assert "picture_3.txt hold an object without an outline" in caplog.text
    assert "picture_4" in caplog.text and "class_id 9" in caplog.text
    assert not {"picture_3", "picture_4"} & set(labels_by_picture(tmp_path / "output"))


def test_shapes_of_labelme(capsys, tmp_path):
    source = tmp_path / "source"
    left, top, right, bottom = SQUARE
    mask = np.full((bottom - top + 1, right - left + 1), 255, np.uint8)
    png = base64.b64encode(cv2.imencode(".png", mask)[1].tobytes()).decode()
    ends = [[left, top], [right, bottom]]
    shapes = {
        "polygon": corners(SQUARE),
        "oriented_rectangle": corners(SQUARE),
        "rectangle": ends[::-1],
        "mask": ends,
    }
    names = pictures(source / "pictures", ".png")
    for name, (kind, points) in zip(names, shapes.items(), strict=False):
        found = [
            {"label": "plate", "points": points, "shape_type": kind, "mask": png},
            {"label": "seam", "points": [[0, 0], [39, 29]], "shape_type": "line"},
        ]
        path = source / "labels" / f"{kind}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"shapes": found, "imagePath": f"..\\pictures\\{name}.png"}))
    (source / "settings.json").write_text("{}")
    output = tmp_path / "output"
    status, out, err = run(capsys, "labelme", source, "--output", output, "--json")
    assert status == 0, err
    assert json.loads(out)["classes"] == ["background", "plate"]
    assert json.loads(out)["passed_over"] == 1  # settings.json
    assert [
        (labels == true_labels(1, 1)).all() for labels in labels_by_picture(output).values()
    ] == [True] * len(shapes)


def test_a_shape_of_labelme_that_is_not_known(capsys, caplog, tmp_path):
    source = tmp_path / "source"
    write_labelme(source)
    content = json.loads((source / "picture_2.json").read_text())
    content["shapes"][0]["shape_type"] = "spline"
    (source / "picture_2.json").write_text(json.dumps(content))
    status, out, _ = run(capsys, "labelme", source, "--output", tmp_path / "output", "--json")
    assert status == 0 and json.loads(out)["passed_over"] == 1
    assert "picture_2.json cannot be used: it holds a spline" in caplog.text
