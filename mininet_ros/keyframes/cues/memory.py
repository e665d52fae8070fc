"""Cue: whether a view was forwarded on an earlier visit, and what it showed.

Views along the way are stored as binary features (ORB, Rublee et al. 2011) with corners and the
things in them that were forwarded, about 9 kB each. The present view is compared with the views
that have been out of sight since they were stored. A view counts as found when one similarity
transform maps enough features of one view onto the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.content import Things
from mininet_ros.keyframes.cues.corners import MIN_MATCHES, Points
from mininet_ros.keyframes.cues.described import described
from mininet_ros.keyframes.cues.overlap import moved_boxes
from mininet_ros.keyframes.cues.sent import SeenThing

# Number of stored views; the oldest is forgotten when there are more.
MAX_VIEWS = 256
FEATURES = 150

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

# Number of views that are compared point by point (those with the most matches), and the least
# number of points that must agree on one similarity transform.
COMPARED = 4
LEAST_AGREEING = 18
REPROJECTION = 4.0  # pixels of the tracked picture
SCALES = (0.5, 2.0)

# A view at another scale than this is a closer or wider one and does not count as the same.
SAME_SCALE = 1.33

# A view is still in sight while this share of its corners is followed, or while it is recognised in
# all later pictures: in a fast turn, corners are soon lost. It is no earlier visit then.
IN_SIGHT = 0.2


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
class _View:
    corners: Points
    positions: np.ndarray
    descriptors: np.ndarray
    things: list[SeenThing]
    left: bool = False  # whether it has been out of sight since it was stored


class ViewMemory:
    """Memory of the last views along the way, at most 256, recognised by their features."""

    def __init__(self) -> None:
        self._views: deque[_View] = deque(maxlen=MAX_VIEWS)
        self._finder = cv2.ORB.create(FEATURES, fastThreshold=10, edgeThreshold=16, patchSize=16)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING)
        self._mutual = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)

    def __len__(self) -> int:
        return len(self._views)

    def visit(self, gray: np.ndarray, corners: Points, things: Sequence[SeenThing]) -> Recalled:
        """Look up the present view among views that have been out of sight, then store it.

        Args:
            gray: (h, w) uint8, the tracked picture.
            corners: corners that were followed to the picture; a view that has some of them is
                still in sight.
            things: things that were forwarded, at their places in the present picture.
        """
        found, descriptors = self._finder.compute(gray, self._finder.detect(gray))
        if descriptors is None:
            return Recalled(0.0, ())
        positions = np.array([point.pt for point in found], np.float32)
        recalled = self._recall(positions, descriptors, corners)
        last = self._views[-1].corners if self._views else None
        near = last is not None and corners.shared(last) > STILL_SHARED * len(last.ids)
        if recalled.cover < SAME_VIEW and not near:
            view = _View(corners, positions, descriptors, [*things, *recalled.things])
            self._views.append(view)
        return recalled

    def note_sent(self, things: Things, quality: float, corners: Points) -> None:
        """Note what a forwarded frame shows, in all views that are in sight.

        Args:
            things: things of that frame.
            quality: quality of the frame, 0 to 1.
            corners: corners of the frame.
        """
        seen = np.flatnonzero(things.seen)
        if not len(seen):
            return
        for view in reversed(self._views):
            if corners.shared(view.corners) < MIN_MATCHES:
                break
            moved, kept = moved_boxes(things.boxes[seen], corners, view.corners)
            for place, box in zip(seen[kept], moved[kept]):
                worth = float(things.shown[place]) * quality
                view.things.append(SeenThing(int(things.labels[place]), box[:2], box[2:], worth))

    def _recall(self, positions: np.ndarray, descriptors: np.ndarray, corners: Points) -> Recalled:
        others = [
            view
            for view in self._views
            if view.corners.size == corners.size
            and corners.shared(view.corners) < IN_SIGHT * len(view.corners.ids)
        ]
        cover, things = 0.0, []
        found = set()
        for view in self._likeliest(descriptors, others) if others else ():
            recalled = _compared(view, positions, self._agreeing(view, descriptors))
            if recalled is not None:
                found.add(id(view))
                cover = max(cover, recalled.cover if view.left else 0.0)
                things += recalled.things
        for view in others:
            view.left |= id(view) not in found
        return Recalled(cover, tuple(things))

    def _likeliest(self, descriptors: np.ndarray, views: Sequence[_View]) -> list[_View]:
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

    def _agreeing(self, view: _View, descriptors: np.ndarray) -> list[cv2.DMatch]:
        """Return the pairs of features that are each other's nearest.

        On pictures that repeat, many features have the same nearest one, and these pairs agree on
        some transform.
        """
        return [
            match
            for match in self._mutual.match(view.descriptors, descriptors)
            if match.distance <= MAX_BITS
        ]


def _compared(view: _View, positions: np.ndarray, matches: Sequence[cv2.DMatch]) -> Recalled | None:
    """Return what an earlier view shares with the present one; None for another place."""
    if len(matches) < LEAST_AGREEING:
        return None
    before = view.positions[[match.queryIdx for match in matches]]
    after = positions[[match.trainIdx for match in matches]]
    transform, agreeing = cv2.estimateAffinePartial2D(
        before, after, ransacReprojThreshold=REPROJECTION
    )
    if transform is None or int(agreeing.sum()) < LEAST_AGREEING:
        return None
    scale = float(np.hypot(transform[0, 0], transform[1, 0]))
    if not SCALES[0] <= scale <= SCALES[1]:
        return None
    width, height = view.corners.size
    outline = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    carried = (outline @ transform[:, :2].T + transform[:, 2]).astype(np.float32)
    covered, _ = cv2.intersectConvexConvex(carried, outline)
    things = tuple(_carried(thing, transform, scale) for thing in view.things)
    same = 1.0 / SAME_SCALE <= scale <= SAME_SCALE
    return Recalled(min(1.0, covered / (width * height)) if same else 0.0, things)


def _carried(thing: SeenThing, transform: np.ndarray, scale: float) -> SeenThing:
    centre = transform[:, :2] @ ((thing.low + thing.high) / 2.0) + transform[:, 2]
    half = scale * (thing.high - thing.low) / 2.0
    low, high = (centre - half).astype(np.float32), (centre + half).astype(np.float32)
    return SeenThing(thing.label, low, high, thing.worth)
