"""A user's own labelled images: a folder of images, one of label images, a file of classes."""

from __future__ import annotations

from pathlib import Path

from mininet_ros.images.class_tables import read_class_table, read_yaml
from mininet_ros.images.label_pictures import LabelRules
from mininet_ros.lab.training.data.datasets.labelled_images import (
    IMAGE_SUFFIXES,
    DatasetError,
    LabelledImages,
    LabelPicture,
    find_files,
    pair_files,
)
from mininet_ros.lab.training.data.datasets.other_layouts import importer_for

CLASSES = "classes.yaml"
LICENCE_NOT_STATED = "not stated"
EXPECTED_TREE = f"""\
DIR/
  {CLASSES}                                 classes: [{{name: road, color: [128, 64, 128]}}, ...]
                                               licence: of your images (optional)
  train/images/<name>.png  (or .jpg, ...)      pictures to learn from
  train/labels/<name>.png                      one 8-bit channel: 0 for the first class of
                                               {CLASSES}, 1 for the next, ..., 255 for void;
                                               or the classes' colours, black for void
  val/images/...  val/labels/...               pictures to choose the best weights by"""


def open_folder(root: Path, split: str) -> LabelledImages:
    """Open one split of a user's own labelled images; each folder at ``classes.yaml`` is a split.

    Raises:
        DatasetError: the files under ``root`` have another layout.
        ValueError: ``classes.yaml`` does not contain classes.
    """
    path = root / CLASSES
    if not path.is_file():
        other = importer_for(root)
        hint = (
            f" (this looks like labels of another tool: try `mininet_ros import-labels {other} "
            f"{root} --output DIR`)"
            if other
            else ""
        )
        raise DatasetError(f"{path} does not exist{hint}; expected tree:\n{EXPECTED_TREE}")
    classes = read_class_table(str(path))
    licence = read_yaml(path.read_bytes()).get("licence", LICENCE_NOT_STATED)
    images = find_files(root / split / "images", "*", _stem_of_image, EXPECTED_TREE)
    labels = find_files(root / split / "labels", "*.png", lambda path: path.stem, EXPECTED_TREE)
    rules = LabelRules(tuple(range(len(classes.names))), classes.colors)
    pairs = tuple(
        (image, LabelPicture(path, rules)) for _, image, path in pair_files(images, labels)
    )
    return LabelledImages(root.resolve().name, split, str(licence), classes, pairs)


def _stem_of_image(path: Path) -> str | None:
    return path.stem if path.suffix.lower() in IMAGE_SUFFIXES else None
