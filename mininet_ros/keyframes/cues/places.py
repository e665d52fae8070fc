"""Whether an earlier view shows the same place as the present one, and where its things are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from mininet_ros.keyframes.cues.corners import Points

# Least number of points that must agree on one similarity transform, and of those outside things,
# because an equal sign may hang elsewhere.
LEAST_AGREEING, LEAST_OUTSIDE = 18, 8

REPROJECTION = 4.0  # pixels of the tracked picture
SCALES = (0.5, 2.0)

# A view at another scale than this is a closer or wider one and does not count as the same.
SAME_SCALE = 1.33


@dataclass(frozen=True, eq=False)
class SeenThing:
    """A thing that was forwarded, at its place in one picture.

    Attributes:
        label: class id of the thing.
        low: (2,) float32 x, y of the upper left corner, pixels.
        high: (2,) float32 x, y of the lower right corner, pixels.
        worth: how well the thing was shown: its size, reduced where it was cut, times the frame's
            quality.
        number: id of the thing; -1 where it is unknown.
        look: (16, 16) uint8, its picture; None where it is unknown.
    """

    label: int
    low: np.ndarray
    high: np.ndarray
    worth: float
    number: int = -1
    look: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Recalled:
    """An earlier view of the same place.

    Attributes:
        cover: share of the present view that the earlier view shows, 0 to 1.
        things: things that the earlier view showed.
    """

    cover: float
    things: tuple[SeenThing, ...]


@dataclass(eq=False)
class View:
    """A stored view.

    Attributes:
        corners: corners of its picture.
        positions: (N, 2) float32 x, y of its features, pixels.
        descriptors: (N, 32) uint8, of its features.
        things: things in it that were forwarded, by their numbers.
        left: whether it has been out of sight since it was stored.
    """

    corners: Points
    positions: np.ndarray
    descriptors: np.ndarray
    things: dict[int, SeenThing] = field(default_factory=dict)
    left: bool = False


def compared(
    view: View, positions: np.ndarray, matches: Sequence[cv2.DMatch], outside: np.ndarray
) -> Recalled | None:
    """Compare an earlier view with the present one.

    Args:
        view: earlier view.
        positions: (N, 2) float32 x, y of the present features, pixels.
        matches: from the features of the earlier view to the present ones.
        outside: (N,) bool, present features that are outside all things.

    Returns:
        What the earlier view shares with the present one; None for another place.
    """
    if len(matches) < LEAST_AGREEING:
        return None
    before = view.positions[[match.queryIdx for match in matches]]
    now = [match.trainIdx for match in matches]
    after = positions[now]
    transform, agreeing = cv2.estimateAffinePartial2D(
        before, after, ransacReprojThreshold=REPROJECTION
    )
    if transform is None or int(agreeing.sum()) < LEAST_AGREEING:
        return None
    if int(outside[now][agreeing.ravel() > 0].sum()) < LEAST_OUTSIDE:
        return None
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if not SCALES[0] <= scale <= SCALES[1]:
        return None
    width, height = view.corners.size
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    carried = (outline @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
    covered, _ = cv2.intersectConvexConvex(carried, outline)
    things = tuple(_carried(thing, transform, scale) for thing in view.things.values())
    same = 1.0 / SAME_SCALE <= scale <= SAME_SCALE
    return Recalled(min(1.0, covered / (width * height)) if same else 0.0, things)


def _carried(thing: SeenThing, transform: np.ndarray, scale: float) -> SeenThing:
    centre = transform[:, :2] @ ((thing.low + thing.high) / 2.0) + transform[:, 2]
    half = scale * (thing.high - thing.low) / 2.0
    low, high = (centre - half).astype(np.float32), (centre + half).astype(np.float32)
    return replace(thing, low=low, high=high)
