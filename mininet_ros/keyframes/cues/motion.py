"""Cue: how far the view has moved, measured by corners that are followed between frames.

Every corner has its own number, and two frames are compared by the corners that both have. This
gives the flow since the previous frame, the overlap with any earlier frame, and the motion of a
region of an earlier frame until now.

All lengths are shares of the image width, so that they mean the same at every resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.corners import Points, levelled, no_points, strongest_corners
from mininet_ros.keyframes.cues.described import described

MAX_POINTS = 200
REFILL_BELOW = 150

WINDOW = (13, 13)
PYRAMID_LEVELS = 3
TERMINATION = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)

# Two patches with a larger mean absolute difference, after normalisation, show different things.
MAX_PATCH_ERROR = 16.0

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

# The distance travelled is measured between stations this far apart, as a share of the width, so
# that shaking does not count as travel. A new station also begins when half of the corners of the
# last one are lost.
STATION_STEP = 0.02

# Pictures are reduced by this factor to find a large shift between them. One peak must hold the
# share below of the correlation.
SHIFT_FACTOR = 4
MIN_RESPONSE = 0.04


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
            "Way of the view since the first frame, as a share of the image width; shaking about "
            "one place does not add up.",
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


class PointTracker:
    """Follows at most 200 corners through a stream of pictures of one size."""

    def __init__(self) -> None:
        self._next_id = 0
        self._skipped = 0
        self._picture: np.ndarray | None = None
        self._reference = self.points = self._station = no_points((0, 0))
        self._speed = np.zeros(2, np.float32)
        self._way_to_station = self._way = 0.0

    def update(
        self, gray: np.ndarray, clear: bool = True, ignored: np.ndarray | None = None
    ) -> Flow:
        """Process the next picture.

        Args:
            gray: (h, w) uint8 picture, h and w at least 16, of the same size as before.
            clear: whether the picture is about as good as those before. Where an unclear picture
                cannot be followed, the corners of the last good picture are kept for a while.
            ignored: (h, w) uint8, above 0 where no corner is followed; None for nowhere.

        Returns:
            Flow since the last good picture.
        """
        picture = levelled(gray)
        size = (gray.shape[1], gray.shape[0])
        if self._picture is None or self.points.size != size:
            self._restart(picture, size, ignored)
            return Flow(Motion(0.0, self._way, 0.0), found=True)
        ids, before, after = self._follow(picture, ignored)
        share = len(ids) / max(1, len(self._reference.ids))
        if len(ids) < MIN_MATCHES or share < MIN_SHARE:
            return self._lost(picture, size, ignored, clear, share)
        self._skipped = 0
        present = Points(ids, after, size)
        last, now = self.points.common(present)
        # After a gap in tracking, few corners of the frame just before may be known.
        moved = now - last if len(last) >= MIN_MATCHES else after - before
        motion = median_length(moved) / size[0]
        self._speed = np.median(moved, axis=0)
        self._measure_way(present, motion)
        self.points = present
        if median_length(after - before) > REFERENCE_STEP or share < KEPT_SHARE:
            self._picture = picture
            self._reference = self.points = self._refilled(present, ignored)
        return Flow(Motion(motion, self._way, share), found=True)

    def _lost(
        self,
        picture: np.ndarray,
        size: tuple[int, int],
        ignored: np.ndarray | None,
        clear: bool,
        share: float,
    ) -> Flow:
        """Handle a picture that shows another place or cannot be made out."""
        self._skipped += 1
        blank = not len(self._reference.ids)
        if clear or self._skipped > MAX_SKIPPED:
            self._way += 0.0 if blank else LOST
            self._restart(picture, size, ignored)
            # If there was nothing to follow and there still is not, no motion is known.
            lost = not blank or len(self.points.ids) > 0
            return Flow(Motion(LOST if lost else 0.0, self._way, share), found=True)
        return Flow(Motion(LOST, self._way, share), found=False)

    def _restart(
        self, picture: np.ndarray, size: tuple[int, int], ignored: np.ndarray | None
    ) -> None:
        self._skipped = 0
        self._picture = picture
        self._speed = np.zeros(2, np.float32)
        self._reference = self.points = self._refilled(no_points(size), ignored)
        self._station, self._way_to_station = self.points, self._way

    def _measure_way(self, present: Points, motion: float) -> None:
        before, after = self._station.common(present)
        if len(before) < MIN_MATCHES:
            self._way += motion
        else:
            distance = median_length(after - before) / present.size[0]
            self._way = self._way_to_station + distance
            if distance < STATION_STEP and 2 * len(before) >= len(self._station.ids):
                return
        self._station, self._way_to_station = present, self._way

    def _follow(
        self, picture: np.ndarray, ignored: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the corners found: numbers, reference positions and present positions."""
        reference = self._reference
        if self._picture is None or not len(reference.ids):
            return reference.ids, reference.positions, reference.positions
        # The camera is likely to continue its motion.
        expected = self._speed * (self._skipped + 1)
        _, here, there = np.intersect1d(
            reference.ids, self.points.ids, assume_unique=True, return_indices=True
        )
        guess = reference.positions + expected
        guess[here] = self.points.positions[there] + expected
        found = self._found_near(self._picture, picture, guess.astype(np.float32), ignored)
        enough = MIN_SHARE * len(reference.ids)
        if len(found[0]) < max(enough, MIN_MATCHES):
            shift = _large_shift(self._picture, picture)
            if shift is not None:
                return self._found_near(
                    self._picture, picture, reference.positions + shift, ignored
                )
        return found

    def _found_near(
        self,
        earlier: np.ndarray,
        picture: np.ndarray,
        guess: np.ndarray,
        ignored: np.ndarray | None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        before = self._reference.positions
        after, found, error = cv2.calcOpticalFlowPyrLK(
            earlier,
            picture,
            before.reshape(-1, 1, 2),
            guess.reshape(-1, 1, 2).copy(),
            winSize=WINDOW,
            maxLevel=PYRAMID_LEVELS,
            criteria=TERMINATION,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )
        after = after.reshape(-1, 2)
        width, height = self._reference.size
        good = (found.ravel() == 1) & (error.ravel() < MAX_PATCH_ERROR)
        good &= (after >= 0.0).all(axis=1) & (after[:, 0] < width) & (after[:, 1] < height)
        if ignored is not None:
            places = after[good].astype(int)
            good[good] = ignored[places[:, 1], places[:, 0]] == 0
        return self._reference.ids[good], before[good], after[good]

    def _refilled(self, points: Points, ignored: np.ndarray | None) -> Points:
        """Add the strongest corner of each empty cell when there are too few points."""
        if len(points.ids) >= REFILL_BELOW or self._picture is None:
            return points
        corners = strongest_corners(self._picture, points.positions, ignored)
        corners = corners[: MAX_POINTS - len(points.ids)]
        ids = np.arange(self._next_id, self._next_id + len(corners), dtype=np.int64)
        self._next_id += len(corners)
        return Points(
            np.concatenate([points.ids, ids]),
            np.concatenate([points.positions, corners]),
            points.size,
        )


def median_length(vectors: np.ndarray) -> float:
    """Return the median Euclidean length of (N, 2) vectors, N at least 1."""
    return float(np.median(np.hypot(vectors[:, 0], vectors[:, 1])))


def _large_shift(before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    """Return the shift in pixels that maps one picture onto another; None if none is clear."""
    size = max(1, after.shape[1] // SHIFT_FACTOR), max(1, after.shape[0] // SHIFT_FACTOR)
    small = [
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        for picture in (before, after)
    ]
    (x, y), response = cv2.phaseCorrelate(*small)
    if response < MIN_RESPONSE:
        return None
    return np.array([x, y], np.float32) * (after.shape[1] / size[0])
