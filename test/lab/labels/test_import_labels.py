"""Labels of other tools, drawn small enough to know every pixel, in our folder layout."""

from __future__ import annotations

import base64
import json

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from mininet_ros import cli
from mininet_ros.cli.import_labels import FORMATS
from mininet_ros.lab.labels import importing
from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset

WIDTH, HEIGHT, COUNT = 40, 30, 12
SQUARE = (5, 6, 20, 18)  # left, top, right, bottom of an object
SMALL = (10, 10, 14, 14)  # another one on top of it


def needs_supervision(name):
    if name in ("coco", "yolo"):
        pytest.importorskip("supervision", reason="reading COCO and YOLO needs supervision")


def run(capsys, *arguments):
    status = cli.main(["import-labels", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def corners(box):
    left, top, right, bottom = box
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def pictures(folder, suffix=".jpg"):
    folder.mkdir(parents=True)
    random = np.random.default_rng(1)
    names = [f"picture_{number}" for number in range(COUNT)]
    for name in names:
        image = random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{name}{suffix}"), image)
    return names


def write_coco(root, run_length=False):
    names = pictures(root / "images")
    annotations = []
    for number in range(COUNT):
        for category, box in ((7, SQUARE), (3, SMALL)):
            segmentation = [[float(value) for point in corners(box) for value in point]]
            if run_length:
                mask = np.zeros((HEIGHT, WIDTH), np.uint8)
                mask[box[1] : box[3] + 1, box[0] : box[2] + 1] = 1
                flat = mask.ravel(order="F")
                ends = np.flatnonzero(np.diff(flat)) + 1
                counts = np.diff([0, *ends, len(flat)]).tolist()
                segmentation = {"size": [HEIGHT, WIDTH], "counts": counts}
            annotations.append(
                {
                    "id": len(annotations),
                    "image_id": number,
                    "category_id": category,
                    "segmentation": segmentation,
                    "iscrowd": int(run_length),
                    "area": 1,
                    "bbox": [box[0], box[1], box[2] - box[0], box[3] - box[1]],
                }
            )
    content = {
        "images": [
            {"id": n, "file_name": f"{name}.jpg", "width": WIDTH, "height": HEIGHT}
            for n, name in enumerate(names)
        ],
        "categories": [{"id": 3, "name": "bolt"}, {"id": 7, "name": "plate"}],
        "annotations": annotations,
    }
    (root / "annotations.json").write_text(json.dumps(content))


def write_yolo(root):
    names = pictures(root / "images" / "train")
    (root / "labels" / "train").mkdir(parents=True)
    (root / "data.yaml").write_text(yaml.safe_dump({"names": {0: "bolt", 1: "plate"}}))
    for name in names:
        lines = []
        for number, box in ((1, SQUARE), (0, SMALL)):
            points = [f"{x / WIDTH} {y / HEIGHT}" for x, y in corners(box)]
            lines.append(f"{number} {' '.join(points)}")
        (root / "labels" / "train" / f"{name}.txt").write_text("\n".join(lines))


def write_labelme(root):
    for name in pictures(root):
        shapes = [
            {"label": "plate", "points": corners(SQUARE), "shape_type": "polygon"},
            {
                "label": "bolt",
                "points": [[SMALL[0], SMALL[1]], [SMALL[2], SMALL[3]]],
                "shape_type": "rectangle",
            },
            {"label": "bolt", "points": [[1, 1]], "shape_type": "point"},
        ]
        content = {"shapes": shapes, "imagePath": f"{name}.jpg", "imageData": None}
        (root / f"{name}.json").write_text(json.dumps(content))


def true_labels(plate, bolt, rest=0):
    labels = np.full((HEIGHT, WIDTH), rest, np.uint8)
    for (left, top, right, bottom), number in ((SQUARE, plate), (SMALL, bolt)):
        labels[top : bottom + 1, left : right + 1] = number
    return labels


CVAT = {"background": (0, 0, 0), "bolt": (10, 200, 30), "plate": (200, 10, 30)}


def write_pictures_of_labels(root, folder_names, as_palette):
    names = pictures(root / folder_names[0], ".png")
    (root / folder_names[1]).mkdir()
    palette = np.array(list(CVAT.values()), np.uint8)
    labels = true_labels(2, 1)
    for name in names:
        path = root / folder_names[1] / f"{name}.png"
        if as_palette:
            picture = Image.fromarray(labels, "P")
            picture.putpalette(palette.ravel().tolist())
            picture.save(path)
        else:
            cv2.imwrite(str(path), palette[labels][..., ::-1])


def write_cvat(root):
    write_pictures_of_labels(root, ("JPEGImages", "SegmentationClass"), as_palette=False)
    lines = ["# label:color_rgb:parts:actions"]
    lines += [f"{name}:{r},{g},{b}::" for name, (r, g, b) in CVAT.items()]
    (root / "labelmap.txt").write_text("\n".join(lines))


def write_voc(root):
    write_pictures_of_labels(root, ("JPEGImages", "SegmentationClass"), as_palette=True)


def write_colors(root):
    write_pictures_of_labels(root, ("images", "labels"), as_palette=False)


def write_classes(path):
    rows = [{"name": name, "color": list(color)} for name, color in CVAT.items()]
    path.write_text(yaml.safe_dump({"classes": rows}))
    return path


WRITERS = {
    "coco": write_coco,
    "yolo": write_yolo,
    "labelme": write_labelme,
    "cvat": write_cvat,
    "voc": write_voc,
    "colors": write_colors,
}


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


def coco_of(root, pictures_of, objects, folder="images"):
    """A COCO file of these pictures' names, and of (picture, category, segmentation) each."""
    random = np.random.default_rng(2)
    images = []
    for number, name in enumerate(pictures_of):
        path = root / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8))
        # Numbers with gaps, as they are after some pictures were deleted.
        images.append({"id": 900 + 7 * number, "file_name": name, "width": WIDTH, "height": HEIGHT})
    annotations = [
        {"id": n, "image_id": 900 + 7 * image, "category_id": category, "segmentation": outline}
        for n, (image, category, outline) in enumerate(objects)
    ]
    categories = [{"id": 90, "name": "plate"}, {"id": 3, "name": "bolt"}]
    return {"images": images, "annotations": annotations, "categories": categories}


def box_outline(box):
    return [float(value) for point in corners(box) for value in point]


def labels_by_picture(folder):
    return {
        path.stem[7:]: cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        for path in folder.glob("*/labels/*.png")
    }


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
