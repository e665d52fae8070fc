"""Memory of the things that were sent: boxes that move along with the view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mininet_ros.keyframes.cues.content import Region
from mininet_ros.keyframes.cues.corners import CELL, Points

MAX_SENT_REGIONS = 64

# Corners up to this far outside a box, in tracked pixels, still show how its thing moves.
REACH = 12.0

# Boxes are grown by this much on each side before they are compared. Flow soon carries the box of a
# thing of a few pixels beside the thing.
MARGIN = 3.0

# Boxes whose intersection is at least this share of their union show the same thing.
SAME_THING_OVERLAP = 0.3

# Search range for a thing from an earlier visit: a distance in pixels, a distance in box sides, and
# the largest factor by which it may have grown or shrunk.
SNAP_PIXELS, SNAP_SIDES, SNAP_SIZE = 10.0, 0.7, 2.0

# A thing with at least this share of its area inside another one is a part of it.
PART_OVERLAP = 0.7


@dataclass(frozen=True, eq=False)
class SeenThing:
    """A thing that was forwarded, at its place in one picture.

    Attributes:
        label: class id of the thing.
        low: (2,) float32 x, y of the upper left corner, pixels.
        high: (2,) float32 x, y of the lower right corner, pixels.
        worth: how well the thing was shown: its size, reduced where it was cut, times the frame's
            quality.
    """

    label: int
    low: np.ndarray
    high: np.ndarray
    worth: float


class SentRegions:
    """Things on forwarded frames, at most 64, each at its place in the present frame.

    Boxes may reach outside the picture, so that a thing that half leaves the picture and comes back
    is still known. A box that is wholly outside is forgotten. The oldest box is forgotten when
    there are too many.
    """

    def __init__(self) -> None:
        self._boxes = np.empty((0, 4), np.float32)  # left, upper, right and lower edge
        self._labels = np.empty(0, np.int64)
        self._worth = np.empty(0)

    def __len__(self) -> int:
        return len(self._labels)

    def carry(self, then: Points, now: Points) -> None:
        """Move all boxes along with the corners in and around them."""
        if len(self):
            boxes, kept = moved_boxes(self._boxes, then, now)
            self._keep(kept)
            self._boxes = boxes[kept]

    def settle(self, seen: Sequence[Region]) -> None:
        """Move each carried box to the present region that it has reached, and take its shape.

        Few corners lie on a small thing, and most corners around it lie on the background. Without
        this step, the box of a moving thing drifts off.

        Args:
            seen: regions of the present frame.
        """
        if not len(self) or not seen:
            return
        boxes, labels = _as_arrays(seen)
        union, _ = _overlaps(self._boxes, self._labels, boxes, labels)
        best = union.argmax(axis=1)
        arrived = union[np.arange(len(self)), best] > SAME_THING_OVERLAP
        self._boxes[arrived] = boxes[best[arrived]]
        # Of several boxes that reach the same region only one is kept, with the best view's worth.
        kept = np.logical_not(arrived)
        for region in np.unique(best[arrived]):
            here = np.flatnonzero(arrived & (best == region))
            kept[here[self._worth[here].argmax()]] = True
        self._keep(kept)

    def add(self, regions: Sequence[Region], quality: float, then: Points, now: Points) -> None:
        """Add the regions of a forwarded frame.

        Args:
            regions: regions that were found in that frame.
            quality: quality of that frame, 0 to 1. Sending a thing again is worth the improvement.
            then: corners of that frame.
            now: corners of the present frame.
        """
        if not regions:
            return
        boxes, labels = _as_arrays(regions)
        boxes, kept = moved_boxes(boxes, then, now)
        boxes, labels = boxes[kept], labels[kept]
        worth = np.array([region.shown for region in regions])[kept] * quality
        union, _ = _overlaps(self._boxes, self._labels, boxes, labels)
        known = union > SAME_THING_OVERLAP
        worth = np.maximum(worth, (known * self._worth[:, None]).max(axis=0, initial=0.0))
        self._keep(np.asarray(~known.any(axis=1)))
        self._boxes = np.concatenate([self._boxes, boxes])[-MAX_SENT_REGIONS:]
        self._labels = np.concatenate([self._labels, labels])[-MAX_SENT_REGIONS:]
        self._worth = np.concatenate([self._worth, worth])[-MAX_SENT_REGIONS:]

    def things(self) -> list[SeenThing]:
        """Return all things, at their places in the present frame."""
        return [
            SeenThing(int(label), box[:2], box[2:], float(worth))
            for box, label, worth in zip(self._boxes, self._labels, self._worth)
        ]

    def place(self, things: Sequence[SeenThing], seen: Sequence[Region]) -> None:
        """Note which present regions were forwarded on an earlier visit.

        One similarity transform for the whole view is inexact in a scene with depth. Each thing
        therefore counts for the nearest region of about the same size.

        Args:
            things: things of the earlier visit, at their approximate places in the present frame.
            seen: regions of the present frame.
        """
        if not things or not seen:
            return
        boxes = np.array([(*thing.low, *thing.high) for thing in things], np.float32)
        labels = np.array([thing.label for thing in things], np.int64)
        nearest = _nearest(boxes, labels, *_as_arrays(seen))
        for index in np.unique(nearest[nearest >= 0]):
            worth = max(things[thing].worth for thing in np.flatnonzero(nearest == index))
            region = seen[index]
            self._boxes = np.vstack([self._boxes, [(*region.low, *region.high)]])
            self._labels = np.append(self._labels, region.label)
            self._worth = np.append(self._worth, worth)
        self._boxes = self._boxes[-MAX_SENT_REGIONS:].astype(np.float32)
        self._labels = self._labels[-MAX_SENT_REGIONS:]
        self._worth = self._worth[-MAX_SENT_REGIONS:]

    def how_well(self, regions: Sequence[Region], quality: float) -> tuple[float, ...]:
        """Return how well each region of the present frame was sent before.

        Args:
            regions: regions of the present frame.
            quality: quality of the present frame, 0 to 1.

        Returns:
            One number for each region, 0 (new) to 1 (sent at least as well as the present frame
            shows it).
        """
        if not len(self) or not regions:
            return (0.0,) * len(regions)
        boxes, labels = _as_arrays(regions)
        union, smaller = _overlaps(self._boxes, self._labels, boxes, labels)
        # A part of a larger thing counts as sent as well as that thing. So does a group that a
        # smaller thing has joined.
        share = np.where(smaller > PART_OVERLAP, union / SAME_THING_OVERLAP, 0.0)
        share = np.where(union > SAME_THING_OVERLAP, 1.0, share)
        sent = (share * self._worth[:, None]).max(axis=0)
        present = np.array([region.shown for region in regions]) * quality
        return tuple(np.minimum(1.0, sent / np.maximum(present, 1e-9)).tolist())

    def _keep(self, which: np.ndarray) -> None:
        self._boxes, self._labels = self._boxes[which], self._labels[which]
        self._worth = self._worth[which]


def _nearest(
    boxes: np.ndarray, labels: np.ndarray, others: np.ndarray, other_labels: np.ndarray
) -> np.ndarray:
    """Find, for each of N boxes, the nearest box that may be the same thing; -1 if none."""
    sides, other_sides = np.sqrt(_areas(boxes)), np.sqrt(_areas(others))
    centres, other_centres = boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:]
    apart = np.linalg.norm(centres[:, None] - other_centres[None], axis=2) / 2.0
    ratio = sides[:, None] / other_sides[None]
    unlike = (labels[:, None] != other_labels[None]) | (ratio < 1 / SNAP_SIZE) | (ratio > SNAP_SIZE)
    unlike |= apart > np.maximum(SNAP_SIDES * sides[:, None], SNAP_PIXELS)
    apart[unlike] = np.inf
    nearest = apart.argmin(axis=1)
    found = np.isfinite(apart[np.arange(len(boxes)), nearest])
    return np.where(found, nearest, -1)


def _as_arrays(regions: Sequence[Region]) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes (N, 4) float32 and labels (N,) of regions."""
    boxes = np.array([(*region.low, *region.high) for region in regions], np.float32)
    return boxes, np.array([region.label for region in regions], np.int64)


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


def _overlaps(
    boxes: np.ndarray, labels: np.ndarray, others: np.ndarray, other_labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how N boxes overlap M others, 0 to 1; 0 for boxes of different classes.

    Returns:
        Two (N, M) arrays: the intersection as a share of the union, and as a share of the smaller
        box.
    """
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.maximum(high - low + 1.0 + 2.0 * MARGIN, 0.0).prod(axis=2)
    shared *= labels[:, None] == other_labels[None, :]
    areas, other_areas = _areas(boxes)[:, None], _areas(others)[None, :]
    return shared / (areas + other_areas - shared), shared / np.minimum(areas, other_areas)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:] - boxes[:, :2] + 1.0 + 2.0 * MARGIN).prod(axis=1)


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
