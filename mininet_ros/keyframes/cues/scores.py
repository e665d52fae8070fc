"""All scores of one frame, as the selector judges it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum

from mininet_ros.keyframes.cues.content import Content
from mininet_ros.keyframes.cues.corners import Points
from mininet_ros.keyframes.cues.described import Description, descriptions
from mininet_ros.keyframes.cues.flow import Motion
from mininet_ros.keyframes.cues.memory import Revisit
from mininet_ros.keyframes.cues.overlap import Overlap
from mininet_ros.keyframes.cues.quality import Quality


@dataclass(frozen=True)
class Pose:
    """Position and orientation of the robot when a frame was taken, from its odometry.

    Attributes:
        position: x, y, z of the robot in metres.
        orientation: x, y, z, w of a unit quaternion.
    """

    position: tuple[float, float, float]
    orientation: tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class FrameScores(Revisit, Overlap, Motion, Content, Quality):
    """Scores of one frame from all cues.

    Attributes:
        stamp_ns: stamp of the frame, nanoseconds.
        width: width of the camera image, pixels.
        height: height of the camera image, pixels.
        pose: pose of the robot; None where there is no odometry.
        corners: corners that were followed to the frame; None where they are not known.
    """

    stamp_ns: int
    width: int
    height: int
    pose: Pose | None = None
    corners: Points | None = field(default=None, repr=False, compare=False)


SCORES: dict[str, Description] = descriptions(FrameScores)
"""Description of each score of a frame by name, in the order in which they are written."""

_OTHERS = ("stamp_ns", "width", "height", "pose", "corners")
COLUMNS = ("width", "height", *(f.name for f in fields(FrameScores) if f.name not in _OTHERS))
"""Names of the columns of a frame's scores, without its stamp."""


def score_texts(scores: FrameScores) -> dict[str, str]:
    """Return the scores of a frame as texts by name, in the order of ``COLUMNS``."""
    return {name: score_text(getattr(scores, name)) for name in COLUMNS}


def score_text(value: object) -> str:
    """Return a score as text: a number with six digits, or the name of a status."""
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def scores_markdown() -> str:
    """Return a table of all scores for the documentation, in Markdown."""
    rows = [
        f"| `{name}` | {described.unit or '-'} | {described.range} | {described.meaning} |"
        for name, described in SCORES.items()
    ]
    return "\n".join(("| score | unit | range | meaning |", "|---|---|---|---|", *rows)) + "\n"
