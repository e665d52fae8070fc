"""Segmentation of a whole sequence into files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.images.drawing import contact_sheet, legend, overlay
from mininet_ros.inference.familiarity import read_familiarity
from mininet_ros.inference.segmenter import Segmenter
from mininet_ros.sequences import Frame

SHEET_TILES = 12
SHEET_COLUMNS = 4
SHEET_TILE_WIDTH = 360


MASKS, OVERLAYS, SHEET = "masks", "overlays", "contact_sheet.png"
ENTRIES = (MASKS, OVERLAYS, SHEET)
"""Files and folders of a labelled sequence in its folder."""


@dataclass
class SequenceWriter:
    """Writes masks to ``masks/``, overlays to ``overlays/``, and a contact sheet.

    The masks are PNGs of class ids, the overlays PNGs for people. The name of each file is the name
    of its frame with ``.png`` added.

    Attributes:
        written: number of frames labelled.

    Args:
        segmenter: segmenter that labels the frames.
        output: empty folder; see :class:`mininet_ros.results.ResultFolder`.
        expected: number of frames to come, over which the contact sheet is spread; None if it is
            unknown, and then the sheet shows the first frames.
    """

    segmenter: Segmenter
    output: Path
    expected: int | None = None

    def __post_init__(self) -> None:
        self.written = 0
        self._measure = read_familiarity(self.segmenter.model)
        self._familiarities: list[float] = []
        self._tiles: list[np.ndarray] = []
        self._captions: list[str] = []
        for folder in (MASKS, OVERLAYS):
            (self.output / folder).mkdir()

    def add(self, frame: Frame) -> None:
        """Label one frame and write its pictures.

        Raises:
            OSError: a picture cannot be written.
        """
        mask = self.segmenter.segment(frame.image, with_confidence=False).mask
        if self._measure is not None:
            self._familiarities.append(self._measure.of(mask))
        blended = overlay(frame.image, mask, self.segmenter.model.colors)[..., ::-1]
        name = f"{frame.name}.png"
        write_picture(self.output / MASKS / name, mask)
        write_picture(self.output / OVERLAYS / name, blended)
        stride = max(1, -(-(self.expected or 1) // SHEET_TILES))
        if self.written % stride == 0 and len(self._tiles) < SHEET_TILES:
            height = round(SHEET_TILE_WIDTH * blended.shape[0] / blended.shape[1])
            self._tiles.append(
                cv2.resize(blended, (SHEET_TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
            )
            self._captions.append(frame.name)
        self.written += 1

    @property
    def warning(self) -> str | None:
        """Return a sentence if the frames are unlike the model's training images."""
        if self._measure is None or not self._familiarities:
            return None
        value = float(np.mean(self._familiarities))
        return self._measure.warning(value, self.segmenter.model.name)

    def finish(self) -> None:
        """Write the contact sheet.

        Raises:
            OSError: the picture cannot be written.
            ValueError: no frame was added.
        """
        sheet = contact_sheet(self._tiles, self._captions, SHEET_COLUMNS)
        model = self.segmenter.model
        sheet = np.concatenate((sheet, legend(model.classes, model.colors, sheet.shape[1])))
        write_picture(self.output / SHEET, sheet)


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write a PNG.

    Raises:
        OSError: the file cannot be written.
    """
    _, encoded = cv2.imencode(path.suffix, np.ascontiguousarray(picture))
    path.write_bytes(encoded.tobytes())
