"""Poses of the robot over time, by its odometry."""

from __future__ import annotations

from bisect import bisect_right

from mininet_ros.keyframes.cues.scores import Pose

MAX_DISTANCE_NS = 500_000_000
"""A pose that is older than this when an image is taken does not belong to the image."""


class PoseTrack:
    """Poses in the order of their stamps.

    Only poses up to the stamp of an image count. A robot knows no later ones when it decides, so
    that the node and a selection on its recording see the same poses.

    Args:
        most: number of poses that are kept, the latest ones; None keeps all.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._stamps: list[int] = []
        self._poses: list[Pose] = []

    def __len__(self) -> int:
        return len(self._stamps)

    @property
    def span(self) -> tuple[int, int]:
        """Return the first and the last stamp, ns; there must be a pose."""
        return self._stamps[0], self._stamps[-1]

    def add(self, stamp_ns: int, pose: Pose) -> None:
        """Add a pose; a stamp before the last one clears the track, an equal one is ignored."""
        if self._stamps and stamp_ns <= self._stamps[-1]:
            if stamp_ns == self._stamps[-1]:
                return
            self._stamps.clear()
            self._poses.clear()
        self._stamps.append(stamp_ns)
        self._poses.append(pose)
        # Removing half at once keeps the mean cost of an addition constant.
        if self._most is not None and len(self._stamps) > 2 * self._most:
            del self._stamps[: -self._most]
            del self._poses[: -self._most]

    def at(self, stamp_ns: int) -> Pose | None:
        """Return the last pose at or before a stamp; None if it is older than half a second."""
        place = bisect_right(self._stamps, stamp_ns) - 1
        if place < 0 or stamp_ns - self._stamps[place] > MAX_DISTANCE_NS:
            return None
        return self._poses[place]
