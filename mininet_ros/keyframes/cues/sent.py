"""Things that were forwarded on an earlier visit of a place, and where they are now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mininet_ros.keyframes.cues.content import Things
from mininet_ros.keyframes.cues.memory import LOOK, look_of
from mininet_ros.keyframes.cues.places import SeenThing
from mininet_ros.keyframes.cues.things import box_areas, intersections

# Search range for a thing from an earlier visit: a distance in tracked pixels, a distance in box
# sides, and the largest factor by which it may have grown or shrunk.
SNAP_PIXELS, SNAP_SIDES, SNAP_SIZE = 10.0, 0.7, 2.0

# A present thing with this share of its box in that of an earlier one may be a part of it, if its
# area is at most the second share of the other's.
INSIDE, PART = 0.7, 0.7

# A look is searched for up to this many of its pixels beside a place, because neither places nor
# the borders of masks are exact.
LOOK_MARGIN = 3

# With a lower correlation of their looks, two things are different. Looks of which less than this
# share is in the picture are not compared.
SAME_LOOK, LEAST_VISIBLE = 0.5, 0.5

# Things look alike if they are plain (standard deviation, grey levels) or small (tracked pixels).
PLAIN, LEAST_SIDE = 4.0, 6.0


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


def recognised(
    earlier: Sequence[SeenThing], present: Things, gray: np.ndarray | None = None
) -> dict[int, float]:
    """Find out which present things were forwarded on an earlier visit.

    Each earlier thing counts for the nearest one of about the same size, unless the two look
    different: the numbers on two doors of one corridor are different things. A present thing inside
    an earlier one has its share of that one: what was one region then may now be several.

    Args:
        earlier: things of the earlier visit, at their approximate places in the present frame.
        present: things of the present frame.
        gray: (h, w) uint8, the tracked picture of the present frame; None compares no looks.

    Returns:
        How well each of the present things was shown then, by its id; nothing for the others.
    """
    if not earlier or not len(present):
        return {}
    boxes = np.array([(*thing.low, *thing.high) for thing in earlier], np.float32)
    labels = np.array([thing.label for thing in earlier])
    worth: dict[int, float] = {}
    compared: set[tuple[int, int]] = set()
    for thing, place in zip(earlier, _nearest(boxes, labels, present.boxes, present.labels)):
        if place < 0:
            continue
        number = int(present.ids[place])
        if thing.worth <= worth.get(number, 0.0) or (thing.number, number) in compared:
            continue
        if thing.number >= 0:
            compared.add((thing.number, number))
        if gray is None or _alike(thing, present.boxes[place], gray):
            worth[number] = thing.worth
    same = labels[:, None] == present.labels[None]
    areas, others = box_areas(boxes)[:, None], box_areas(present.boxes)[None]
    inside = same & (intersections(boxes, present.boxes) >= INSIDE * others)
    inside &= PART * areas >= others
    shares = inside * (others / areas) * np.array([thing.worth for thing in earlier])[:, None]
    for number, shown in zip(present.ids.tolist(), shares.max(axis=0).tolist()):
        if shown > worth.get(number, 0.0):
            worth[number] = shown
    return worth


def _alike(thing: SeenThing, box: np.ndarray, gray: np.ndarray) -> bool:
    """Return whether a thing looks as before at this place, or where it was expected."""
    look = thing.look
    small = (box[2:] - box[:2]).min() + 1.0 < LEAST_SIDE
    if small or look is None or look.std() < PLAIN:
        return True
    expected = np.concatenate([thing.low, thing.high])
    return any(_likeness(look, place, gray) >= SAME_LOOK for place in (box, expected))


def _likeness(look: np.ndarray, box: np.ndarray, gray: np.ndarray) -> float:
    """Return the correlation, -1 to 1, of a look with a picture, at or near a place."""
    size = np.array([gray.shape[1], gray.shape[0]])
    step = (box[2:] - box[:2] + 1.0) / LOOK
    first = np.clip(np.ceil(-box[:2] / step), 0, LOOK).astype(int)
    last = np.clip(np.floor((size - box[:2]) / step), 0, LOOK).astype(int)
    if (last - first).clip(0).prod() < LEAST_VISIBLE * LOOK * LOOK:
        return 0.0
    seen = look_of(gray, box, LOOK_MARGIN)
    end = last + 2 * LOOK_MARGIN
    part = look[first[1] : last[1], first[0] : last[0]]
    around = seen[first[1] : end[1], first[0] : end[0]]
    return _correlation(around.astype(np.float32), part.astype(np.float32))


def _correlation(picture: np.ndarray, part: np.ndarray) -> float:
    """Return the best normalised correlation of a part with a picture; 10 times faster than cv2."""
    parts = np.lib.stride_tricks.sliding_window_view(picture, part.shape)
    part = part - part.mean()
    spread = np.einsum("ijkl,ijkl->ij", parts, parts) - part.size * parts.mean(axis=(2, 3)) ** 2
    common = np.einsum("ijkl,kl->ij", parts, part)
    return float((common / np.sqrt(np.maximum(spread * np.square(part).sum(), 1.0))).max())


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
