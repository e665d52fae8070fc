"""Labelled images in their datasets' official layouts, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mininet_ros.lab.training.data.datasets.camvid import open_camvid
from mininet_ros.lab.training.data.datasets.cityscapes import open_cityscapes
from mininet_ros.lab.training.data.datasets.cocotext import open_cocotext
from mininet_ros.lab.training.data.datasets.folder import open_folder
from mininet_ros.lab.training.data.datasets.icdar2015 import open_icdar2015
from mininet_ros.lab.training.data.datasets.labelled_images import (
    Dataset,
    DatasetError,
    LabelledImages,
    Sample,
)

DATASETS: dict[str, Callable[[Path, str], LabelledImages]] = {
    "camvid": open_camvid,
    "cityscapes": open_cityscapes,
    "cocotext": open_cocotext,
    "folder": open_folder,
    "icdar2015": open_icdar2015,
}


def open_dataset(name: str, root: str | Path, split: str) -> LabelledImages:
    """A split of dataset ``name`` whose files lie under ``root``.

    Every dataset has ``train`` and ``val``; for the others see the dataset's own function.

    Raises:
        DatasetError: unknown name or split, or the tree is not the dataset's official layout.
    """
    if name not in DATASETS:
        raise DatasetError(f"unknown dataset {name!r}: choose one of {', '.join(sorted(DATASETS))}")
    return DATASETS[name](Path(root), split)


__all__ = ["DATASETS", "Dataset", "DatasetError", "LabelledImages", "Sample", "open_dataset"]
