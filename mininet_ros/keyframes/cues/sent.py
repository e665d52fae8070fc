"""Things that were forwarded on an earlier visit of a place, and where they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mininet_ros.keyframes.cues.content import Things
from mininet_ros.keyframes.cues.things import box_areas, intersections

# Search range for a thing from an earlier visit: a distance in tracked pixels, a distance in box
# sides, and the largest factor by which it may have grown or shrunk.
SNAP_PIXELS, SNAP_SIDES, SNAP_SIZE = 10.0, 0.7, 2.0

# A present thing with this share of its box in that of an earlier one may be a part of it.
INSIDE = 0.7


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


def passed_on(worth: Mapping[int, float], things: Things) -> dict[int, float]:
    """Let the things that were split from others have their share of the others' worth.

    Args:
        worth: how well things were shown, by id.
        things: things of a later frame.

    Returns:
        The worth and that of the things that were split since.
    """
    known = dict(worth)
    parts = zip(things.ids.tolist(), things.parents.tolist(), things.shares.tolist())
    for number, parent, share in parts:
        if number not in known and parent in known:
            known[number] = share * known[parent]
    return known


def recognised(earlier: Sequence[SeenThing], present: Things) -> dict[int, float]:
    """Find out which present things were forwarded on an earlier visit.

    One similarity transform for the whole view is inexact in a scene with depth. Each earlier thing
    therefore counts for the nearest one of about the same size. A present thing inside an earlier
    one has its share of that one: what was one region then may now be several.

    Args:
        earlier: things of the earlier visit, at their approximate places in the present frame.
        present: things of the present frame.

    Returns:
        How well each of the present things was shown then, by its id; nothing for the others.
    """
    if not earlier or not len(present):
        return {}
    boxes = np.array([(*thing.low, *thing.high) for thing in earlier], np.float32)
    labels = np.array([thing.label for thing in earlier])
    worth: dict[int, float] = {}
    for thing, place in zip(earlier, _nearest(boxes, labels, present.boxes, present.labels)):
        if place >= 0:
            number = int(present.ids[place])
            worth[number] = max(worth.get(number, 0.0), thing.worth)
    same = labels[:, None] == present.labels[None]
    areas, others = box_areas(boxes)[:, None], box_areas(present.boxes)[None]
    inside = same & (intersections(boxes, present.boxes) >= INSIDE * others) & (areas >= others)
    shares = inside * (others / areas) * np.array([thing.worth for thing in earlier])[:, None]
    for number, shown in zip(present.ids.tolist(), shares.max(axis=0).tolist()):
        if shown > worth.get(number, 0.0):
            worth[number] = shown
    return worth


def _nearest(
    boxes: np.ndarray, labels: np.ndarray, others: np.ndarray, other_labels: np.ndarray
) -> np.ndarray:
    """Find, for each of N boxes, the nearest box that may be the same thing; -1 if none."""
    sides, other_sides = _sides(boxes), _sides(others)
    centres, other_centres = boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:]
    apart = np.linalg.norm(centres[:, None] - other_centres[None], axis=2) / 2.0
    ratio = sides[:, None] / other_sides[None]
    unlike = (labels[:, None] != other_labels[None]) | (ratio < 1 / SNAP_SIZE) | (ratio > SNAP_SIZE)
    unlike |= apart > np.maximum(SNAP_SIDES * sides[:, None], SNAP_PIXELS)
    apart[unlike] = np.inf
    nearest = apart.argmin(axis=1)
    found = np.isfinite(apart[np.arange(len(boxes)), nearest])
    return np.where(found, nearest, -1)


def _sides(boxes: np.ndarray) -> np.ndarray:
    """Return the geometric mean of each box's sides, pixels."""
    return np.sqrt((boxes[:, 2:] - boxes[:, :2] + 1.0).prod(axis=1))
