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
    """The dataset on disk cannot be used; the message names the file."""


@dataclass(frozen=True)
class Sample:
    """One image and its labels.

    Attributes:
        image: image uint8 (H, W, 3) BGR.
        labels: class ids uint8 (H, W), 255 = ignored.
        soft: soft labels of a teacher for the whole image, uint8 (h, w, classes) at any size, see
            :class:`mininet_ros.lab.training.distillation.SoftLabels`; None without a teacher.
    """

    name: str
    image: np.ndarray
    labels: np.ndarray
    soft: np.ndarray | None = None


class Labels(Protocol):
    """The labels of one image, in the form of its dataset."""

    @property
    def path(self) -> Path:
        """File of the labels."""
        ...

    def read(self, width: int, height: int) -> np.ndarray:
        """Read class ids uint8 (H, W), 255 = ignored.

        Args:
            width, height: size of the image in pixels, for labels without their own size.

        Raises:
            DatasetError: the file cannot be read, or has invalid labels.
        """
        ...


@dataclass(frozen=True)
class LabelPicture:
    """Labels in a PNG, see :func:`mininet_ros.images.label_pictures.read_label_picture`."""

    path: Path
    rules: LabelRules

    def read(self, width: int, height: int) -> np.ndarray:
        """See :meth:`Labels.read`; the size is that of the PNG."""
        try:
            return read_label_picture(self.path, self.rules)
        except ImageError as error:
            raise DatasetError(f"labels {self.path} cannot be used: {error}") from error


class Dataset(Protocol):
    """Samples of one split; each access reads or makes the sample again."""

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
        """Licence of the data, for the cards of models trained on it."""
        ...

    @property
    def classes(self) -> ClassTable:
        """Classes of the labels."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample:
        """Return a sample.

        Raises:
            DatasetError: a file cannot be used; the message names it.
        """
        ...


@dataclass(frozen=True)
class LabelledImages:
    """A dataset of image files, which are read one at a time."""

    name: str
    split: str
    licence: str
    classes: ClassTable
    pairs: tuple[tuple[Path, Labels], ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Sample:
        """Read a sample.

        Raises:
            DatasetError: a file cannot be read, or image and labels differ in size; the message
                names the file.
        """
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
    """Read an image file as stored, uint8 (H, W, 3) BGR, and its EXIF orientation.

    Raises:
        DatasetError: the file cannot be read, is not an image, or is truncated.
    """
    decoder = ImageDecoder()
    try:
        data, header = decoder.read(path)
        return decoder.encoded(data), header.orientation
    except ImageError as error:
        raise DatasetError(f"image {path} cannot be used: {error}") from error


def pictures_of(folder: Path) -> list[Path]:
    """List the image files of a folder, without its subfolders, sorted by name.

    Raises:
        DatasetError: the folder is missing or has no image.
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
    """Find files that match ``pattern`` below ``folder``, sorted by their paths.

    Upper and lower case of file names are equal. Hidden files are skipped.

    Args:
        folder: folder to search, with its subfolders.
        pattern: glob pattern of the file names.
        key: function that returns the common part of the names of an image and its label file;
            None skips a file.
        expected: description of the dataset's official layout, for the error message.

    Raises:
        DatasetError: the folder is missing, has no such file, or has two with the same key.
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
    """Pair images with label files; return key, image and label file in the order of the images.

    Raises:
        DatasetError: an image has no label file, or a label file has no image.
    """
    for found, others, kind in ((images, labels, "labels"), (labels, images, "image")):
        for key, path in found.items():
            if key not in others:
                raise DatasetError(f"{path} has no {kind} of the same name ({key})")
    return tuple((key, path, labels[key]) for key, path in images.items())
