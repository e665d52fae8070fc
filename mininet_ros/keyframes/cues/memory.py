"""Cue: whether a view was forwarded on an earlier visit, and what it showed.

Views along the way are kept by their binary features (ORB, Rublee et al. 2011) and corners, some
9 kB each, with the things in them that were forwarded. The present view is looked up among those
that have been out of sight since: a view counts as found when a similarity brings enough features
of both together.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.content import Region
from mininet_ros.keyframes.cues.corners import Points
from mininet_ros.keyframes.cues.described import described
from mininet_ros.keyframes.cues.motion import MIN_MATCHES
from mininet_ros.keyframes.cues.sent import SeenThing, moved_boxes

# Views that are remembered; beyond this the oldest is forgotten.
MAX_VIEWS = 256
FEATURES = 150

# Every third feature is enough to find the likeliest views.
VOTING_STEP = 3

# A view that is known so well, or has so many corners of the one remembered last, is not
# remembered another time.
SAME_VIEW, STILL_SHARED = 0.8, 0.8

# A view is looked up when it has moved by this share of the width since the last time.
LOOK_STEP = 0.06

# Where something seems to be new, it is looked up sooner.
CLOSE_STEP = 0.01

# Bits of 256 in which two descriptions of the same point differ at most.
MAX_BITS = 48

# Votes that make a view worth a closer look.
LEAST_VOTES = 4

# Views with the most matches that are compared point by point, and the least number of points that
# have to agree on one similarity.
COMPARED = 4
LEAST_AGREEING = 18
REPROJECTION = 4.0  # pixels of the tracked picture
SCALES = (0.5, 2.0)

# A view at another scale than this is a closer or a wider one, and not the same again.
SAME_SCALE = 1.33

# A view is still in sight, and no earlier visit, while this share of its corners is followed.
IN_SIGHT = 0.2


@dataclass(frozen=True)
class Revisit:
    """Whether a place was forwarded before; the field says what the score means."""

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
        cover: share of the present view that it shows, 0 to 1.
        things: what it showed.
    """

    cover: float
    things: tuple[SeenThing, ...]


@dataclass(frozen=True, eq=False)
class _View:
    corners: Points
    positions: np.ndarray
    descriptors: np.ndarray
    things: list[SeenThing]


class ViewMemory:
    """The last views along the way, at most 256, recognised by their features."""

    def __init__(self) -> None:
        self._views: deque[_View] = deque(maxlen=MAX_VIEWS)
        self._finder = cv2.ORB.create(FEATURES, fastThreshold=10, edgeThreshold=16, patchSize=16)
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING)

    def __len__(self) -> int:
        return len(self._views)

    def visit(self, gray: np.ndarray, corners: Points, things: Sequence[SeenThing]) -> Recalled:
        """Look up the present view among those that have been out of sight since; remember it.

        Args:
            gray: (h, w) uint8, the tracked picture.
            corners: that were followed to it; a view that has some of them is still in sight.
            things: that were forwarded, where they are in it.
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

    def note_sent(self, regions: Sequence[Region], quality: float, corners: Points) -> None:
        """Note in all views that are in sight what a forwarded frame shows.

        Args:
            regions: of the target classes, as found in that frame.
            quality: of the frame, 0 to 1.
            corners: of the frame.
        """
        if not regions:
            return
        boxes = np.array([(*region.low, *region.high) for region in regions], np.float32)
        for view in reversed(self._views):
            if corners.shared(view.corners) < MIN_MATCHES:
                break
            moved, kept = moved_boxes(boxes, corners, view.corners)
            for region, box in zip(np.array(regions, object)[kept], moved[kept]):
                worth = region.shown * quality
                view.things.append(SeenThing(region.label, box[:2], box[2:], worth))

    def _recall(self, positions: np.ndarray, descriptors: np.ndarray, corners: Points) -> Recalled:
        others = [
            view
            for view in self._views
            if view.corners.size == corners.size
            and corners.shared(view.corners) < IN_SIGHT * len(view.corners.ids)
        ]
        cover, things = 0.0, []
        for view in self._likeliest(descriptors, others) if others else ():
            recalled = _compared(view, positions, self._agreeing(view, descriptors))
            if recalled is not None:
                cover = max(cover, recalled.cover)
                things += recalled.things
        return Recalled(cover, tuple(things))

    def _likeliest(self, descriptors: np.ndarray, views: Sequence[_View]) -> list[_View]:
        """The views that the features are most like, the likeliest first."""
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
        return [
            match
            for match in self._matcher.match(view.descriptors, descriptors)
            if match.distance <= MAX_BITS
        ]


def _compared(view: _View, positions: np.ndarray, matches: Sequence[cv2.DMatch]) -> Recalled | None:
    """What an earlier view has in common with the present one, if they show the same place."""
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
