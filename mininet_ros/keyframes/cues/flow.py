"""Scores of the motion of the view, which ``motion`` measures."""

from __future__ import annotations

from dataclasses import dataclass, field

from mininet_ros.keyframes.cues.described import described

# Motion that is reported where tracking is lost: the whole view has changed.
LOST = 1.0


@dataclass(frozen=True)
class Motion:
    """How fast the view changes; the fields describe the scores."""

    motion: float = field(
        default=0.0,
        metadata=described(
            "widths",
            0,
            None,
            "Median optical flow since the previous frame, as a share of the image width; 1 where "
            "tracking was lost.",
        ),
    )
    travelled: float = field(
        default=0.0,
        metadata=described(
            "widths",
            0,
            None,
            "Way of the view since the first frame, as a share of the image width; a view that "
            "comes back, as when the camera shakes, has gone back its way.",
        ),
    )
    tracked: float = field(
        default=0.0,
        metadata=described("", 0, 1, "Share of the previous frame's corners found again."),
    )


@dataclass(frozen=True)
class Flow:
    """Motion of the corners from the last good picture to the present one.

    Attributes:
        scores: motion scores of the picture.
        found: True where the corners are at their positions in the present picture; False where the
            picture is too dark or too smeared to follow them.
    """

    scores: Motion
    found: bool
