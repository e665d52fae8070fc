"""Cue: whether a view was forwarded on an earlier visit, and what it showed.

Views along the way are stored as binary features (ORB, Rublee et al. 2011) with corners and the
things in them that were forwarded, about 9 kB each and half a kB a thing. The present view is
compared with the views that have been out of sight since they were stored. A view counts as found
when one similarity transform maps enough features of one view onto the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from mininet_ros.keyframes.cues.content import Things
from mininet_ros.keyframes.cues.corners import MIN_MATCHES, Points
from mininet_ros.keyframes.cues.described import described
from mininet_ros.keyframes.cues.overlap import moved_boxes
from mininet_ros.keyframes.cues.places import Recalled, SeenThing, View, compared

# Number of stored views; the oldest is forgotten when there are more.
MAX_VIEWS = 256
FEATURES = 150

# Number of things that a view is remembered with; the first one is forgotten when there are more.
MAX_THINGS = 64

# Every third feature is enough to find the most similar views.
VOTING_STEP = 3

# A view is not stored again if it is known this well, or shares this many corners with the view
# that was stored last.
SAME_VIEW, STILL_SHARED = 0.8, 0.8

# A view is looked up when it shares less than this share of its corners with the last one that was.
STILL_THERE = 0.8

# It is looked up sooner where more new things are in view than after the last look-up, but not more
# often than every third frame, since a look-up takes as long as all other cues of a frame.
LEAST_FRAMES = 3

# Largest number of differing bits, of 256, between two descriptors of the same point.
MAX_BITS = 48

# Votes that a view needs for a closer comparison.
LEAST_VOTES = 4

# Number of views that are compared point by point: those with the most matches.
COMPARED = 4

# Features are outside the things in view if they are this many pixels beside them, or if things
# fill half of the view.
BESIDE = 6.0

# A view is still in sight while this share of its corners is followed, or while it is recognised in
# all later pictures: in a fast turn, corners are soon lost. It is no earlier visit then.
IN_SIGHT = 0.2

# The look of a thing is its picture, reduced to this many pixels on each side.
LOOK = 16


@dataclass(frozen=True)
class Revisit:
    """Whether a place was forwarded before; the field describes the score."""

    known: float = field(
        default=0.0,
        metadata=described(
            "",
            0,
            1,
            "Share of the view that was seen on an earlier visit of the place.",
        ),
    )


def seen_things(things: Things, worth: Mapping[int, float], gray: np.ndarray) -> list[SeenThing]:
    """Describe the things of a frame that were sent.

    Args:
        things: things of the frame.
        worth: how well things were sent, by id; the others are left out.
        gray: (h, w) uint8, the tracked picture of the frame.
    """
    return [
        SeenThing(label, box[:2], box[2:], worth[number], number, look_of(gray, box))
        for number, label, box in zip(things.ids.tolist(), things.labels.tolist(), things.boxes)
        if number in worth
    ]


def look_of(gray: np.ndarray, box: np.ndarray, margin: int = 0) -> np.ndarray:
    """Return the picture of a thing at the size of looks.

    Args:
        gray: (h, w) uint8 picture.
        box: (4,) left, upper, right and lower edge of the thing, pixels.
        margin: number of pixels to add on each side, after the reduction.

    Returns:
        (16 + 2 * margin, 16 + 2 * margin) uint8.
    """
    step = (box[2:] - box[:2] + 1.0) / LOOK
    start = box[:2] - 0.5 + step * (0.5 - margin)
    warp = np.array([[step[0], 0.0, start[0]], [0.0, step[1], start[1]]])
    side = LOOK + 2 * margin
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(gray, warp, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE)


class ViewMemory:
    """Memory of the last views along the way, at most 256, recognised by their features."""

    def __init__(self) -> None:
        self._views: deque[View] = deque(maxlen=MAX_VIEWS)
        self._finder = cv2.ORB.create(FEATURES, fastThreshold=10, edgeThreshold=16, patchSize=16)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
        self._mutual = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)

    def __len__(self) -> int:
        return len(self._views)

    def visit(
        self,
        gray: np.ndarray,
        corners: Points,
        things: Sequence[SeenThing],
        boxes: np.ndarray | None = None,
    ) -> Recalled:
        """Look up the present view among views that have been out of sight, then store it.

        Args:
            gray: (h, w) uint8, the tracked picture.
            corners: corners that were followed to the picture; a view that has some of them is
                still in sight.
            things: things that were forwarded, at their places in the present picture.
            boxes: (N, 4) boxes of all things in the present picture; None where there are none.
        """
        found, descriptors = self._finder.compute(gray, self._finder.detect(gray))
        if descriptors is None:
            return Recalled(0.0, ())
        positions = np.array([point.pt for point in found], np.float32)
        outside = _outside(positions, boxes, corners.size)
        recalled = self._recall(positions, descriptors, corners, outside)
        last = self._views[-1].corners if self._views else None
        near = last is not None and corners.shared(last) > STILL_SHARED * len(last.ids)
        if recalled.cover < SAME_VIEW and not near:
            view = View(corners, positions, descriptors)
            for thing in (*recalled.things, *things):
                _note(thing, view.things)
            self._views.append(view)
        return recalled

    def note_sent(self, things: Sequence[SeenThing], corners: Points) -> None:
        """Note what a forwarded frame shows, in all views that are in sight.

        Args:
            things: things of that frame.
            corners: corners of the frame.
        """
        if not things:
            return
        boxes = np.array([(*thing.low, *thing.high) for thing in things], np.float32)
        for view in reversed(self._views):
            if corners.shared(view.corners) < MIN_MATCHES:
                break
            moved, inside = moved_boxes(boxes, corners, view.corners)
            for thing, box, kept in zip(things, moved, inside):
                if kept:
                    _note(replace(thing, low=box[:2], high=box[2:]), view.things)

    def _recall(
        self,
        positions: np.ndarray,
        descriptors: np.ndarray,
        corners: Points,
        outside: np.ndarray,
    ) -> Recalled:
        others = [
            view
            for view in self._views
            if view.corners.size == corners.size
            and corners.shared(view.corners) < IN_SIGHT * len(view.corners.ids)
        ]
        cover, things = 0.0, []
        found = set()
        for view in self._likeliest(descriptors, others) if others else ():
            matches = self._agreeing(view, descriptors)
            recalled = compared(view, positions, matches, outside)
            if recalled is not None:
                found.add(id(view))
                cover = max(cover, recalled.cover if view.left else 0.0)
                things += recalled.things
        for view in others:
            view.left |= id(view) not in found
        return Recalled(cover, tuple(things))

    def _likeliest(self, descriptors: np.ndarray, views: Sequence[View]) -> list[View]:
        """Return the views that are most similar by their features, the most similar first."""
        parts = [view.descriptors[::VOTING_STEP] for view in views]
        owner = np.repeat(np.arange(len(views)), [len(part) for part in parts])
        matches = self._matcher.match(descriptors[::VOTING_STEP], np.vstack(parts))
        votes = np.bincount(
            [owner[match.trainIdx] for match in matches if match.distance <= MAX_BITS],
            minlength=len(views),
        )
        order = np.argsort(-votes, kind="stable")[:COMPARED]
        return [views[index] for index in order if votes[index] >= LEAST_VOTES]

    def _agreeing(self, view: View, descriptors: np.ndarray) -> list[cv2.DMatch]:
        """Return the pairs of features that are each other's nearest.

        On pictures that repeat, many features have the same nearest one, and these pairs agree on
        some transform.
        """
        return [
            match
            for match in self._mutual.match(view.descriptors, descriptors)
            if match.distance <= MAX_BITS
        ]


def _outside(positions: np.ndarray, boxes: np.ndarray | None, size: tuple[int, int]) -> np.ndarray:
    """Return which features, (N,) bool, are outside all things; all of them in a view of things."""
    everywhere = np.ones(len(positions), bool)
    if boxes is None or (boxes[:, 2:] - boxes[:, :2]).prod(axis=1).sum() > size[0] * size[1] / 2:
        return everywhere
    low, high = boxes[:, None, :2] - BESIDE, boxes[:, None, 2:] + BESIDE
    inside = ((positions >= low) & (positions <= high)).all(axis=2)
    return everywhere & np.logical_not(inside.any(axis=0))


def _note(thing: SeenThing, known: dict[int, SeenThing]) -> None:
    """Add a thing to those of a view, by number, unless it was sent better before."""
    before = known.get(thing.number)
    if before is None or thing.worth > before.worth:
        known[thing.number] = thing
    if len(known) > MAX_THINGS:
        del known[next(iter(known))]
