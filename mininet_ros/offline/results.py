"""All that a report shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.comparison import Choice
from mininet_ros.offline.exact_selection import ExactSelection
from mininet_ros.offline.selection import DecidedFrame
from mininet_ros.offline.summary import Summary


@dataclass(frozen=True)
class Results:
    """All that a report shows.

    Attributes:
        name: of the recording.
        masks_from: who made the masks, in words; None where there are none, and then no targets.
        preset: name or path of the parameter file.
        settings: of the selection.
        frames: all of them, at least one, in the order in which they came.
        summary: of the selection.
        choices: this selection and others; empty if nothing was forwarded.
        picture: thumbnail of a frame by its index, JPEG.
        exact: what was chosen with the whole recording known; None of an online selection.
    """

    name: str
    masks_from: str | None
    preset: str
    settings: KeyframeSettings
    frames: Sequence[DecidedFrame]
    summary: Summary
    choices: Sequence[Choice]
    picture: Callable[[int], bytes]
    exact: ExactSelection | None = None
