"""The interface that all image sequences share."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np


class SequenceError(ValueError):
    """A source cannot be opened or read; one sentence says which and what to do."""


_log = logging.getLogger(__name__)


@dataclass
class Problems:
    """Items of a source that cannot be used: named in the log, counted, and passed over.

    Attributes:
        count: number of items.
        sentences: what is wrong with the first ones, at most :data:`KEPT`.
    """

    KEPT: ClassVar[int] = 20

    count: int = 0
    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Note an item that is passed over."""
        self.count += 1
        if len(self.sentences) < self.KEPT:
            self.sentences.append(sentence)
            _log.warning("%s", sentence)

    def clear(self) -> None:
        """Forget all of them, as a new iteration does."""
        self.count = 0
        self.sentences.clear()

    def summary(self) -> str:
        """How many there are and what is wrong with the first; empty where there is none."""
        if not self.count:
            return ""
        items = "1 item" if self.count == 1 else f"{self.count} items"
        return f"{items} of the input passed over, the first: {self.sentences[0]}"

    def conclude(self, strict: bool) -> None:
        """Say at the end what was passed over.

        Raises:
            SequenceError: something was, and ``strict``.
        """
        summary = self.summary()
        if summary and strict:
            raise SequenceError(f"{summary} (--strict)")
        if summary:
            _log.warning("warning: %s", summary)


@dataclass(frozen=True)
class EncodedImage:
    """A picture in the bytes of its source.

    Attributes:
        data: content of an image file, or of a message of compressed data.
        suffix: of a file with this content, such as ".jpg".
    """

    data: bytes
    suffix: str


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a sequence.

    Attributes:
        image: (H, W, 3) uint8 BGR. Frames of one image folder may differ in size.
        stamp_ns: time since the start of the sequence, ns.
        name: unique in the sequence and usable as a file name, without suffix.
        encoded: what ``image`` was decoded from; None where the source is no file or message of
            one picture.
    """

    image: np.ndarray
    stamp_ns: int
    name: str
    encoded: EncodedImage | None = None


@dataclass(frozen=True, eq=False)
class LabelledFrame:
    """One picture with a label mask.

    Attributes:
        frame: the picture.
        mask: (h, w) uint8 class ids, 255 = void; None if there is none for this frame.
        confidence: (h, w) uint8, 255 is certain; None if nothing is known of it.
    """

    frame: Frame
    mask: np.ndarray | None
    confidence: np.ndarray | None


class Sequence(ABC):
    """Frames in order of time. Iterating again starts from the beginning (a camera goes on).

    An item that cannot be used, such as a damaged picture among others, is passed over.

    Attributes:
        name: of the source, usable as a file name.
        width: of the first frame, px.
        height: of the first frame, px.
        rate_hz: frames a second.
        length: number of frames; None where it is not known, as with a camera.
        times_from: what the stamps are taken from, in words.
        start_ns: time of stamp 0 on the source's own clock, ns; 0 where it has none.
        camera_matrix: (3, 3) float64 intrinsics K of an undistorted camera, px; None if unknown.
    """

    name: str
    width: int
    height: int
    rate_hz: float
    length: int | None
    times_from: str = ""
    start_ns: int = 0
    camera_matrix: np.ndarray | None = None

    @cached_property
    def problems(self) -> Problems:
        """Items that were passed over since the last iteration began."""
        return Problems()

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Iterate over the frames from the beginning.

        Raises:
            SequenceError: the source cannot be read any further.
        """

    def close(self) -> None:  # noqa: B027 - most sources hold nothing to release
        """Release the source; only a camera holds one between iterations."""

    def __enter__(self) -> Sequence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LabelledSequence(Sequence):
    """A sequence that knows the true label of each pixel, such as a drawn one.

    Attributes:
        classes: names in the order of the ids in its masks.
        colors: RGB of each class, 0 to 255.
    """

    classes: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]

    @abstractmethod
    def labelled(self) -> Iterator[LabelledFrame]:
        """Iterate over the frames and their true masks from the beginning."""


def frame_name(index: int) -> str:
    """Name of a numbered frame, in an order that sorts."""
    return f"frame_{index:06d}"


def place_of(name: str) -> int:
    """Place of a numbered frame in its source, from 0; see :func:`frame_name`."""
    return int(name.rpartition("_")[2])


def stamp_of(index: int, rate_hz: float) -> int:
    """Stamp of a frame of a sequence of constant rate, ns."""
    return round(index * 1_000_000_000 / rate_hz)
