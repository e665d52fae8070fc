"""What a trial returns, and the selection that all trials make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.selection import DecidedFrame, OfflineSelection
from mininet_ros.sequences import LabelledFrame

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
    selection = OfflineSelection(fitting(settings, classes), classes, requests)
    for labelled in frames:
        selection.add(labelled, labelled.frame.stamp_ns)
    return selection.finish()


def fitting(settings: KeyframeSettings, classes: Sequence[str]) -> KeyframeSettings:
    """Settings for frames with masks of these classes; without targets where there are none."""
    return settings if classes else settings.without_classes()


def forwarded(decided: Sequence[DecidedFrame]) -> list[int]:
    """Indices of the frames that the selector forwarded."""
    return [frame.index for frame in decided if frame.decision.forwarded]


def percent(share: float) -> float:
    """A share, 0 to 1, in percent with one decimal."""
    return round(100.0 * share, 1)
