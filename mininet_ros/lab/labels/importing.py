"""Labels of other tools written as our folder layout, with a sheet to check them by eye."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.images.drawing import contact_sheet, overlay, with_legend
from mininet_ros.images.encodings import ImageError
from mininet_ros.lab.labels.labelme import LabelMeLabels
from mininet_ros.lab.labels.masks import LabelPictures
from mininet_ros.lab.labels.objects import CocoLabels, YoloLabels
from mininet_ros.lab.labels.source import (
    LabelledPicture,
    LabelsError,
    LabelSource,
    Rest,
    read_picture,
)
from mininet_ros.progress import progress_bar
from mininet_ros.results import ResultFolder

CLASSES, SHEET, SPLITS = "classes.yaml", "contact_sheet.png", ("train", "val")
SHEET_TILES, SHEET_COLUMNS, TILE_WIDTH = 12, 4, 360

# From (source, rest, file of classes): a new format is a reader and a line here.
FORMATS: dict[str, Callable[[Path, Rest, Path | None], LabelSource]] = {
    "coco": lambda source, rest, _: CocoLabels(source, rest),
    "voc": lambda source, _, classes: LabelPictures(source, classes),
    "cvat": lambda source, _, classes: LabelPictures(source, classes),
    "labelme": lambda source, rest, _: LabelMeLabels(source, rest),
    "yolo": lambda source, rest, _: YoloLabels(source, rest),
    "colors": lambda source, _, classes: LabelPictures(source, classes),
}


@dataclass(frozen=True)
class Imported:
    """What an import wrote.

    Attributes:
        folder: with ``classes.yaml``, ``train/``, ``val/`` and ``contact_sheet.png``.
        classes: of the labels.
        pictures: number of pictures of each split.
        pixels: number of labelled pixels of each class.
    """

    folder: Path
    classes: ClassTable
    pictures: dict[str, int]
    pixels: dict[str, int]


def import_labels(
    source: LabelSource, folder: Path, inputs: Path, validation_share: float
) -> Imported:
    """Write labelled pictures in our layout.

    A picture's split depends on its content alone, so that it stays when pictures are added.

    Args:
        source: the pictures and their labels.
        folder: of the result.
        inputs: where the pictures come from, which is never replaced.
        validation_share: share of the pictures for ``val``, above 0 and below 1.

    Raises:
        LabelsError: the share is out of range, or no picture could be used.
        ResultError: the folder cannot be written.
    """
    if not 0 < validation_share < 1:
        raise LabelsError(f"the share for validation lies between 0 and 1, not {validation_share}")
    entries = (CLASSES, SHEET, *SPLITS)
    counts, pixels = Counter[str](), np.zeros(256, np.int64)
    tiles: list[np.ndarray] = []
    with ResultFolder(folder, "import-labels", entries, [inputs]) as results:
        for split in SPLITS:
            for kind in ("images", "labels"):
                (results.staging / split / kind).mkdir(parents=True)
        every = max(1, len(source) // SHEET_TILES)
        colors = np.array(source.classes.colors, np.uint8)
        for number, picture in enumerate(progress_bar(source, total=len(source), unit="picture")):
            tile = _write(picture, number, results.staging, validation_share, counts, source)
            if tile is None:
                continue
            pixels += np.bincount(picture.labels.ravel(), minlength=256)
            if number % every == 0 and len(tiles) < SHEET_TILES:
                tiles.append(_tile(tile, picture.labels, colors))
        if not sum(counts.values()):
            raise LabelsError(f"no picture could be used: {source.problems.summary()}")
        _balance(results.staging, counts)
        _write_classes(results.staging / CLASSES, source.classes)
        sheet = contact_sheet(tiles, [""] * len(tiles), SHEET_COLUMNS)
        _write_picture(results.staging / SHEET, with_legend(sheet, source.classes))
    labelled = {name: int(pixels[i]) for i, name in enumerate(source.classes.names)}
    return Imported(folder, source.classes, dict(counts), labelled)


def _write(
    picture: LabelledPicture,
    number: int,
    staging: Path,
    validation_share: float,
    counts: Counter[str],
    source: LabelSource,
) -> np.ndarray | None:
    """Write one picture and its labels; returns the picture, or None where it cannot be used."""
    try:
        image = read_picture(picture.image, picture.embedded)
    except ImageError as error:
        source.problems.add(f"picture {picture.image} cannot be used: {error}")
        return None
    if image.shape[:2] != picture.labels.shape:
        source.problems.add(
            f"picture {picture.image} has {image.shape[1]}x{image.shape[0]} pixels, but its labels "
            f"have {picture.labels.shape[1]}x{picture.labels.shape[0]}"
        )
        return None
    encoded = picture.image.read_bytes() if picture.embedded is None else picture.embedded
    digest = hashlib.sha256(encoded).digest()
    split = "val" if int.from_bytes(digest[:4], "big") < validation_share * 2**32 else "train"
    # Numbered, since pictures of several folders may have one name.
    name = f"{number:06d}_{picture.image.stem}"
    (staging / split / "images" / f"{name}{picture.image.suffix}").write_bytes(encoded)
    _write_picture(staging / split / "labels" / f"{name}.png", picture.labels)
    counts[split] += 1
    return image


def _write_picture(path: Path, picture: np.ndarray) -> None:
    # Not by cv2.imwrite, which says nothing of a full disk.
    path.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())


def _balance(staging: Path, counts: Counter[str]) -> None:
    """Move a picture where a split has none: a training needs both."""
    for empty, full in (("val", "train"), ("train", "val")):
        if counts[empty] == 0 and counts[full] > 1:
            image = min((staging / full / "images").iterdir())
            labels = staging / full / "labels" / f"{image.stem}.png"
            for kind, path in (("images", image), ("labels", labels)):
                path.rename(staging / empty / kind / path.name)
            counts[empty] += 1
            counts[full] -= 1


def _tile(image: np.ndarray, labels: np.ndarray, colors: np.ndarray) -> np.ndarray:
    blended = overlay(image, labels, colors)[..., ::-1]
    height = max(1, round(TILE_WIDTH * image.shape[0] / image.shape[1]))
    return cv2.resize(np.ascontiguousarray(blended), (TILE_WIDTH, height))


def _write_classes(path: Path, classes: ClassTable) -> None:
    rows = [
        {"name": name, "color": list(color)}
        for name, color in zip(classes.names, classes.colors, strict=True)
    ]
    text = yaml.safe_dump({"classes": rows}, sort_keys=False, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
