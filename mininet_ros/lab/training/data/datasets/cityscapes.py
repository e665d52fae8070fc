"""Cityscapes in its official layout, reduced to the 19 classes of its benchmark."""

from __future__ import annotations

from pathlib import Path

from mininet_ros.images.class_tables import CITYSCAPES, IGNORE_LABEL
from mininet_ros.images.label_pictures import LabelRules
from mininet_ros.lab.training.data.datasets.labelled_images import (
    DatasetError,
    LabelledImages,
    LabelPicture,
    find_files,
    pair_files,
)

# The official folders of each split: (kind of labels, split).
SPLITS = {
    "train": (("gtFine", "train"),),
    "train+coarse": (("gtFine", "train"), ("gtCoarse", "train_extra")),
    "train_extra": (("gtCoarse", "train_extra"),),
    "val": (("gtFine", "val"),),
}
LABEL_IDS = 34
SCORED_LABEL_IDS = (7, 8, 11, 12, 13, 17, *range(19, 29), 31, 32, 33)
CLASS_IDS = tuple(
    SCORED_LABEL_IDS.index(label) if label in SCORED_LABEL_IDS else IGNORE_LABEL
    for label in range(LABEL_IDS)
)
LABELS = LabelRules(CLASS_IDS)
LICENCE = "Cityscapes Dataset licence: non-commercial use, no redistribution"
EXPECTED_TREE = """\
DIR/
  leftImg8bit/<split>/<city>/<name>_leftImg8bit.png        splits train, val, train_extra
  gtFine/<split>/<city>/<name>_gtFine_labelIds.png         of train and val
  gtCoarse/<split>/<city>/<name>_gtCoarse_labelIds.png     of train_extra"""


def open_cityscapes(root: Path, split: str) -> LabelledImages:
    """Open one split of Cityscapes.

    ``train`` and ``val`` are the 2975 and 500 images with fine labels. ``train_extra`` has the
    19998 images with coarse labels. ``train+coarse`` joins ``train`` and ``train_extra``; the
    paper trains on it for the benchmark (Sec. VII-A). The labels of ``test`` are not public.

    Raises:
        DatasetError: there is no such split, or the files under ``root`` have another layout.
    """
    if split not in SPLITS:
        raise DatasetError(
            f"Cityscapes has no split {split!r} with labels: choose one of {', '.join(SPLITS)}"
        )
    pairs: list[tuple[Path, LabelPicture]] = []
    for kind, part in SPLITS[split]:
        images = _find(root / "leftImg8bit" / part, "_leftImg8bit.png")
        labels = _find(root / kind / part, f"_{kind}_labelIds.png")
        pairs += (
            (image, LabelPicture(path, LABELS)) for _, image, path in pair_files(images, labels)
        )
    return LabelledImages("cityscapes", split, LICENCE, CITYSCAPES, tuple(pairs))


def _find(folder: Path, ending: str) -> dict[str, Path]:
    def place(path: Path) -> str:
        return f"{path.parent.name}/{path.name.removesuffix(ending)}"

    return find_files(folder, f"*/*{ending}", place, EXPECTED_TREE)
