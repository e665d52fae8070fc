"""Corners of a picture: where they are, how they are found and followed, how far they move."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

CELL = 16

# Fewer common corners than this tell nothing about two frames.
MIN_MATCHES = 8

# The distance travelled is measured between stations this far apart, as a share of the width. A new
# station also begins when half of the corners of the last one are lost. A view that is back at one
# of the last stations has gone back its way, so that shaking does not count as travel.
STATION_STEP = 0.02
MAX_STATIONS = 10

# Least eigenvalue of the gradient matrix that counts as a corner, on pictures of normalised
# contrast. Smooth walls and sensor noise stay below it.
CORNER_FLOOR = 5e-4

# Optical flow by Lucas and Kanade in pyramids.
WINDOW = (13, 13)
PYRAMID_LEVELS = 3
TERMINATION = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03)

# Two patches with a larger mean absolute difference, after normalisation, show different things.
MAX_PATCH_ERROR = 16.0

# Optical flow assumes constant brightness. Normalising mean and spread keeps this true while the
# light changes.
LEVELLED_MEAN = 128.0
LEVELLED_SPREAD = 48.0
MAX_AMPLIFICATION = 8.0


@dataclass(frozen=True, eq=False)
class Points:
    """Corners of one frame.

    Attributes:
        ids: (N,) int64, ascending; equal numbers in two frames mean the same corner of the scene.
        positions: (N, 2) float32 x, y of the corners in pixels of the tracked picture.
        size: width and height of the tracked picture in pixels.
    """

    ids: np.ndarray
    positions: np.ndarray
    size: tuple[int, int]

    def common(self, other: Points) -> tuple[np.ndarray, np.ndarray]:
        """Return the positions, here and in ``other``, of the shared corners: two (M, 2) arrays."""
        if not len(other.ids):
            return self.positions[:0], other.positions
        there = np.minimum(np.searchsorted(other.ids, self.ids), len(other.ids) - 1)
        both = other.ids[there] == self.ids
        return self.positions[both], other.positions[there[both]]

    def shared(self, other: Points) -> int:
        """Return the number of corners that both frames have."""
        return np.intersect1d(self.ids, other.ids, assume_unique=True).size


def no_points(size: tuple[int, int]) -> Points:
    """Return an empty set of corners."""
    return Points(np.empty(0, np.int64), np.empty((0, 2), np.float32), size)


class Way:
    """Way of the view, measured from station to station.

    Attributes:
        length: way so far as a share of the width.
    """

    def __init__(self) -> None:
        self.length = 0.0
        self._stations: deque[tuple[Points, float]] = deque(maxlen=MAX_STATIONS)

    def begin(self, points: Points) -> None:
        """Go on from a view that has no corners in common with those before."""
        self._stations.clear()
        self._stations.append((points, self.length))

    def advance(self, present: Points, motion: float) -> None:
        """Take the next view: the shortest of the ways through the last stations counts.

        Args:
            present: corners of the view.
            motion: since the view before, as a share of the width, for where the last station has
                too few corners in common with this view.
        """
        station, length = self._stations[-1]
        before, after = station.common(present)
        if len(before) < MIN_MATCHES:
            self.length += motion
        else:
            distance = median_length(after - before) / present.size[0]
            self.length = length + distance
            if distance < STATION_STEP and 2 * len(before) >= len(station.ids):
                return
        for station, length in self._stations:
            distance = half_length(station, present)
            if distance is not None:
                self.length = min(self.length, length + distance)
        self._stations.append((present, self.length))


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


def far_motion(then: Points, now: Points) -> float:
    """Return how far the fastest quarter of the common corners has moved at least.

    Where the camera drives forward, the corners that stay in view hardly move.

    Returns:
        The displacement as a share of the width; 0 where too few corners are common.
    """
    before, after = then.common(now)
    if len(before) < MIN_MATCHES:
        return 0.0
    moved = after - before
    lengths = np.hypot(moved[:, 0], moved[:, 1])
    quarter = len(lengths) // 4
    return float(np.partition(lengths, -quarter)[-quarter]) / now.size[0]


def levelled(gray: np.ndarray) -> np.ndarray:
    """Return a (h, w) uint8 picture with mean and spread that do not depend on the light."""
    mean, spread = (value.item() for value in cv2.meanStdDev(gray))
    gain = min(MAX_AMPLIFICATION, LEVELLED_SPREAD / max(spread, 1e-3))
    table = np.clip((np.arange(256) - mean) * gain + LEVELLED_MEAN, 0, 255)
    return cv2.LUT(gray, table.astype(np.uint8))


def strongest_corners(
    picture: np.ndarray, taken: np.ndarray, ignored: np.ndarray | None
) -> np.ndarray:
    """Find the strongest corner of each free cell of 16 x 16 pixels.

    Args:
        picture: (h, w) uint8 picture from ``levelled``.
        taken: (M, 2) x, y of existing corners; their cells are not free.
        ignored: (h, w) uint8, above 0 where no corner is wanted; None to search everywhere.

    Returns:
        (N, 2) float32 x, y, strongest first.
    """
    strength = cv2.cornerMinEigenVal(picture, 5)
    if ignored is not None:
        strength[ignored > 0] = 0.0
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


def followed(
    earlier: np.ndarray | None,
    corners: Points,
    picture: np.ndarray,
    guess: np.ndarray,
    ignored: np.ndarray | None,
) -> Points:
    """Follow corners from one picture to another.

    Args:
        earlier: (h, w) uint8 picture from ``levelled`` that shows the corners; None for none.
        corners: N corners at their positions there.
        picture: (h, w) uint8 picture from ``levelled``.
        guess: (N, 2) likely positions in ``picture``, pixels.
        ignored: (h, w) uint8, above 0 where no corner is wanted; None for nowhere.

    Returns:
        The corners that were found, at their positions in ``picture``.
    """
    if earlier is None or not len(corners.ids):
        return no_points(corners.size)
    after, found, error = cv2.calcOpticalFlowPyrLK(
        earlier,
        picture,
        corners.positions.reshape(-1, 1, 2),
        guess.astype(np.float32).reshape(-1, 1, 2),
        winSize=WINDOW,
        maxLevel=PYRAMID_LEVELS,
        criteria=TERMINATION,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    after = after.reshape(-1, 2)
    good = (found.ravel() == 1) & (error.ravel() < MAX_PATCH_ERROR)
    good &= (after >= 0.0).all(axis=1) & (after < corners.size).all(axis=1)
    if ignored is not None:
        places = after[good].astype(int)
        good[good] = ignored[places[:, 1], places[:, 0]] == 0
    return Points(corners.ids[good], after[good], corners.size)
