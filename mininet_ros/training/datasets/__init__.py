"""Labelled images in their datasets' official layouts, by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mininet_ros.training.datasets.camvid import open_camvid
from mininet_ros.training.datasets.labelled_images import DatasetError, LabelledImages, Sample

DATASETS: dict[str, Callable[[Path, str], LabelledImages]] = {"camvid": open_camvid}


def open_dataset(name: str, root: str | Path, split: str) -> LabelledImages:
    """The ``split`` (train, val or test) of dataset ``name`` whose files lie under ``root``.

    Raises:
        DatasetError: unknown name, or the tree is not the dataset's official layout.
    """
    if name not in DATASETS:
        raise DatasetError(f"unknown dataset {name!r}: choose one of {', '.join(sorted(DATASETS))}")
    return DATASETS[name](Path(root), split)


__all__ = ["DATASETS", "DatasetError", "LabelledImages", "Sample", "open_dataset"]
