"""How far a robot has driven between two frames, by its odometry."""

from __future__ import annotations

import math

from mininet_ros.keyframes.cues.scores import FrameScores


def driven(
    before: FrameScores, after: FrameScores, distance_m: float, rotation_deg: float
) -> float | None:
    """The way between two frames as a share of a distance or rotation, whichever is larger.

    Args:
        before: the earlier frame.
        after: the later frame.
        distance_m: the distance that counts as 1; 0 counts no distance.
        rotation_deg: the rotation that counts as 1; 0 counts no rotation.

    Returns:
        The larger of the two shares, at least 0; None where a frame has no pose.
    """
    one, other = before.pose, after.pose
    if one is None or other is None:
        return None
    share = 0.0
    if distance_m > 0.0:
        share = math.dist(one.position, other.position) / distance_m
    if rotation_deg > 0.0:
        cosine = abs(sum(a * b for a, b in zip(one.orientation, other.orientation)))
        angle = math.degrees(2.0 * math.acos(min(1.0, cosine)))
        share = max(share, angle / rotation_deg)
    return share
