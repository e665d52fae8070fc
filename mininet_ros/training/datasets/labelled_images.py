"""Pairs of an image and its label picture, checked when they are read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.training.classes import IGNORE_LABEL, ClassTable


class DatasetError(ValueError):
    """The dataset on disk is not what it must be; the message names the file."""


@dataclass(frozen=True)
class Sample:
    """One image, uint8 (H, W, 3) BGR, and its labels, uint8 (H, W): class ids or 255."""

    name: str
    image: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class LabelledImages:
    """A split of a dataset: a sequence of samples read from disk one at a time.

    ``read_labels`` turns a label file into class ids, 255 where nothing is to be learned;
    ``licence`` is that of the data, for the cards of models trained on them.
    """

    name: str
    split: str
    licence: str
    classes: ClassTable
    pairs: tuple[tuple[Path, Path], ...]
    read_labels: Callable[[Path], np.ndarray]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        """Raises: DatasetError naming the file that is unreadable, unpaired or out of range."""
        image_path, label_path = self.pairs[index]
        image = cv2.imread(str(image_path), cv2.IMREAD_COLOR)
        if image is None:
            raise DatasetError(f"{image_path} is not a readable image")
        labels = self.read_labels(label_path)
        if labels.shape != image.shape[:2]:
            raise DatasetError(
                f"{label_path} has {labels.shape[1]}x{labels.shape[0]} pixels, but its image "
                f"{image_path.name} has {image.shape[1]}x{image.shape[0]}"
            )
        beyond = labels[(labels >= len(self.classes.names)) & (labels != IGNORE_LABEL)]
        if beyond.size:
            raise DatasetError(
                f"{label_path} holds label {int(beyond[0])}, but the dataset has classes "
                f"0-{len(self.classes.names) - 1} and {IGNORE_LABEL} for void"
            )
        return Sample(image_path.stem, image, labels)


def pair_by_name(images: Path, labels: Path, expected: str) -> tuple[tuple[Path, Path], ...]:
    """Pairs of files of equal name in two folders, in the order of their names.

    Raises:
        DatasetError: a folder is missing or empty, or a file has no partner; the message
            shows the ``expected`` tree.
    """
    for folder in (images, labels):
        if not folder.is_dir():
            raise DatasetError(f"folder {folder} does not exist; expected tree:\n{expected}")
    image_names = {path.name for path in images.glob("*.png")}
    label_names = {path.name for path in labels.glob("*.png")}
    if not image_names:
        raise DatasetError(f"folder {images} holds no *.png; expected tree:\n{expected}")
    for name in sorted(image_names ^ label_names):
        lacking = labels if name in image_names else images
        raise DatasetError(f"{name} has no partner in {lacking}")
    return tuple((images / name, labels / name) for name in sorted(image_names))


def read_label_picture(path: Path) -> np.ndarray:
    """A single-channel 8-bit label file as stored, uint8 (H, W).

    Raises:
        DatasetError: unreadable, or not a single-channel 8-bit picture.
    """
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if labels is None:
        raise DatasetError(f"{path} is not a readable label picture")
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise DatasetError(f"{path} must be a picture of one 8-bit channel holding class ids")
    return labels
