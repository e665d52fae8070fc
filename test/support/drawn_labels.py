"""Labels in the forms of other tools, drawn small enough to know every pixel."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from mininet_ros import cli

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
            segmentation = [box_outline(box)]
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
