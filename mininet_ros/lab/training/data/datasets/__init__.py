"""Labelled images in their datasets' official layouts, by name.

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

# The user's own labels bring their classes with them.
FOLDER = "folder"
DATASETS = (*CLASS_TABLES, FOLDER)


def open_dataset(name: str, root: str | Path, split: str) -> LabelledImages:
    """A split of dataset ``name`` whose files lie under ``root``.

    Every dataset has ``train`` and ``val``; for the others see the dataset's own function.

    Raises:
        DatasetError: unknown name or split, or the tree is not the dataset's official layout.
    """
    if name not in DATASETS:
        raise DatasetError(f"unknown dataset {name!r}: choose one of {', '.join(sorted(DATASETS))}")
    module = import_module(f"{__name__}.{name}")
    return getattr(module, f"open_{name}")(Path(root), split)


__all__ = ["DATASETS", "Dataset", "DatasetError", "LabelledImages", "Sample", "open_dataset"]
