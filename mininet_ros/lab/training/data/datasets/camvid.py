"""CamVid with 11 classes in the layout of the SegNet tutorial."""

from __future__ import annotations

from pathlib import Path

from mininet_ros.images.class_tables import CAMVID, IGNORE_LABEL
from mininet_ros.images.label_pictures import LabelRules
from mininet_ros.lab.training.data.datasets.labelled_images import (
    DatasetError,
    LabelledImages,
    LabelPicture,
    find_files,
    pair_files,
)

SPLITS = ("train", "val", "test")
DRIVES = ("0001TP", "0006R0", "0016E5")  # drives of train; its file names begin with them
LABELS = LabelRules((*range(len(CAMVID.names)), IGNORE_LABEL), CAMVID.colors)
LICENCE = "CC BY-NC 4.0"
EXPECTED_TREE = """\
DIR/
  train/*.png    trainannot/*.png    images, and labels 0-10 with 11 for void, of equal names
  val/*.png      valannot/*.png
  test/*.png     testannot/*.png"""


def open_camvid(root: Path, split: str) -> LabelledImages:
    """Open one split of CamVid.

    ``train`` has images of three drives (:data:`DRIVES`). ``train-without-0001TP`` leaves out one
    of them, and ``train-only-0001TP`` has only that one. They measure a network on a drive that it
    never saw; ``val`` is a clip of a drive that is also in ``train``.

    Raises:
        DatasetError: there is no such split, or the files under ``root`` have another layout.
    """
    folder, _, choice = split.partition("-")
    kind, _, drive = choice.partition("-")
    is_fold = folder == "train" and kind in ("without", "only") and drive in DRIVES
    if split not in SPLITS and not is_fold:
        raise DatasetError(
            f"CamVid has no split {split!r}: choose one of {', '.join(SPLITS)}, or "
            f"train-without-DRIVE or train-only-DRIVE of the drives {', '.join(DRIVES)}"
        )
    images, labels = (
        find_files(root / name, "*.png", lambda path: path.stem, EXPECTED_TREE)
        for name in (folder, f"{folder}annot")
    )
    pairs = tuple(
        (image, LabelPicture(path, LABELS))
        for name, image, path in pair_files(images, labels)
        if not is_fold or name.startswith(drive) == (kind == "only")
    )
    if not pairs:
        raise DatasetError(f"{root / folder} holds no image of split {split}")
    return LabelledImages("camvid", split, LICENCE, CAMVID, pairs)
