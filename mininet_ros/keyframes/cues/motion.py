"""Sparse optical flow: corners followed from frame to frame, each under its own number.

Numbered corners serve three purposes: the median flow since the previous frame (how fast the view
changes), the parallax and overlap with any earlier frame whose corners were noted, and carrying
image regions forward from an earlier frame to the present one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.described import described

CELL = 16
MAX_POINTS = 200
REFILL_BELOW = 150

# Smallest eigenvalue of the gradient matrix, on pictures of normalised contrast, that counts as a
# corner. Smooth walls and sensor noise stay below it.
CORNER_FLOOR = 5e-4

WINDOW = (13, 13)
PYRAMID_LEVELS = 3
TERMINATION = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)

# Flow assumes that brightness stays; levelling mean and spread keeps it true while light changes.
LEVELLED_MEAN = 128.0
LEVELLED_SPREAD = 48.0
MAX_AMPLIFICATION = 8.0

# Mean absolute difference of two levelled patches above which they do not show the same thing.
MAX_PATCH_ERROR = 16.0

# With fewer corners than this in common, two frames are taken to show different places. Between
# unrelated photos 0.11 of the corners match at most, within one drive 0.67 at least, be it dark.
MIN_MATCHES = 8
MIN_SHARE = 0.25

# A dark or smeared frame is skipped by following the corners from the last good frame instead.
MAX_SKIPPED = 5


@dataclass(frozen=True)
class Motion:
    """How fast the view changes; the fields say what each score means."""

    motion: float = field(
        default=0.0,
        metadata=described(
            "px",
            0,
            None,
            "Median optical flow since the previous frame, in pixels of the camera image; 0 where "
            "tracking failed.",
        ),
    )
    tracked: float = field(
        default=0.0,
        metadata=described("", 0, 1, "Share of the previous frame's corners found again."),
    )


@dataclass(frozen=True, eq=False)
class Points:
    """Corners of one frame.

    Attributes:
        ids: (N,) int64, ascending; the same number is the same corner of the scene.
        positions: (N, 2) float32 x, y in pixels of the tracked picture.
        size: (width, height) of the tracked picture.
    """

    ids: np.ndarray
    positions: np.ndarray
    size: tuple[int, int]

    def common(self, other: Points) -> tuple[np.ndarray, np.ndarray]:
        """Positions, here and in `other`, of the corners that both have: two (M, 2) arrays."""
        _, here, there = np.intersect1d(
            self.ids, other.ids, assume_unique=True, return_indices=True
        )
        return self.positions[here], other.positions[there]


@dataclass(frozen=True)
class Flow:
    """What became of the corners from the last good picture to the present one.

    Attributes:
        motion: median displacement in pixels; 0 on a first picture and where tracking failed.
        share: share of the corners found again, 0 to 1.
        found: whether the corners now stand where they are in the present picture. False where it
            is too dark or too smeared to follow them.
    """

    motion: float
    share: float
    found: bool


def no_points(size: tuple[int, int]) -> Points:
    """A frame without corners."""
    return Points(np.empty(0, np.int64), np.empty((0, 2), np.float32), size)


class PointTracker:
    """Follows at most 200 corners through a stream of pictures of one size."""

    def __init__(self) -> None:
        self._next_id = 0
        self._skipped = 0
        self._picture: np.ndarray | None = None
        self.points = no_points((0, 0))

    def update(self, gray: np.ndarray) -> Flow:
        """Take in the next picture.

        Args:
            gray: (h, w) uint8, h and w at least 16; the same size as before, else tracking
                starts anew.

        Returns:
            The flow since the last good picture.
        """
        picture = _levelled(gray)
        size = (gray.shape[1], gray.shape[0])
        if self._picture is None or self.points.size != size:
            self._restart(picture, size)
            return Flow(0.0, 0.0, found=True)
        ids, before, after = self._follow(picture)
        share = len(ids) / max(1, len(self.points.ids))
        if len(ids) < MIN_MATCHES or share < MIN_SHARE:
            self._skipped += 1
            if self._skipped > MAX_SKIPPED:
                self._restart(picture, size)
            return Flow(0.0, share, found=self._skipped == 0)
        self._skipped = 0
        self._picture = picture
        self.points = self._refilled(Points(ids, after, size))
        return Flow(median_length(after - before), share, found=True)

    def _restart(self, picture: np.ndarray, size: tuple[int, int]) -> None:
        self._skipped = 0
        self._picture = picture
        self.points = self._refilled(no_points(size))

    def _follow(self, picture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if not len(self.points.ids):
            return self.points.ids, self.points.positions, self.points.positions
        before = self.points.positions
        after, found, error = cv2.calcOpticalFlowPyrLK(
            self._picture,
            picture,
            before.reshape(-1, 1, 2),
            None,
            winSize=WINDOW,
            maxLevel=PYRAMID_LEVELS,
            criteria=TERMINATION,
        )
        after = after.reshape(-1, 2)
        width, height = self.points.size
        good = (found.ravel() == 1) & (error.ravel() < MAX_PATCH_ERROR)
        good &= (after >= 0.0).all(axis=1) & (after[:, 0] < width) & (after[:, 1] < height)
        return self.points.ids[good], before[good], after[good]

    def _refilled(self, points: Points) -> Points:
        """Add the strongest corner of every cell that has none, when points run short."""
        if len(points.ids) >= REFILL_BELOW:
            return points
        corners = _strongest_corners(self._picture, points.positions)
        corners = corners[: MAX_POINTS - len(points.ids)]
        ids = np.arange(self._next_id, self._next_id + len(corners), dtype=np.int64)
        self._next_id += len(corners)
        return Points(
            np.concatenate([points.ids, ids]),
            np.concatenate([points.positions, corners]),
            points.size,
        )


def local_similarities(
    before: np.ndarray, after: np.ndarray, near: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The growth g and shift t, `after = g * before + t`, of most corners near each of some places.

    Corners whose displacement is far from the median one (another object, a false match) are left
    out.

    Args:
        before: (N, 2) x, y.
        after: (N, 2), the same corners later.
        near: (M, N) bool, which corners tell how each of M places moves; at least one each.

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
    """For each row of `among` (M, N) the upper median, (M, 1), of the values that it marks."""
    ordered = np.sort(np.where(among, values, np.inf), axis=1)
    return np.take_along_axis(ordered, middle, axis=1)


def _spread(
    kept: np.ndarray, points: np.ndarray, centre: np.ndarray, number: np.ndarray
) -> np.ndarray:
    """Sum of squared distances to the centre of the points that each row keeps."""
    squares = kept @ np.square(points).sum(axis=1)
    return np.maximum(0.0, squares - number[:, 0] * np.square(centre).sum(axis=1))


def median_length(vectors: np.ndarray) -> float:
    """Median Euclidean length of (N, 2) vectors, N at least 1."""
    return float(np.median(np.hypot(vectors[:, 0], vectors[:, 1])))


def _levelled(gray: np.ndarray) -> np.ndarray:
    mean, spread = (value.item() for value in cv2.meanStdDev(gray))
    gain = min(MAX_AMPLIFICATION, LEVELLED_SPREAD / max(spread, 1e-3))
    table = np.clip((np.arange(256) - mean) * gain + LEVELLED_MEAN, 0, 255)
    return cv2.LUT(gray, table.astype(np.uint8))


def _strongest_corners(picture: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """One corner for each free cell of 16 x 16 pixels, (N, 2) float32, strongest first."""
    strength = cv2.cornerMinEigenVal(picture, 5)
    rows, columns = picture.shape[0] // CELL, picture.shape[1] // CELL
    cells = strength[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL)
    cells = cells.swapaxes(1, 2).reshape(rows * columns, CELL * CELL)
    best = cells.argmax(axis=1)
    value = cells[np.arange(len(best)), best]
    occupied = (taken // CELL).astype(int)
    inside = (occupied[:, 0] < columns) & (occupied[:, 1] < rows)
    value[occupied[inside, 1] * columns + occupied[inside, 0]] = 0.0
    order = np.argsort(-value, kind="stable")
    order = order[value[order] > CORNER_FLOOR]
    x = (order % columns) * CELL + best[order] % CELL
    y = (order // columns) * CELL + best[order] // CELL
    return np.stack([x, y], axis=1).astype(np.float32)
