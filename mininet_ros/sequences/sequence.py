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
    """A source cannot be opened or read. The message is one sentence with advice."""


_log = logging.getLogger(__name__)


@dataclass
class Problems:
    """Unusable items of a source, which are logged, counted and skipped.

    Attributes:
        count: number of unusable items.
        sentences: problems of the first items, at most :data:`KEPT`.
    """

    KEPT: ClassVar[int] = 20

    count: int = 0
    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Add an item that is skipped."""
        self.count += 1
        if len(self.sentences) < self.KEPT:
            self.sentences.append(sentence)
            _log.warning("%s", sentence)

    def clear(self) -> None:
        """Forget all items, at the start of an iteration."""
        self.count = 0
        self.sentences.clear()

    def summary(self) -> str:
        """Return the number of items and the first problem; empty if there are none."""
        if not self.count:
            return ""
        items = "1 item" if self.count == 1 else f"{self.count} items"
        return f"{items} of the input passed over, the first: {self.sentences[0]}"

    def conclude(self, strict: bool) -> None:
        """Report at the end which items were skipped.

        Raises:
            SequenceError: an item was skipped, and ``strict`` is true.
        """
        summary = self.summary()
        if summary and strict:
            raise SequenceError(f"{summary} (--strict)")
        if summary:
            _log.warning("warning: %s", summary)


@dataclass(frozen=True)
class EncodedImage:
    """A picture in the encoding of its source.

    Attributes:
        data: content of an image file, or of a compressed image message.
        suffix: suffix of a file with this content, such as ".jpg".
    """

    data: bytes
    suffix: str


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture of a sequence.

    Attributes:
        image: (H, W, 3) uint8 BGR. Frames of one image folder may differ in size.
        stamp_ns: time since the start of the sequence, ns.
        name: name that is unique in the sequence and usable as a file name, without suffix.
        encoded: encoded form of ``image``; None where the source has no file or message for each
            picture.
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
        confidence: (h, w) uint8, where 255 is certain; None if it is unknown.
    """

    frame: Frame
    mask: np.ndarray | None
    confidence: np.ndarray | None


class Sequence(ABC):
    """Frames in order of time. A new iteration starts from the beginning (except a camera).

    An unusable item, such as a damaged picture, is skipped.

    Attributes:
        name: name of the source, usable as a file name.
        width: width of the first frame, px.
        height: height of the first frame, px.
        rate_hz: frames per second.
        length: number of frames; None where it is unknown, as for a camera.
        times_from: description of the source of the stamps.
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
        """Items that were skipped since the last iteration began."""
        return Problems()

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Iterate over the frames from the beginning.

        Raises:
            SequenceError: the source can no longer be read.
        """

    def close(self) -> None:  # noqa: B027 - most sources hold nothing to release
        """Release the source; only a camera holds resources between iterations."""

    def __enter__(self) -> Sequence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LabelledSequence(Sequence):
    """A sequence that knows the true label of each pixel, such as a drawn one.

    Attributes:
        classes: class names in the order of the ids in the masks.
        colors: RGB of each class, 0 to 255.
    """

    classes: tuple[str, ...]
    colors: tuple[tuple[int, int, int], ...]

    @abstractmethod
    def labelled(self) -> Iterator[LabelledFrame]:
        """Iterate over the frames and their true masks from the beginning."""


def frame_name(index: int) -> str:
    """Return the name of a numbered frame; the names sort in the order of the numbers."""
    return f"frame_{index:06d}"


def place_of(name: str) -> int:
    """Return the place of a frame in its source, from 0; see :func:`frame_name`."""
    return int(name.rpartition("_")[2])


def stamp_of(index: int, rate_hz: float) -> int:
    """Return the stamp of a frame of a sequence of constant rate, ns."""
    return round(index * 1_000_000_000 / rate_hz)
