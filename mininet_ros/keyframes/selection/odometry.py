"""Distance and rotation of a robot between two frames, by its odometry."""

from __future__ import annotations

import math

from mininet_ros.keyframes.cues.scores import FrameScores


def driven(
    before: FrameScores, after: FrameScores, distance_m: float, rotation_deg: float
) -> float | None:
    """Return the motion between two frames relative to a distance and a rotation.

    Args:
        before: scores of the earlier frame.
        after: scores of the later frame.
        distance_m: distance that counts as 1, metres; 0 ignores the distance.
        rotation_deg: rotation that counts as 1, degrees; 0 ignores the rotation.

    Returns:
        The larger of the two ratios, at least 0; None where a frame has no pose.
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
