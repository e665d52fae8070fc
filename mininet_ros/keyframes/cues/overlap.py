"""What a frame has in common with the last forwarded frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.described import described
from mininet_ros.keyframes.cues.motion import MIN_MATCHES, Points, median_length


@dataclass(frozen=True)
class Overlap:
    """Common ground with the last forwarded frame; the fields say what each score means."""

    parallax: float = field(
        default=0.0,
        metadata=described(
            "px",
            0,
            None,
            "Median displacement since the last forwarded frame, in pixels of the camera image; "
            "the image diagonal where nothing can be matched or nothing was forwarded yet.",
        ),
    )
    overlap: float = field(
        default=0.0,
        metadata=described("", 0, 1, "Share of the view that the last forwarded frame also shows."),
    )


def measure_overlap(then: Points, now: Points, pixel: float) -> Overlap:
    """Compare a frame with an earlier one by the corners that both have.

    Args:
        then: corners of the earlier frame; none where there is no such frame.
        now: corners of the frame.
        pixel: pixels of the camera image that one pixel of the tracked picture stands for.

    Returns:
        The median displacement of the common corners, at most the picture's diagonal, and the share
        of the present view that the earlier frame also showed: the earlier picture's outline,
        carried over by the similarity that fits the corners best, cut with the present outline.
        Diagonal and 0 where the frames have too little in common.
    """
    diagonal = float(np.hypot(*now.size))
    before, after = then.common(now)
    if then.size != now.size or len(before) < MIN_MATCHES:
        return Overlap(diagonal * pixel, 0.0)
    transform, _ = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=3.0)
    if transform is None:
        return Overlap(diagonal * pixel, 0.0)
    width, height = now.size
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    carried = (outline @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
    shared, _ = cv2.intersectConvexConvex(carried, outline)
    parallax = min(diagonal, median_length(after - before)) * pixel
    return Overlap(parallax, min(1.0, shared / (width * height)))
