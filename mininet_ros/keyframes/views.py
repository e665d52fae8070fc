"""Descriptions of views in less than a kilobyte, and a memory of the views that were sent.

A description holds the strongest ORB corners (Rublee et al. 2011) of each cell of a grid, so that
it covers the whole picture. Two pictures are compared by corners that agree on one similarity
transform (RANSAC). The part of a picture that an earlier one covers is known.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

# Pictures are described at this width. In larger pictures, fewer corners are found again after the
# camera has moved a little.
WIDTH = 480
CORNERS = 400
CELLS = (6, 8)  # rows, columns

# Number of corners in a packed view, and bytes of each descriptor. The tests of ORB are sorted by
# information, because they were chosen greedily. The last 96 of 256 bits add nothing here. A packed
# view then has at most 886 bytes.
KEPT = 40
DESCRIPTOR_BYTES = 20

# Least number of corners that agree on the position. In different views 4 to 6 agree by chance.
LEAST_AGREEING = 10
TOLERANCE = 8.0  # pixels of a picture of WIDTH
BEST_OVER_SECOND = 0.8

# A view is known if an earlier one covers this share of it and showed it at a scale that is smaller
# by less than this factor.
COVERED = 0.6
LARGER = 1.25

MAX_VIEWS = 256
MAX_AGE_S = 600.0

_HEADER = struct.Struct("<BBf")
_VERSION = 1
_CORNER_BYTES = 2 + DESCRIPTOR_BYTES


@dataclass(frozen=True, eq=False)
class View:
    """Description of a picture.

    Attributes:
        points: (N, 2) float32 x, y of the corners, as shares of the picture's width.
        descriptors: (N, 20) uint8, first bits of the ORB descriptors of the corners.
        aspect: height of the picture divided by its width.
    """

    points: np.ndarray
    descriptors: np.ndarray
    aspect: float

    def pack(self) -> bytes:
        """Return the view as at most 886 bytes, with the strongest corners of each cell."""
        chosen = _spread(self.points, self.aspect)
        scale = np.array([255.0, 255.0 / self.aspect])
        places = np.clip(np.round(self.points[chosen] * scale), 0, 255).astype(np.uint8)
        content = np.hstack([places, self.descriptors[chosen]]).tobytes()
        return _HEADER.pack(_VERSION, len(chosen), self.aspect) + content

    @classmethod
    def unpack(cls, content: bytes) -> View:
        """Read a packed view.

        Raises:
            ValueError: the bytes are not a packed view.
        """
        if len(content) < _HEADER.size:
            raise ValueError(f"{len(content)} bytes are no view")
        version, count, aspect = _HEADER.unpack_from(content)
        sized = len(content) == _HEADER.size + count * _CORNER_BYTES
        # Written so that nan is refused: every comparison with nan is false.
        if version != _VERSION or not sized or count > KEPT or not 0.05 <= aspect <= 20.0:
            raise ValueError(f"{len(content)} bytes are no view of version {_VERSION}")
        corners = np.frombuffer(content, np.uint8, offset=_HEADER.size)
        corners = corners.reshape(count, _CORNER_BYTES)
        points = corners[:, :2].astype(np.float32) / np.array([255.0, 255.0 / aspect], np.float32)
        return cls(points, corners[:, 2:].copy(), aspect)


def describe_view(image: np.ndarray) -> View:
    """Describe a picture.

    Args:
        image: (H, W, 3) uint8 BGR or (H, W) uint8 picture.
    """
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    height, width = gray.shape
    small = cv2.resize(
        gray, (WIDTH, max(1, round(WIDTH * height / width))), interpolation=cv2.INTER_AREA
    )
    # Packing relies on this order, strongest first.
    everywhere = np.full(small.shape, 255, np.uint8)
    orb = cv2.ORB.create(CORNERS, fastThreshold=10)
    corners, descriptors = orb.detectAndCompute(small, everywhere)
    order = np.argsort([-corner.response for corner in corners], kind="stable")
    points = np.array([corners[index].pt for index in order], np.float32).reshape(-1, 2) / WIDTH
    if descriptors is None:
        return View(points, np.empty((0, DESCRIPTOR_BYTES), np.uint8), height / width)
    # Copied, because the matcher needs contiguous rows.
    return View(points, descriptors[order, :DESCRIPTOR_BYTES].copy(), height / width)


class ViewMemory:
    """Memory of the newest known views; older ones are forgotten.

    Args:
        capacity: largest number of views, of about a kilobyte each.
        max_age_s: age at which a view is forgotten, seconds.
    """

    def __init__(self, capacity: int = MAX_VIEWS, max_age_s: float = MAX_AGE_S) -> None:
        self._views: deque[tuple[float, View]] = deque(maxlen=capacity)
        self._max_age_s = max_age_s
        self._matcher = cv2.BFMatcher(cv2.NORM_HAMMING)

    def __len__(self) -> int:
        return len(self._views)

    def add(self, view: View, now_s: float) -> None:
        """Remember a view."""
        self._forget(now_s)
        self._views.append((now_s, view))

    def knows(self, view: View, now_s: float) -> bool:
        """Return whether an earlier view shows most of this one, at hardly any smaller scale.

        Args:
            view: description of the picture, with all its corners.
            now_s: present time, seconds of a monotonic clock.
        """
        self._forget(now_s)
        return any(self._shows(earlier, view) for _, earlier in reversed(self._views))

    def _forget(self, now_s: float) -> None:
        while self._views and now_s - self._views[0][0] > self._max_age_s:
            self._views.popleft()

    def _shows(self, earlier: View, view: View) -> bool:
        if min(len(earlier.points), len(view.points)) < LEAST_AGREEING:
            return False
        pairs = self._matcher.knnMatch(earlier.descriptors, view.descriptors, k=2)
        kept = [
            pair[0]
            for pair in pairs
            if len(pair) == 2 and pair[0].distance < BEST_OVER_SECOND * pair[1].distance
        ]
        if len(kept) < LEAST_AGREEING:
            return False
        before = earlier.points[[match.queryIdx for match in kept]]
        after = view.points[[match.trainIdx for match in kept]]
        threshold = TOLERANCE / WIDTH
        carry, agreeing = cv2.estimateAffinePartial2D(
            before, after, ransacReprojThreshold=threshold
        )
        if carry is None or int(agreeing.sum()) < LEAST_AGREEING:
            return False
        larger = float(np.hypot(carry[0, 0], carry[1, 0]))
        return larger <= LARGER and _covered(carry, earlier.aspect, view.aspect) >= COVERED


def _covered(carry: np.ndarray, earlier_aspect: float, aspect: float) -> float:
    """Return the share of a picture that an earlier one covers after a similarity transform."""
    outline = np.array([[0, 0], [1, 0], [1, earlier_aspect], [0, earlier_aspect]], np.float32)
    carried = (outline @ carry[:, :2].T + carry[:, 2]).astype(np.float32)
    frame = np.array([[0, 0], [1, 0], [1, aspect], [0, aspect]], np.float32)
    area, _ = cv2.intersectConvexConvex(carried, frame)
    return area / aspect


def _spread(points: np.ndarray, aspect: float) -> np.ndarray:
    """Return indices of at most KEPT points, strongest first, in turns over the grid cells."""
    rows, columns = CELLS
    row = np.minimum(points[:, 1] / aspect * rows, rows - 1).astype(int)
    column = np.minimum(points[:, 0] * columns, columns - 1).astype(int)
    cell = row * columns + column
    rank = np.zeros(len(points), int)  # rank of a point in its cell
    for index in np.unique(cell):
        inside = np.flatnonzero(cell == index)
        rank[inside] = np.arange(len(inside))
    return np.argsort(rank, kind="stable")[:KEPT]
