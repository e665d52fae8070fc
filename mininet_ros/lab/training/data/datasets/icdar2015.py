"""ICDAR 2015 incidental scene text (Robust Reading Competition, challenge 4, task 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np

from mininet_ros.images.class_tables import SCENE_TEXT
from mininet_ros.lab.training.data.datasets.labelled_images import (
    DatasetError,
    LabelledImages,
    find_files,
    pair_files,
)
from mininet_ros.lab.training.data.datasets.scene_text import TextRegion, draw_regions

SPLITS = ("train", "val", "test")
VALIDATION_LIST = "icdar2015_validation.txt"
ILLEGIBLE = "###"
CORNER_VALUES = 8
LICENCE = "not stated by the Robust Reading Competition: research use"
EXPECTED_TREE = """\
DIR/
  train/images/img_<N>.jpg    train/gt/gt_img_<N>.txt    the 1000 training images
  test/images/img_<N>.jpg     test/gt/gt_img_<N>.txt     the 500 test images
                              a line a word: x1,y1,x2,y2,x3,y3,x4,y4,transcription"""


@dataclass(frozen=True)
class WordList:
    """A file with one quadrilateral per line; ``###`` marks an illegible word, which is ignored."""

    path: Path

    def read(self, width: int, height: int) -> np.ndarray:
        """See :meth:`Labels.read`."""
        return draw_regions(self.regions(), width, height)

    def regions(self) -> tuple[TextRegion, ...]:
        """Read the outlines of the words.

        Raises:
            DatasetError: the file cannot be read, or a line has another form.
        """
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{self.path} is not a readable UTF-8 file: {error}") from error
        regions = []
        for number, line in enumerate(text.split("\n"), start=1):
            if not line.strip():
                continue
            # A transcription may contain commas.
            *corners, transcription = line.rstrip("\r").split(",", CORNER_VALUES)
            try:
                values = np.array([int(value) for value in corners], float).reshape(4, 2)
            except ValueError as error:
                raise DatasetError(
                    f"{self.path}, line {number}, must hold eight whole numbers and a word, "
                    f"separated by commas: {line.strip()!r}"
                ) from error
            regions.append(TextRegion(values, transcription != ILLEGIBLE))
        return tuple(regions)


def open_icdar2015(root: Path, split: str) -> LabelledImages:
    """Open one split of ICDAR 2015.

    ``val`` has the 100 training images from :func:`validation_images`, ``train`` has the others.

    Raises:
        DatasetError: there is no such split, the files under ``root`` have another layout, or an
            image of ``val`` is missing.
    """
    if split not in SPLITS:
        raise DatasetError(f"ICDAR 2015 has no split {split!r}: choose one of {', '.join(SPLITS)}")
    folder = root / ("test" if split == "test" else "train")
    images = find_files(folder / "images", "img_*.jpg", _number, EXPECTED_TREE)
    words = find_files(folder / "gt", "*gt*img_*.txt", _number, EXPECTED_TREE)
    pairs = [(image, WordList(path)) for _, image, path in pair_files(images, words)]
    if split != "test":
        kept = validation_images()
        missing = sorted(kept - {image.name for image, _ in pairs})
        if split == "val" and missing:
            raise DatasetError(
                f"{folder / 'images'} lacks {len(missing)} of the {len(kept)} validation images, "
                f"{missing[0]} among them"
            )
        pairs = [pair for pair in pairs if (pair[0].name in kept) == (split == "val")]
    if not pairs:
        raise DatasetError(f"{folder / 'images'} holds no image of split {split}")
    return LabelledImages("icdar2015", split, LICENCE, SCENE_TEXT, tuple(pairs))


def validation_images() -> frozenset[str]:
    """Return the file names of the training images that are used for validation."""
    lines = (
        files("mininet_ros.lab.training.data.datasets")
        .joinpath(VALIDATION_LIST)
        .read_text(encoding="utf-8")
        .splitlines()
    )
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _number(path: Path) -> str | None:
    match = re.search(r"img_\d+(?=\.\w+$)", path.name)
    return match[0] if match else None
