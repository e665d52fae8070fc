"""Segmentation of a whole sequence into files."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.different import DifferentPictures
from mininet_ros.images.drawing import contact_sheet, overlay, with_legend
from mininet_ros.inference.familiarity import read_familiarity
from mininet_ros.inference.segmenter import Segmenter
from mininet_ros.sequences import Frame
from mininet_ros.view import UNSEEN, Picture, View

SHEET_TILES = 12
SHEET_COLUMNS = 4
SHEET_TILE_WIDTH = 360


MASKS, OVERLAYS, SHEET = "masks", "overlays", "contact_sheet.png"
ENTRIES = (MASKS, OVERLAYS, SHEET)
"""Files and folders of a labelled sequence in its folder."""


@dataclass(frozen=True)
class _Shown:
    """A frame that may come onto the contact sheet, by its caption and its overlay's file."""

    caption: str
    file: str


@dataclass
class SequenceWriter:
    """Writes masks to ``masks/``, overlays to ``overlays/``, and a contact sheet.

    The sheet shows the frames that look most different, with a legend of the classes. The masks are
    PNGs of class ids, the overlays PNGs for people. The name of each file is the name of its frame
    with ``.png`` added.

    Attributes:
        written: number of frames labelled.

    Args:
        segmenter: segmenter that labels the frames.
        output: empty folder; see :class:`mininet_ros.results.ResultFolder`.
        is_timed: whether the contact sheet says the time of each frame, in place of its name.
        view: shows the frames and their masks.
    """

    segmenter: Segmenter
    output: Path
    is_timed: bool = False
    view: View = UNSEEN

    def __post_init__(self) -> None:
        self.written = 0
        self._measure = read_familiarity(self.segmenter.model)
        self._familiarities: list[float] = []
        self._shown: DifferentPictures[_Shown] = DifferentPictures(SHEET_TILES)
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
        self.view.picture(frame.stamp_ns, Picture(frame.image))
        self.view.mask(frame.stamp_ns, mask)
        self._shown.add(frame.image, _Shown(self._caption(frame), name))
        self.written += 1

    def _caption(self, frame: Frame) -> str:
        """Return the words above a frame on the contact sheet."""
        if not self.is_timed:
            return frame.name
        return f"{frame.stamp_ns / 1e9:.1f} s: {frame.name.replace('_', ' ')}"

    @property
    def warning(self) -> str | None:
        """Return a sentence if the frames are unlike the model's training images."""
        if self._measure is None or not self._familiarities:
            return None
        value = float(np.mean(self._familiarities))
        return self._measure.warning(value, self.segmenter.model.name)

    def _tile(self, shown: _Shown) -> np.ndarray:
        """Return a small overlay, uint8 (h, SHEET_TILE_WIDTH, 3), BGR."""
        encoded = (self.output / OVERLAYS / shown.file).read_bytes()
        overlaid = ImageDecoder(sys.maxsize).encoded(encoded)
        height = max(1, round(SHEET_TILE_WIDTH * overlaid.shape[0] / overlaid.shape[1]))
        return cv2.resize(overlaid, (SHEET_TILE_WIDTH, height), interpolation=cv2.INTER_AREA)

    def finish(self) -> None:
        """Write the contact sheet.

        Raises:
            OSError: the picture cannot be written.
            ValueError: no frame was added.
        """
        tiles = [self._tile(shown) for shown in self._shown.items]
        captions = [shown.caption for shown in self._shown.items]
        sheet = contact_sheet(tiles, captions, SHEET_COLUMNS)
        write_picture(self.output / SHEET, with_legend(sheet, self.segmenter.model.table))


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write a PNG.

    Raises:
        OSError: the file cannot be written.
    """
    _, encoded = cv2.imencode(path.suffix, np.ascontiguousarray(picture))
    path.write_bytes(encoded.tobytes())
