"""What a trial returns, and the selection that all trials make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.selection import DecidedFrame, OfflineSelection
from mininet_ros.sequences import Frame, LabelledFrame, SequenceError
from mininet_ros.sequences.sequence import frame_name, stamp_of

Value = float | int | str | None


@dataclass(frozen=True)
class Trial:
    """The figures of one trial.

    Attributes:
        name: as on the command line.
        meaning: what was done and what the figures are, in a sentence or two.
        rows: one for each condition or way of choosing; the keys are columns, with their units.
    """

    name: str
    meaning: str
    rows: tuple[dict[str, Value], ...]


@dataclass(frozen=True)
class Drive:
    """Frames that trials are made of, held in memory.

    Attributes:
        name: of the recording.
        frames: at least two, with masks where there are any.
        classes: names in the order of the ids in masks; empty if nobody knows them.
        rate_hz: frames a second.
    """

    name: str
    frames: Sequence[LabelledFrame]
    classes: tuple[str, ...]
    rate_hz: float

    def __post_init__(self) -> None:
        if len(self.frames) < 2:
            raise SequenceError(f"{self.name} has fewer than two frames; give a longer recording")


def select(
    settings: KeyframeSettings,
    frames: Iterable[LabelledFrame],
    classes: Sequence[str] = (),
    requests: Sequence[int] = (),
) -> list[DecidedFrame]:
    """Run the selector over frames, whose own stamps count.

    Without classes, the settings' targets are left out.

    Returns:
        All frames with their decisions, in the order in which they came.
    """
    fitting = settings if classes else replace(settings, classes=())
    selection = OfflineSelection(fitting, classes, requests)
    for labelled in frames:
        selection.add(labelled, labelled.frame.stamp_ns)
    return selection.finish()


def forwarded(decided: Sequence[DecidedFrame]) -> list[int]:
    """Indices of the frames that the selector forwarded."""
    return [frame.index for frame in decided if frame.decision.forwarded]


def numbered(images: Iterable[np.ndarray], rate_hz: float) -> list[LabelledFrame]:
    """Frames without masks at a constant rate, from (H, W, 3) uint8 BGR pictures.

    The first stamp is one second: a zero stamp is an unset one.
    """
    return [
        LabelledFrame(Frame(image, 10**9 + stamp_of(i, rate_hz), frame_name(i)), None, None)
        for i, image in enumerate(images)
    ]


def restamped(frames: Iterable[LabelledFrame], rate_hz: float) -> list[LabelledFrame]:
    """The same pictures and masks with names and stamps of a new sequence."""
    return [
        replace(
            labelled,
            frame=replace(
                labelled.frame, stamp_ns=10**9 + stamp_of(i, rate_hz), name=frame_name(i)
            ),
        )
        for i, labelled in enumerate(frames)
    ]


def percent(share: float) -> float:
    """A share, 0 to 1, in percent with one decimal."""
    return round(100.0 * share, 1)
