"""Cue: how far the view has moved, measured by corners that are followed between frames.

Every corner has its own number, and two frames are compared by the corners that both have. This
gives the flow since the previous frame, the overlap with any earlier frame, and the motion of a
region of an earlier frame until now.

All lengths are shares of the image width, so that they mean the same at every resolution.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.corners import (
    Points,
    followed,
    levelled,
    no_points,
    strongest_corners,
)
from mininet_ros.keyframes.cues.described import described
from mininet_ros.keyframes.cues.shift import CERTAIN, FACTOR, LIKELY, shift_between

MAX_POINTS = 200
REFILL_BELOW = 150

# Two frames with fewer common corners, or a smaller share of them, are taken to show different
# places. At most 0.11 of the corners match between unrelated photos, and at least 0.67 within one
# drive, even in the dark.
MIN_MATCHES = 8
MIN_SHARE = 0.25

# A dark or smeared frame is skipped; the corners of the last good frame are followed instead.
MAX_SKIPPED = 5

# Motion that is reported where tracking is lost: the whole view has changed.
LOST = 1.0

# Corners are followed from the same reference frame until they have moved this far, in pixels of
# the tracked picture. Errors then do not add up while nothing moves.
REFERENCE_STEP = 0.5

# A new reference is also taken when less than this share of its corners is found.
KEPT_SHARE = 0.75

# The distance travelled is measured between stations this far apart, as a share of the width. A new
# station also begins when half of the corners of the last one are lost. A view that is back at one
# of the last stations has gone back its way, so that shaking does not count as travel.
STATION_STEP = 0.02
MAX_STATIONS = 10

# A smaller shift, as a share of the width, is not measured by correlation. A larger one is not
# believed where the picture looks the same as before.
LEAST_SHIFT = 0.01

# Reduced pictures with a smaller mean difference, in grey levels, differ by noise alone.
SAME = 1.0


@dataclass(frozen=True)
class Motion:
    """How fast the view changes; the fields describe the scores."""

    motion: float = field(
        default=0.0,
        metadata=described(
            "widths",
            0,
            None,
            "Median optical flow since the previous frame, as a share of the image width; 1 where "
            "tracking was lost.",
        ),
    )
    travelled: float = field(
        default=0.0,
        metadata=described(
            "widths",
            0,
            None,
            "Way of the view since the first frame, as a share of the image width; a view that "
            "comes back, as when the camera shakes, has gone back its way.",
        ),
    )
    tracked: float = field(
        default=0.0,
        metadata=described("", 0, 1, "Share of the previous frame's corners found again."),
    )


@dataclass(frozen=True)
class Flow:
    """Motion of the corners from the last good picture to the present one.

    Attributes:
        scores: motion scores of the picture.
        found: True where the corners are at their positions in the present picture; False where the
            picture is too dark or too smeared to follow them.
    """

    scores: Motion
    found: bool


@dataclass(frozen=True, eq=False)
class Station:
    """Corners of a view on the way, and the way up to it as a share of the width."""

    points: Points
    way: float


class PointTracker:
    """Follows at most 200 corners through a stream of pictures of one size."""

    def __init__(self) -> None:
        self._next_id = 0
        self._skipped = 0
        self._picture: np.ndarray | None = None  # the last one that was not skipped
        self._reference_picture: np.ndarray | None = None
        self._look = np.empty((0, 0), np.uint8)  # of the last picture
        self._clear = True  # whether the last picture was
        self._same = False  # whether the last two pictures look the same
        self._reference = self.points = no_points((0, 0))
        self._speed = np.zeros(2, np.float32)
        self._stations: deque[Station] = deque(maxlen=MAX_STATIONS)
        self._way = 0.0

    def update(
        self, gray: np.ndarray, clear: bool = True, ignored: np.ndarray | None = None
    ) -> Flow:
        """Process the next picture.

        Args:
            gray: (h, w) uint8 picture, h and w at least 16, of the same size as before.
            clear: whether the picture is about as good as those before. In an unclear picture, and
                in the one after it, corners that cannot be found are taken to move like the view.
                If its motion cannot be measured either, an unclear picture is skipped.
            ignored: (h, w) uint8, above 0 where no corner is followed; None for nowhere.

        Returns:
            Flow since the last good picture.
        """
        picture = levelled(gray)
        size = (gray.shape[1], gray.shape[0])
        self._compare(gray)
        if self._picture is None or self.points.size != size:
            self._restart(picture, size, ignored)
            return Flow(Motion(0.0, self._way, 0.0), found=True)
        if len(self._reference.ids) < MIN_MATCHES:
            return self._without_corners(picture, ignored)
        present, same_place = self._follow(picture, ignored)
        share = len(present.ids) / len(self._reference.ids)
        last, now = self.points.common(present)
        step = None
        if same_place:
            step = np.median(now - last, axis=0) if len(last) else self._speed
        smeared = not (clear and self._clear)
        self._clear = clear
        if smeared and share < KEPT_SHARE:
            if step is None:
                step = shift_between(self._picture, picture, CERTAIN)
                present = no_points(size)
            if step is not None:
                present = self._completed(present, step)
                last, now = self.points.common(present)
        if step is None and clear and self._same:
            return Flow(Motion(0.0, self._way, share), found=True)
        if step is None:
            return self._lost(picture, ignored, clear, share)
        if len(present.ids) < MIN_MATCHES:
            return self._moved_on(picture, present, step, ignored)
        self._skipped = 0
        before, after = self._reference.common(present)
        # After a gap in tracking, few corners of the frame just before may be known.
        moved = now - last if len(last) >= MIN_MATCHES else after - before
        motion = median_length(moved) / size[0]
        if self._same and motion > LEAST_SHIFT:
            # Noise on a plain wall has corners, too, and they jump about.
            return Flow(Motion(0.0, self._way, share), found=True)
        self._speed = np.median(moved, axis=0)
        self._measure_way(present, motion)
        self._picture, self.points = picture, present
        step = median_length(after - before)
        # Corners that are lost in an unclear picture are found again afterwards, so it becomes the
        # reference only when the view itself has moved on.
        moved_on = step > (1.0 - KEPT_SHARE) * size[0]
        if moved_on or (clear and (step > REFERENCE_STEP or share < KEPT_SHARE)):
            self._reference_picture = picture
            self._reference = self.points = self._refilled(present, ignored)
        return Flow(Motion(motion, self._way, share), found=True)

    def _compare(self, gray: np.ndarray) -> None:
        """Note whether a picture differs from the last one by noise alone."""
        before, scale = self._look, 1.0 / FACTOR
        look = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        alike = before.shape == look.shape
        self._same = alike and cv2.norm(before, look, cv2.NORM_L1) < SAME * look.size
        self._look = look

    def _without_corners(self, picture: np.ndarray, ignored: np.ndarray | None) -> Flow:
        """Handle a picture that follows one with too few corners: only a large motion is seen."""
        size = self.points.size
        shift = shift_between(self._picture, picture, CERTAIN)
        if shift is not None and float(np.hypot(*shift)) > LEAST_SHIFT * size[0]:
            return self._moved_on(picture, no_points(size), shift, ignored)
        self._restart(picture, size, ignored)
        lost = shift is None and not self._same and len(self.points.ids) >= MIN_MATCHES
        motion = LOST if lost else 0.0
        self._way += motion
        return Flow(Motion(motion, self._way, 0.0), found=True)

    def _moved_on(
        self, picture: np.ndarray, kept: Points, step: np.ndarray, ignored: np.ndarray | None
    ) -> Flow:
        """Handle a picture of known motion that shows too few of the corners to go on with them."""
        motion = float(np.hypot(*step)) / kept.size[0]
        self._way += motion
        self._restart(picture, kept.size, ignored, kept)
        self._speed = step.astype(np.float32)
        return Flow(Motion(motion, self._way, 0.0), found=True)

    def _completed(self, found: Points, step: np.ndarray) -> Points:
        """Add the corners that were not found in an unclear picture, moved like the view."""
        missing = np.isin(self.points.ids, found.ids, assume_unique=True, invert=True)
        moved = self.points.positions[missing] + step.astype(np.float32)
        inside = (moved >= 0.0).all(axis=1) & (moved < found.size).all(axis=1)
        ids = np.concatenate([found.ids, self.points.ids[missing][inside]])
        order = np.argsort(ids)
        positions = np.concatenate([found.positions, moved[inside]])
        return Points(ids[order], positions[order], found.size)

    def _lost(
        self, picture: np.ndarray, ignored: np.ndarray | None, clear: bool, share: float
    ) -> Flow:
        """Handle a picture that shows another place or cannot be made out."""
        if clear:
            shift = shift_between(self._picture, picture, CERTAIN)
            if shift is not None and float(np.hypot(*shift)) > STATION_STEP * picture.shape[1]:
                return self._moved_on(picture, no_points(self.points.size), shift, ignored)
        self._skipped += 1
        if clear or self._skipped > MAX_SKIPPED:
            self._way += LOST
            self._restart(picture, self.points.size, ignored)
            return Flow(Motion(LOST, self._way, share), found=True)
        return Flow(Motion(LOST, self._way, share), found=False)

    def _restart(
        self,
        picture: np.ndarray,
        size: tuple[int, int],
        ignored: np.ndarray | None,
        kept: Points | None = None,
    ) -> None:
        self._skipped = 0
        self._picture = self._reference_picture = picture
        self._speed = np.zeros(2, np.float32)
        self._reference = self.points = self._refilled(kept or no_points(size), ignored)
        self._stations.clear()
        self._stations.append(Station(self.points, self._way))

    def _measure_way(self, present: Points, motion: float) -> None:
        station = self._stations[-1]
        before, after = station.points.common(present)
        if len(before) < MIN_MATCHES:
            self._way += motion
        else:
            distance = median_length(after - before) / present.size[0]
            self._way = station.way + distance
            if distance < STATION_STEP and 2 * len(before) >= len(station.points.ids):
                return
        for station in self._stations:
            distance = half_length(station.points, present)
            if distance is not None:
                self._way = min(self._way, station.way + distance)
        self._stations.append(Station(present, self._way))

    def _follow(self, picture: np.ndarray, ignored: np.ndarray | None) -> tuple[Points, bool]:
        """Find the corners of the reference in the present picture.

        Returns:
            The corners, and whether they are enough for the same place.
        """
        reference = self._reference
        _, here, there = np.intersect1d(
            reference.ids, self.points.ids, assume_unique=True, return_indices=True
        )
        now = self.points.positions[there]
        so_far = np.median(now - reference.positions[here], axis=0) if len(here) else 0.0
        guess = reference.positions + so_far
        guess[here] = now
        # The camera is likely to continue its motion.
        likely = guess + self._speed * (self._skipped + 1)
        found = followed(self._reference_picture, reference, picture, likely, ignored)
        if is_same_place(found, likely):
            return found, True
        shift = shift_between(self._picture, picture, LIKELY)
        if shift is None:
            return found, False
        likely = guess + shift
        found = followed(self._reference_picture, reference, picture, likely, ignored)
        same_place = is_same_place(found, likely)
        if not same_place and self._picture is not self._reference_picture:
            # The reference may be too old, after smeared or badly exposed pictures.
            latest, likely = self.points, self.points.positions + shift
            found = followed(self._picture, latest, picture, likely, ignored)
            same_place = is_same_place(found, likely)
        return found, same_place

    def _refilled(self, points: Points, ignored: np.ndarray | None) -> Points:
        """Add the strongest corner of each empty cell when there are too few points."""
        if len(points.ids) >= REFILL_BELOW or self._reference_picture is None:
            return points
        corners = strongest_corners(self._reference_picture, points.positions, ignored)
        corners = corners[: MAX_POINTS - len(points.ids)]
        ids = np.arange(self._next_id, self._next_id + len(corners), dtype=np.int64)
        self._next_id += len(corners)
        return Points(
            np.concatenate([points.ids, ids]),
            np.concatenate([points.positions, corners]),
            points.size,
        )


def is_same_place(found: Points, likely: np.ndarray) -> bool:
    """Return whether enough of the corners are found that are likely to be in the picture.

    Args:
        found: corners that are found.
        likely: (N, 2) likely positions of all corners, pixels.
    """
    inside = np.count_nonzero((likely >= 0.0).all(axis=1) & (likely < found.size).all(axis=1))
    return len(found.ids) >= max(MIN_MATCHES, MIN_SHARE * inside)


def median_length(vectors: np.ndarray) -> float:
    """Return the median Euclidean length of (N, 2) vectors, N at least 1."""
    return float(np.median(np.hypot(vectors[:, 0], vectors[:, 1])))


def half_length(then: Points, now: Points) -> float | None:
    """Return how far half of an earlier frame's corners have moved at most.

    Corners that are no longer found count as far away: where the camera drives forward, the others
    hardly move.

    Returns:
        The displacement as a share of the width; None where less than half of them are found.
    """
    before, after = then.common(now)
    half = len(then.ids) // 2
    if len(before) <= max(MIN_MATCHES, half):
        return None
    moved = after - before
    return float(np.partition(np.hypot(moved[:, 0], moved[:, 1]), half)[half]) / now.size[0]
