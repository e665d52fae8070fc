"""Poses of the robot from the messages on ``odometry``."""

from __future__ import annotations

from nav_msgs.msg import Odometry

from mininet_ros.keyframes.cues.scores import Pose

MAX_POSES = 500
"""Poses that are kept: ten seconds of odometry at 50 Hz."""


def pose_of(message: Odometry) -> Pose:
    """Return the pose in an odometry message."""
    place, turn = message.pose.pose.position, message.pose.pose.orientation
    return Pose((place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w))
