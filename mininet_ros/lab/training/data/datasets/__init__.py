"""Labelled images in the official layouts of their datasets, by name.

The dataset ``NAME`` is the module ``NAME`` of this folder, with the function ``open_NAME(root,
split)``, and a line with its classes in :data:`mininet_ros.images.class_tables.CLASS_TABLES`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from mininet_ros.images.class_tables import CLASS_TABLES
from mininet_ros.lab.training.data.datasets.labelled_images import (
    Dataset,
    DatasetError,
    LabelledImages,
    Sample,
)

# A user's own labels come with a file of classes.
FOLDER = "folder"
DATASETS = (*CLASS_TABLES, FOLDER)


def open_dataset(name: str, root: str | Path, split: str) -> LabelledImages:
    """Open a split of the dataset ``name`` with its files under ``root``.

    Every dataset has the splits ``train`` and ``val``; the function of the dataset describes
    others.

    Raises:
        DatasetError: the name or the split is unknown, or the files do not have the official
            layout of the dataset.
    """
    if name not in DATASETS:
        raise DatasetError(f"unknown dataset {name!r}: choose one of {', '.join(sorted(DATASETS))}")
    module = import_module(f"{__name__}.{name}")
    return getattr(module, f"open_{name}")(Path(root), split)


__all__ = ["DATASETS", "Dataset", "DatasetError", "LabelledImages", "Sample", "open_dataset"]
