"""CamVid with 11 classes in the layout of the SegNet tutorial."""

from __future__ import annotations

from pathlib import Path

from mininet_ros.training.classes import CAMVID, IGNORE_LABEL
from mininet_ros.training.datasets.labelled_images import (
    DatasetError,
    LabelledImages,
    LabelPicture,
    find_files,
    pair_files,
)

SPLITS = ("train", "val", "test")
CLASS_IDS = (*range(len(CAMVID.names)), IGNORE_LABEL)
LICENCE = "CC BY-NC 4.0"
EXPECTED_TREE = """\
DIR/
  train/*.png    trainannot/*.png    images, and labels 0-10 with 11 for void, of equal names
  val/*.png      valannot/*.png
  test/*.png     testannot/*.png"""


def open_camvid(root: Path, split: str) -> LabelledImages:
    """One split of CamVid.

    Raises:
        DatasetError: no such split, or the tree under ``root`` is not the expected one.
    """
    if split not in SPLITS:
        raise DatasetError(f"CamVid has no split {split!r}: choose one of {', '.join(SPLITS)}")
    images, labels = (
        find_files(root / folder, "*.png", lambda path: path.name, EXPECTED_TREE)
        for folder in (split, f"{split}annot")
    )
    pairs = tuple(
        (image, LabelPicture(path, CLASS_IDS)) for _, image, path in pair_files(images, labels)
    )
    return LabelledImages("camvid", split, LICENCE, CAMVID, pairs)
