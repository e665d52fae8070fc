"""What every reader of labels gives: classes, and pictures with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable
from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.sequences.sequence import Problems

PALETTE_BITS = 8


class LabelsError(ValueError):
    """Labels cannot be imported; one sentence names the file and the reason."""


@dataclass(frozen=True, eq=False)
class LabelledPicture:
    """A picture and its labels.

    Attributes:
        image: file of the picture, or its name where the labels' file holds the picture.
        labels: uint8 (H, W), class ids, 255 for void.
        embedded: encoded picture where the labels' file holds it, otherwise None.
    """

    image: Path
    labels: np.ndarray
    embedded: bytes | None = None


class LabelSource(Protocol):
    """Labelled pictures of one tool's format.

    Attributes:
        classes: what the ids mean.
        problems: pictures that were passed over in the last iteration.
    """

    classes: ClassTable
    problems: Problems

    def __len__(self) -> int:
        """Number of pictures that are listed."""
        ...

    def __iter__(self) -> Iterator[LabelledPicture]:
        """Iterate over the pictures; those that cannot be used are passed over and noted."""
        ...


@dataclass(frozen=True)
class Rest:
    """What the pixels become that no object covers.

    Attributes:
        name: of their class, which is the first one; empty leaves them void.
    """

    name: str = "background"

    def table(self, names: Sequence[str]) -> ClassTable:
        """The classes of objects with these names, and that of the rest.

        Raises:
            LabelsError: there is no class, too many, or one is named twice.
        """
        all_names = ([self.name] if self.name and self.name not in names else []) + list(names)
        try:
            return ClassTable(tuple(all_names), tuple(map(palette_color, range(len(all_names)))))
        except ValueError as error:
            raise LabelsError(f"the classes cannot be used: {error}") from error

    def canvas(self, classes: ClassTable, width: int, height: int) -> np.ndarray:
        """Labels of a picture without any object, uint8 (height, width)."""
        rest = classes.names.index(self.name) if self.name else IGNORE_LABEL
        return np.full((height, width), rest, np.uint8)


def read_picture(path: Path, embedded: bytes | None = None) -> np.ndarray:
    """Pixels of a picture as they are stored, uint8 (H, W, 3) BGR.

    Args:
        path: file of the picture.
        embedded: encoded picture that is read instead of the file.

    Raises:
        ImageError: the file cannot be read, is no picture, or has too many pixels.
    """
    decoder = ImageDecoder()
    return decoder.encoded(decoder.read(path)[0] if embedded is None else embedded)


def paint_polygon(canvas: np.ndarray, number: int, corners: np.ndarray) -> None:
    """Draw an object into labels.

    Args:
        canvas: uint8 (H, W), is drawn into.
        number: class id.
        corners: (n, 2) in pixels.
    """
    cv2.fillPoly(canvas, [np.rint(corners).astype(np.int32)], number)


def palette_color(number: int) -> tuple[int, int, int]:
    """RGB of a class without a colour: the palette of Pascal VOC, which starts with black."""
    red = green = blue = 0
    for bit in range(PALETTE_BITS):
        red |= (number >> 3 * bit & 1) << 7 - bit
        green |= (number >> 3 * bit + 1 & 1) << 7 - bit
        blue |= (number >> 3 * bit + 2 & 1) << 7 - bit
    return red, green, blue
