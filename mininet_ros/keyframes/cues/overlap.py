"""Cue: overlap of a frame with the last forwarded frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.corners import MIN_MATCHES, Points, median_length
from mininet_ros.keyframes.cues.described import described
from mininet_ros.keyframes.cues.motion import MAX_POINTS

# Two keyframes with fewer common corners are hard to match. For a picture with few corners, half of
# them are enough.
LEAST_SHARED, HALF = 60, 0.5


@dataclass(frozen=True)
class Overlap:
    """Overlap with the last forwarded frame; the fields describe the scores."""

    parallax: float = field(
        default=0.0,
        metadata=described(
            "widths",
            0,
            None,
            "Median displacement since the last forwarded frame, as a share of the image width; "
            "the length of the diagonal where nothing can be matched or nothing was forwarded yet.",
        ),
    )
    overlap: float = field(
        default=0.0,
        metadata=described(
            "",
            0,
            1,
            "What the frame has in common with the last forwarded one: the smaller of the share of "
            "the view and the share of the corners.",
        ),
    )
    shared: int = field(
        default=0,
        metadata=described(
            "corners", 0, MAX_POINTS, "Corners that the last forwarded frame has, too."
        ),
    )

    def suffices(self, least: float) -> bool:
        """Return whether two frames can be matched.

        Args:
            least: least overlap, 0 to 1.
        """
        many = self.shared >= LEAST_SHARED or self.overlap >= HALF
        return many and self.overlap >= least


def measure_overlap(then: Points, now: Points) -> Overlap:
    """Compare a frame with an earlier one by the corners that both have.

    The outline of the earlier picture is mapped into the present one by the similarity transform
    that fits the corners best. The share of the view is the area that it covers.

    Args:
        then: corners of the earlier frame; empty where there is no such frame.
        now: corners of the present frame.
    """
    width = now.size[0]
    diagonal = float(np.hypot(1.0, now.size[1] / width))
    before, after = then.common(now)
    view = _view_share(before, after, now.size) if then.size == now.size else None
    if view is None:
        return Overlap(parallax=diagonal)
    return Overlap(
        parallax=min(diagonal, median_length(after - before) / width),
        overlap=min(view, len(before) / len(then.ids)),
        shared=len(before),
    )


def view_share(then: Points, now: Points) -> float | None:
    """Return the share of the present view, 0 to 1, that an earlier frame shows.

    Args:
        then: corners of the earlier frame.
        now: corners of the present frame.

    Returns:
        The share; None where too few corners are in both frames to know it.
    """
    before, after = then.common(now)
    return _view_share(before, after, now.size) if then.size == now.size else None


def _view_share(before: np.ndarray, after: np.ndarray, size: tuple[int, int]) -> float | None:
    if len(before) < MIN_MATCHES:
        return None
    transform, _ = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=3.0)
    if transform is None:
        return None
    width, height = size
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    carried = (outline @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
    covered, _ = cv2.intersectConvexConvex(carried, outline)
    return min(1.0, covered / (width * height))
