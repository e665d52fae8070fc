"""Content of a report."""

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
    """Content of a report.

    Attributes:
        name: name of the recording.
        masks_from: description of the source of the masks; None where there are no masks, and then
            no targets.
        preset: name or path of the parameter file.
        settings: settings of the selection.
        frames: all frames, at least one, in the order in which they came.
        summary: summary of the selection.
        choices: this selection and the baselines; empty if nothing was forwarded.
        picture: function that returns the thumbnail of a frame by its index, JPEG.
        exact: choice with the whole recording known; None for an online selection.
        classes: name and RGB colour, 0 to 255, of each class of the masks.
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
    classes: Sequence[tuple[str, tuple[int, int, int]]] = ()
