"""CamVid with 11 classes in the layout of the SegNet tutorial."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mininet_ros.training.classes import CAMVID, IGNORE_LABEL
from mininet_ros.training.datasets.labelled_images import (
    DatasetError,
    LabelledImages,
    pair_by_name,
    read_label_picture,
)

SPLITS = ("train", "val", "test")
VOID = 11
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
    pairs = pair_by_name(root / split, root / f"{split}annot", EXPECTED_TREE)
    return LabelledImages("camvid", split, LICENCE, CAMVID, pairs, read_camvid_labels)


def read_camvid_labels(path: Path) -> np.ndarray:
    """Class ids uint8 (H, W), with CamVid's void turned into the ignored label."""
    labels = read_label_picture(path)
    labels[labels == VOID] = IGNORE_LABEL
    return labels
