"""Cue: what of an earlier picture is in the present one: its view, and boxes in it.

Both are carried along with the corners that the two pictures have in common.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.corners import CELL, MIN_MATCHES, Points, median_length
from mininet_ros.keyframes.cues.described import described
from mininet_ros.keyframes.cues.motion import MAX_POINTS

# Two keyframes with fewer common corners are hard to match. For a picture with few corners, half of
# them are enough.
LEAST_SHARED, HALF = 60, 0.5

# Corners up to this far outside a box, in pixels of the tracked picture, still show how its thing
# moves.
REACH = 12.0


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


def moved_boxes(boxes: np.ndarray, then: Points, now: Points) -> tuple[np.ndarray, np.ndarray]:
    """Move boxes with the corners; also return which boxes are still in the picture.

    A box moves like the corners in it. With too few of these, it moves like the corners around it,
    or else like the whole view. If no corner can be matched, no box is in the picture.
    """
    before, after = then.common(now)
    if len(before) < 3:
        return boxes, np.zeros(len(boxes), bool)
    x, y = before[:, 0], before[:, 1]
    left, top, right, bottom = (boxes[:, side, None] for side in range(4))
    inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    around = (x >= left - REACH) & (x <= right + REACH) & (y >= top - REACH) & (y <= bottom + REACH)
    near = np.where((inside.sum(axis=1) >= 3)[:, None], inside, around)
    near |= (near.sum(axis=1) < 3)[:, None]
    growth, shift = local_similarities(before, after, near)
    moved = growth[:, None] * boxes + np.tile(shift, 2)
    width, height = now.size
    present = (moved[:, 2:] > 0.0).all(axis=1) & (moved[:, 0] < width) & (moved[:, 1] < height)
    return moved.astype(np.float32), present


def local_similarities(
    before: np.ndarray, after: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate growth g and shift t, ``after = g * before + t``, of the corners near places.

    Corners whose displacement is far from the median one (another object, a false match) are left
    out.

    Args:
        before: (N, 2) x, y of the corners, pixels.
        after: (N, 2) x, y of the same corners later, pixels.
        near: (M, N) bool, the corners that show how each of M places moves; at least one for each
            place.

    Returns:
        Growth (M,) and shift (M, 2).
    """
    before, after = before.astype(np.float64), after.astype(np.float64)
    moved = after - before
    middle = (near.sum(axis=1) // 2)[:, None]
    off = np.zeros(near.shape)
    for axis in range(2):
        off = np.maximum(off, np.abs(moved[:, axis] - _upper_median(moved[:, axis], near, middle)))
    kept = (near & (off <= 2.0 * _upper_median(off, near, middle) + 0.5)).astype(np.float64)
    number = kept.sum(axis=1, keepdims=True)
    centre_before, centre_after = kept @ before / number, kept @ after / number
    spread_before = _spread(kept, before, centre_before, number)
    spread_after = _spread(kept, after, centre_after, number)
    known = spread_before > number[:, 0] * CELL
    growth = np.ones(len(near))
    growth[known] = np.sqrt(spread_after[known] / spread_before[known])
    return growth, centre_after - growth[:, None] * centre_before


def _upper_median(values: np.ndarray, among: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return, for each row of ``among`` (M, N), the upper median (M, 1) of marked values."""
    ordered = np.sort(np.where(among, values, np.inf), axis=1)
    return np.take_along_axis(ordered, middle, axis=1)


def _spread(
    kept: np.ndarray, points: np.ndarray, centre: np.ndarray, number: np.ndarray
) -> np.ndarray:
    """Return the sum of squared distances to the centre, of the points that each row keeps."""
    squares = kept @ np.square(points).sum(axis=1)
    return np.maximum(0.0, squares - number[:, 0] * np.square(centre).sum(axis=1))
