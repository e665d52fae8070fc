"""Cue: how far the view has moved, measured by corners that are followed between frames.

Every corner has its own number, and two frames are compared by the corners that both have. This
gives the flow since the previous frame, the overlap with any earlier frame, and the motion of a
region of an earlier frame until now.

All lengths are shares of the image width, so that they mean the same at every resolution.
"""

from __future__ import annotations

import cv2
import numpy as np

from mininet_ros.keyframes.cues.corners import (
    MIN_MATCHES,
    STATION_STEP,
    Points,
    Way,
    followed,
    levelled,
    median_length,
    no_points,
    strongest_corners,
)
from mininet_ros.keyframes.cues.flow import LOST, Flow, Motion
from mininet_ros.keyframes.cues.shift import CERTAIN, FACTOR, LIKELY, shift_between

MAX_POINTS = 200
REFILL_BELOW = 150

# Two frames with a smaller share of common corners, of those that are likely to be in the picture,
# are taken to show different places. At most 0.11 of the corners match between unrelated photos,
# and at least 0.67 within one drive, even in the dark.
MIN_SHARE = 0.25

# A dark or smeared frame is skipped; the corners of the last good frame are followed instead.
MAX_SKIPPED = 5

# Corners are followed from the same reference frame until they have moved this far, in pixels of
# the tracked picture. Errors then do not add up while nothing moves.
REFERENCE_STEP = 0.5

# A new reference is also taken when less than this share of its corners is found.
KEPT_SHARE = 0.75

# A smaller shift, as a share of the width, is not measured by correlation. A larger one is not
# believed where the picture looks the same as before.
LEAST_SHIFT = 0.01

# Reduced pictures with a smaller mean difference, in grey levels, differ by noise alone.
SAME = 1.0


class PointTracker:
    """Follows at most 200 corners through a stream of pictures of one size.

    Attributes:
        next_id: number of the next new corner.
    """

    def __init__(self, next_id: int = 0) -> None:
        self.next_id = next_id
        self._skipped = 0
        self._picture: np.ndarray | None = None  # the last one that was not skipped
        self._reference_picture: np.ndarray | None = None
        self._look = np.empty((0, 0), np.uint8)  # of the last picture
        self._clear = True  # whether the last picture was
        self._same = False  # whether the last two pictures look the same
        self._reference = self.points = no_points((0, 0))
        self._speed = np.zeros(2, np.float32)
        self._way = Way()

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
            return Flow(Motion(0.0, self._way.length, 0.0), found=True)
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
            return Flow(Motion(0.0, self._way.length, share), found=True)
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
            return Flow(Motion(0.0, self._way.length, share), found=True)
        self._speed = np.median(moved, axis=0)
        self._way.advance(present, motion)
        self._picture, self.points = picture, present
        step = median_length(after - before)
        # Corners that are lost in an unclear picture are found again afterwards, so it becomes the
        # reference only when the view itself has moved on.
        moved_on = step > (1.0 - KEPT_SHARE) * size[0]
        if moved_on or (clear and (step > REFERENCE_STEP or share < KEPT_SHARE)):
            self._reference_picture = picture
            self._reference = self.points = self._refilled(present, ignored)
        return Flow(Motion(motion, self._way.length, share), found=True)

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
        self._way.length += motion
        return Flow(Motion(motion, self._way.length, 0.0), found=True)

    def _moved_on(
        self, picture: np.ndarray, kept: Points, step: np.ndarray, ignored: np.ndarray | None
    ) -> Flow:
        """Handle a picture of known motion that shows too few of the corners to go on with them."""
        motion = float(np.hypot(*step)) / kept.size[0]
        self._way.length += motion
        self._restart(picture, kept.size, ignored, kept)
        self._speed = step.astype(np.float32)
        return Flow(Motion(motion, self._way.length, 0.0), found=True)

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
            self._way.length += LOST
            self._restart(picture, self.points.size, ignored)
            return Flow(Motion(LOST, self._way.length, share), found=True)
        return Flow(Motion(LOST, self._way.length, share), found=False)

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
        self._way.begin(self.points)

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
        ids = np.arange(self.next_id, self.next_id + len(corners), dtype=np.int64)
        self.next_id += len(corners)
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
