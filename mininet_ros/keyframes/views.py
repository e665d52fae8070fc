"""Views described in less than a kilobyte, and a memory of those that were sent.

A description is the strongest ORB corners (Rublee et al. 2011) of each cell of a grid, so that it
says something of the whole picture. Whether another picture shows the same view is decided by
corners that agree on one similarity (RANSAC): what it covers of the picture is known.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

# Descriptions are made of pictures of this width: few corners of a larger one are found again in a
# picture that was taken a step further.
WIDTH = 480
CORNERS = 400
CELLS = (6, 8)  # rows, columns

# Corners that are kept of a picture, and bytes of their descriptors: the tests of ORB come in the
# order of what they tell (greedily chosen for that), and the last 96 of 256 bits tell nothing more
# here. A packed view is then 886 bytes.
KEPT = 40
DESCRIPTOR_BYTES = 20

# Corners that must agree on where the view is. Different views agree by chance on 4 to 6.
LEAST_AGREEING = 10
TOLERANCE = 8.0  # pixels of a picture of WIDTH
BEST_OVER_SECOND = 0.8

# A view is known where an earlier one covers so much of it, and showed it hardly any smaller.
COVERED = 0.6
LARGER = 1.25

MAX_VIEWS = 256
MAX_AGE_S = 600.0

_HEADER = struct.Struct("<BBf")
_VERSION = 1
_CORNER_BYTES = 2 + DESCRIPTOR_BYTES


@dataclass(frozen=True, eq=False)
class View:
    """A picture, described.

    Attributes:
        points: (N, 2) float32 x, y of its corners, in widths of the picture.
        descriptors: (N, 20) uint8, the first bits of their ORB descriptors.
        aspect: height over width.
    """

    points: np.ndarray
    descriptors: np.ndarray
    aspect: float

    def pack(self) -> bytes:
        """Return the view as at most 886 bytes: the strongest corners of each cell."""
        chosen = _spread(self.points, self.aspect)
        scale = np.array([255.0, 255.0 / self.aspect])
        places = np.clip(np.round(self.points[chosen] * scale), 0, 255).astype(np.uint8)
        content = np.hstack([places, self.descriptors[chosen]]).tobytes()
        return _HEADER.pack(_VERSION, len(chosen), self.aspect) + content

    @classmethod
    def unpack(cls, content: bytes) -> View:
        """Read a packed view.

        Raises:
            ValueError: the bytes are none.
        """
        if len(content) < _HEADER.size:
            raise ValueError(f"{len(content)} bytes are no view")
        version, count, aspect = _HEADER.unpack_from(content)
        sized = len(content) == _HEADER.size + count * _CORNER_BYTES
        # Written so that nan, which compares to nothing, is refused.
        if version != _VERSION or not sized or count > KEPT or not 0.05 <= aspect <= 20.0:
            raise ValueError(f"{len(content)} bytes are no view of version {_VERSION}")
        corners = np.frombuffer(content, np.uint8, offset=_HEADER.size)
        corners = corners.reshape(count, _CORNER_BYTES)
        points = corners[:, :2].astype(np.float32) / np.array([255.0, 255.0 / aspect], np.float32)
        return cls(points, corners[:, 2:].copy(), aspect)


def describe_view(image: np.ndarray) -> View:
    """Describe a picture.

    Args:
        image: (H, W, 3) uint8 BGR or (H, W) uint8.
    """
    gray = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    height, width = gray.shape
    small = cv2.resize(
        gray, (WIDTH, max(1, round(WIDTH * height / width))), interpolation=cv2.INTER_AREA
    )
    # Strongest first, which packing relies on.
    everywhere = np.full(small.shape, 255, np.uint8)
    orb = cv2.ORB.create(CORNERS, fastThreshold=10)
    corners, descriptors = orb.detectAndCompute(small, everywhere)
    order = np.argsort([-corner.response for corner in corners], kind="stable")
    points = np.array([corners[index].pt for index in order], np.float32).reshape(-1, 2) / WIDTH
    if descriptors is None:
        return View(points, np.empty((0, DESCRIPTOR_BYTES), np.uint8), height / width)
    # Copied, for the matcher wants rows without gaps.
    return View(points, descriptors[order, :DESCRIPTOR_BYTES].copy(), height / width)


class ViewMemory:
    """Views that are known, the newest of them; older ones are forgotten.

    Args:
        capacity: most views, of about a kilobyte each.
        max_age_s: a view is forgotten after so long.
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
        """Return whether an earlier view shows most of this one, and hardly any smaller.

        Args:
            view: of the picture, with all its corners.
            now_s: the time, seconds of a monotonic clock.
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
    """Share of a picture that an earlier one covers, carried over by a similarity."""
    outline = np.array([[0, 0], [1, 0], [1, earlier_aspect], [0, earlier_aspect]], np.float32)
    carried = (outline @ carry[:, :2].T + carry[:, 2]).astype(np.float32)
    frame = np.array([[0, 0], [1, 0], [1, aspect], [0, aspect]], np.float32)
    area, _ = cv2.intersectConvexConvex(carried, frame)
    return area / aspect


def _spread(points: np.ndarray, aspect: float) -> np.ndarray:
    """Indices of at most KEPT points, strongest first, in turns over the cells of a grid."""
    rows, columns = CELLS
    row = np.minimum(points[:, 1] / aspect * rows, rows - 1).astype(int)
    column = np.minimum(points[:, 0] * columns, columns - 1).astype(int)
    cell = row * columns + column
    rank = np.zeros(len(points), int)  # of a point in its cell
    for index in np.unique(cell):
        inside = np.flatnonzero(cell == index)
        rank[inside] = np.arange(len(inside))
    return np.argsort(rank, kind="stable")[:KEPT]
