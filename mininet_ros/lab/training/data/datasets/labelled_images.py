"""Pairs of an image and its labels, checked when they are read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol

import numpy as np

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.headers import UPRIGHT
from mininet_ros.images.label_pictures import LabelRules, read_label_picture

_log = logging.getLogger(__name__)

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


class DatasetError(ValueError):
    """The dataset on disk is not what it must be; the message names the file."""


@dataclass(frozen=True)
class Sample:
    """One image and what it shows.

    Attributes:
        image: uint8 (H, W, 3) BGR.
        labels: uint8 (H, W), class ids or 255.
        soft: what a teacher says of the whole image, uint8 (h, w, classes) at a size of its own,
            see :class:`mininet_ros.lab.training.distillation.SoftLabels`; None without a teacher.
    """

    name: str
    image: np.ndarray
    labels: np.ndarray
    soft: np.ndarray | None = None


class Labels(Protocol):
    """The labels of one image, in whatever form a dataset keeps them."""

    @property
    def path(self) -> Path:
        """File that holds them."""
        ...

    def read(self, width: int, height: int) -> np.ndarray:
        """Class ids uint8 (H, W), 255 where nothing is to be learned.

        Args:
            width, height: size of the image in pixels, for labels that have none of their own.

        Raises:
            DatasetError: the file is unreadable, or holds what no label is.
        """
        ...


@dataclass(frozen=True)
class LabelPicture:
    """Labels kept as a PNG: see :func:`mininet_ros.images.label_pictures.read_label_picture`."""

    path: Path
    rules: LabelRules

    def read(self, width: int, height: int) -> np.ndarray:
        """See :meth:`Labels.read`; the size is the picture's own."""
        try:
            return read_label_picture(self.path, self.rules)
        except ImageError as error:
            raise DatasetError(f"labels {self.path} cannot be used: {error}") from error


class Dataset(Protocol):
    """Samples of one split, made anew each time; ``licence`` is that of the data."""

    @property
    def name(self) -> str:
        """Name of the dataset."""
        ...

    @property
    def split(self) -> str:
        """Name of the split."""
        ...

    @property
    def licence(self) -> str:
        """For the cards of models trained on it."""
        ...

    @property
    def classes(self) -> ClassTable:
        """What the labels mean."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample:
        """Raises: DatasetError naming the file that is not what it must be."""
        ...


@dataclass(frozen=True)
class LabelledImages:
    """A dataset whose images are files, read one at a time."""

    name: str
    split: str
    licence: str
    classes: ClassTable
    pairs: tuple[tuple[Path, Labels], ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        """Raises: DatasetError naming the file that is unreadable, or not of its image's size."""
        image_path, source = self.pairs[index]
        image, orientation = read_picture(image_path)
        height, width = image.shape[:2]
        labels = source.read(width, height)
        if labels.shape != (height, width):
            turned = ""
            if orientation != UPRIGHT and labels.shape == (width, height):
                turned = (
                    f", whose EXIF orientation {orientation} asks to be shown turned, which is not "
                    "obeyed: turn its pixels (mogrify -auto-orient does), or turn the labels back"
                )
            raise DatasetError(
                f"{source.path} has labels of {labels.shape[1]}x{labels.shape[0]} pixels, but "
                f"its image {image_path} has {width}x{height}{turned}"
            )
        if orientation != UPRIGHT:
            _log.warning(
                "%s has EXIF orientation %d, which is not obeyed: make sure that its labels are "
                "those of the pixels as stored",
                image_path,
                orientation,
            )
        return Sample(image_path.stem, image, labels)


def read_picture(path: Path) -> tuple[np.ndarray, int]:
    """An image file as uint8 (H, W, 3) BGR, as stored, and its EXIF orientation.

    Raises:
        DatasetError: it cannot be read, is no picture, or ends early.
    """
    decoder = ImageDecoder()
    try:
        data, header = decoder.read(path)
        return decoder.encoded(data), header.orientation
    except ImageError as error:
        raise DatasetError(f"image {path} cannot be used: {error}") from error


def pictures_of(folder: Path) -> list[Path]:
    """The picture files right in a folder, by name.

    Raises:
        DatasetError: it is missing or holds none.
    """
    if not folder.is_dir():
        raise DatasetError(f"folder {folder} of pictures does not exist")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise DatasetError(f"folder {folder} holds no picture ({', '.join(IMAGE_SUFFIXES)})")
    return found


def find_files(
    folder: Path, pattern: str, key: Callable[[Path], str | None], expected: str
) -> dict[str, Path]:
    """Files that match ``pattern`` below ``folder``, in the order of their paths.

    Capital letters do not matter in names of files, and hidden files are passed over.

    Args:
        key: what a file and its partner have in common; None passes a file over.
        expected: the dataset's official tree, for the message.

    Raises:
        DatasetError: the folder is missing, holds no such file, or two of the same key.
    """
    if not folder.is_dir():
        raise DatasetError(f"folder {folder} does not exist; expected tree:\n{expected}")
    found: dict[str, Path] = {}
    place, _, ending = pattern.rpartition("/")
    for path in sorted(folder.glob(f"{place}/*" if place else "*")):
        is_meant = fnmatch(path.name.lower(), ending.lower()) and not path.name.startswith(".")
        name = key(path) if is_meant else None
        if name is None:
            continue
        if name in found:
            raise DatasetError(f"{path} and {found[name].name} are both {name}: remove one")
        found[name] = path
    if not found:
        raise DatasetError(f"folder {folder} holds no {pattern}; expected tree:\n{expected}")
    return found


def pair_files(
    images: Mapping[str, Path], labels: Mapping[str, Path]
) -> tuple[tuple[str, Path, Path], ...]:
    """Key, image and label file of each pair, in the order of the images.

    Raises:
        DatasetError: a file has no partner.
    """
    for found, others, kind in ((images, labels, "labels"), (labels, images, "image")):
        for key, path in found.items():
            if key not in others:
                raise DatasetError(f"{path} has no {kind} of the same name ({key})")
    return tuple((key, path, labels[key]) for key, path in images.items())
