"""Drives that trials are made of: frames in memory, at another size or with new stamps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

import cv2
import numpy as np

from mininet_ros.keyframes import ConfigError
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.street import GeneratedStreet
from mininet_ros.offline.source import Source, SourceOptions, open_source
from mininet_ros.progress import progress_bar
from mininet_ros.sequences import Frame, LabelledFrame, SequenceError, open_sequence
from mininet_ros.sequences.open import GENERATED
from mininet_ros.sequences.sequence import frame_name, stamp_of

MAX_FRAMES = 300
MAX_WIDTH = 960  # px

FIRST_STAMP_NS = 10**9
"""Of frames with new stamps: a zero stamp is an unset one."""


@dataclass(frozen=True)
class Drive:
    """Frames in memory.

    Attributes:
        name: of the recording.
        frames: at least two, with masks where there are any.
        classes: names in the order of the ids in masks; empty without masks.
        rate_hz: frames a second.
        start_ns: time of stamp 0 on the recording's own clock, ns.
        camera_matrix: (3, 3) intrinsics, px of the frames as they are here; None if unknown.
        positions: (N, 3) true camera positions, m; None if unknown.
    """

    name: str
    frames: Sequence[LabelledFrame]
    classes: tuple[str, ...]
    rate_hz: float
    start_ns: int = 0
    camera_matrix: np.ndarray | None = None
    positions: np.ndarray | None = None

    def __post_init__(self) -> None:
        if len(self.frames) < 2:
            raise SequenceError(f"{self.name} has fewer than two frames; give a longer recording")

    def stamps_ns(self) -> list[int]:
        """Stamps of the frames on the recording's own clock."""
        return [self.start_ns + labelled.frame.stamp_ns for labelled in self.frames]


def open_drive(
    options: SourceOptions,
    settings: KeyframeSettings,
    count: int | None = None,
    camera_matrix: np.ndarray | None = None,
) -> Drive:
    """Read the beginning of a recording, reduced to 960 px width.

    Args:
        options: of the input.
        settings: whose targets the masks are to know.
        count: most frames to read; None reads 300.
        camera_matrix: (3, 3) intrinsics, px of the recording's pictures, where it does not know
            them itself.

    Raises:
        SequenceError: the input cannot be used.
        ModelError, BackendError: the model cannot be used.
        ConfigError: there are masks, and a target is not among their classes.
    """
    with open_recording(options, settings, count) as (source, labelled):
        sequence = source.sequence
        width = min(MAX_WIDTH, sequence.width)
        frames = [resized(frame, width) for frame in labelled]
        matrix = sequence.camera_matrix if camera_matrix is None else camera_matrix
        positions = None
        if isinstance(sequence, GeneratedStreet):
            positions = np.array([sequence.position(index) for index in range(len(frames))])
        return Drive(
            sequence.name,
            frames,
            classes_of(source),
            sequence.rate_hz,
            sequence.start_ns,
            None if matrix is None else _scaled(matrix, width / sequence.width),
            positions,
        )


@contextmanager
def open_recording(
    options: SourceOptions,
    settings: KeyframeSettings,
    count: int | None = None,
    drawn_width: int | None = None,
) -> Iterator[tuple[Source, Iterable[LabelledFrame]]]:
    """Open a recording; yield it and its first frames as they are, with their progress shown.

    Args:
        options: of the input.
        settings: whose targets the masks are to know.
        count: most frames to read; None reads 300.
        drawn_width: at which the drawn street is drawn, px; None for its usual width.

    Raises:
        SequenceError: the input cannot be used.
        ModelError, BackendError: the model cannot be used.
        ConfigError: there are masks, and a target is not among their classes.
    """
    sequence = None
    if drawn_width is not None and options.input == GENERATED:
        sequence = open_sequence(GENERATED, options.rate_hz)  # a folder may have this name
        if isinstance(sequence, GeneratedStreet):
            sequence = sequence.at_width(drawn_width)
    source = open_source(options, sequence)
    with source.sequence:
        unknown = [name for name in settings.targets() if name not in source.classes]
        if source.masks_from is not None and unknown:
            raise ConfigError(
                f"the masks know no class {unknown[0]}: choose --classes among "
                f"{', '.join(source.classes)}"
            )
        most = count or MAX_FRAMES
        first = islice(source.labelled(), most)
        yield source, progress_bar(first, total=most, unit="frame", desc="reading")


def classes_of(source: Source) -> tuple[str, ...]:
    """The names of the classes in a recording's masks; empty without masks."""
    return source.classes if source.masks_from is not None else ()


def numbered(images: Iterable[np.ndarray], rate_hz: float) -> list[LabelledFrame]:
    """Frames without masks at a constant rate, from (H, W, 3) uint8 BGR pictures."""
    return [
        LabelledFrame(Frame(image, _stamp(index, rate_hz), frame_name(index)), None, None)
        for index, image in enumerate(images)
    ]


def restamped(frames: Iterable[LabelledFrame], rate_hz: float) -> list[LabelledFrame]:
    """The same pictures and masks with the names and stamps of a new sequence."""
    return [renumbered(labelled, index, rate_hz) for index, labelled in enumerate(frames)]


def renumbered(labelled: LabelledFrame, index: int, rate_hz: float) -> LabelledFrame:
    """The same picture and mask with the name and stamp of this place in a new sequence."""
    frame = replace(labelled.frame, stamp_ns=_stamp(index, rate_hz), name=frame_name(index))
    return replace(labelled, frame=frame)


def resized(labelled: LabelledFrame, width: int) -> LabelledFrame:
    """A frame at another width, with its mask and confidence."""
    image = labelled.frame.image
    size = (width, max(16, round(width * image.shape[0] / image.shape[1])))
    if size == (image.shape[1], image.shape[0]):
        return labelled
    method = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
    picture = cv2.resize(image, size, interpolation=method)
    return LabelledFrame(
        replace(labelled.frame, image=picture, encoded=None),
        _labels(labelled.mask, size),
        _labels(labelled.confidence, size),
    )


def _labels(labels: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
    if labels is None:
        return None
    return cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)


def _stamp(index: int, rate_hz: float) -> int:
    return FIRST_STAMP_NS + stamp_of(index, rate_hz)


def _scaled(matrix: np.ndarray, factor: float) -> np.ndarray:
    """Intrinsics of the picture at another size; pixel centres are at whole numbers."""
    scaled = matrix * np.array([[factor], [factor], [1.0]])
    scaled[:2, 2] = (matrix[:2, 2] + 0.5) * factor - 0.5
    return scaled
