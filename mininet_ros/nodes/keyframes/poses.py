"""Pose of the robot when an image was taken, from the messages on ``odometry``."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

from nav_msgs.msg import Odometry

from mininet_ros.keyframes.cues.scores import Pose
from mininet_ros.nodes.common.stamps import stamp_of

# Ten seconds of odometry at 50 Hz.
MAX_POSES = 500

# A pose further than this in time from an image does not belong to it.
MAX_DISTANCE_NS = 500_000_000


class PoseHistory:
    """The last poses of the robot, in the order of their stamps."""

    def __init__(self) -> None:
        self._poses: deque[tuple[int, Pose]] = deque(maxlen=MAX_POSES)

    def add(self, message: Odometry) -> None:
        """Add a pose. A stamp before the last one clears the history first."""
        stamp = stamp_of(message.header)
        if self._poses and stamp <= self._poses[-1][0]:
            if stamp == self._poses[-1][0]:
                return
            self._poses.clear()
        place, turn = message.pose.pose.position, message.pose.pose.orientation
        pose = Pose((place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w))
        self._poses.append((stamp, pose))

    def at(self, stamp_ns: int) -> Pose | None:
        """Return the pose at a time: interpolated position, orientation of the nearer message.

        Returns:
            The pose; None where no message is within half a second.
        """
        if not self._poses:
            return None
        stamps = [stamp for stamp, _ in self._poses]
        after = bisect_left(stamps, stamp_ns)
        around = [i for i in (after - 1, after) if 0 <= i < len(stamps)]
        nearest = min(around, key=lambda i: abs(stamps[i] - stamp_ns))
        if abs(stamps[nearest] - stamp_ns) > MAX_DISTANCE_NS:
            return None
        if len(around) < 2 or stamps[nearest] == stamp_ns:
            return self._poses[nearest][1]
        (start, one), (end, other) = self._poses[around[0]], self._poses[around[1]]
        share = (stamp_ns - start) / (end - start)
        x, y, z = (a + share * (b - a) for a, b in zip(one.position, other.position))
        return Pose((x, y, z), self._poses[nearest][1].orientation)
