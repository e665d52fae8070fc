"""Odometry of a recording: from a topic of a bag, or from a trajectory file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mininet_ros.keyframes.cues.scores import Pose
from mininet_ros.keyframes.selection.pose_track import MAX_DISTANCE_NS, PoseTrack
from mininet_ros.offline.number_tables import KITTI_COLUMNS, Row, read_rows, span_of, time_span
from mininet_ros.sequences import Sequence
from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.bag_reader import (
    open_bag,
    read_message,
    recorded_messages,
    stamp_ns_of,
)
from mininet_ros.sequences.sequence import Problems

MESSAGE = "nav_msgs/msg/Odometry"
TOPIC = "odometry"
TUM_COLUMNS = 8


class OdometryError(ValueError):
    """Odometry cannot be used. The message is one sentence."""


@dataclass(frozen=True)
class Odometry:
    """Poses of the robot along a recording.

    Attributes:
        source: description of where they come from.
        at: function of the number of frames before a frame, and of its stamp on the recording's own
            clock, ns; returns the robot's pose, or None where there is none.
    """

    source: str
    at: Callable[[int, int], Pose | None]


def recorded_odometry(bag: BagImages, topic: str | None = None) -> Odometry:
    """Read the odometry in a bag.

    Args:
        bag: bag to read.
        topic: name of a topic; None for ``.../odometry``, or else the only one of its type.

    Raises:
        OdometryError: there is no such topic, several could be meant, or it is empty.
        SequenceError: the bag cannot be read.
    """
    track = PoseTrack()
    with open_bag(bag.path) as reader:
        topics = sorted({c.topic for c in reader.connections if c.msgtype == MESSAGE})
        chosen = _choose(topics, topic, bag.path)
        connections = [c for c in reader.connections if (c.topic, c.msgtype) == (chosen, MESSAGE)]
        found = []
        for connection, _, data in recorded_messages(reader, connections, Problems()):
            message = read_message(reader, connection, data)
            found.append((stamp_ns_of(message.header), _pose_in(message)))
    for stamp_ns, pose in sorted(found, key=lambda entry: entry[0]):
        track.add(stamp_ns, pose)
    if not len(track):
        raise OdometryError(f"topic {chosen} of {bag.path} holds no message; leave it out")
    return _by_time(track, f"topic {chosen} of the bag", bag)


def read_trajectory(path: Path, sequence: Sequence) -> Odometry:
    """Read a trajectory in the format of the TUM RGB-D benchmark or of KITTI.

    TUM: ``stamp x y z qx qy qz qw`` in each line, metres, on the recording's own clock. KITTI: a
    row-major 3x4 matrix in each line, one line for each frame.

    Raises:
        OdometryError: the file cannot be read, is in neither format, or has too few lines.
    """
    try:
        rows = read_rows(path, "poses")
        columns = {len(row.columns) for row in rows}
        if columns == {KITTI_COLUMNS}:
            return _by_number([_kitti_pose(row) for row in rows], path, sequence.length)
        if columns != {TUM_COLUMNS}:
            raise OdometryError(
                f"{path} has {_several(columns)} columns: poses have {TUM_COLUMNS} (TUM: stamp, "
                f"position, quaternion) or {KITTI_COLUMNS} (KITTI: a 3x4 matrix)"
            )
        poses = sorted(((row.stamp_ns(), _tum_pose(row)) for row in rows), key=lambda pair: pair[0])
    except ValueError as error:
        raise error if isinstance(error, OdometryError) else OdometryError(str(error)) from error
    track = PoseTrack()
    for stamp_ns, pose in poses:
        track.add(stamp_ns, pose)
    return _by_time(track, str(path), sequence)


def _by_time(track: PoseTrack, source: str, sequence: Sequence) -> Odometry:
    first, last = track.span
    if not span_of(sequence).touches(first, last + MAX_DISTANCE_NS):
        raise OdometryError(
            f"{source} and the recording have no time in common: the poses run from "
            f"{time_span(first, last)}, the frames {span_of(sequence)}"
        )
    return Odometry(source, lambda _, stamp_ns: track.at(stamp_ns))


def _by_number(poses: list[Pose], path: Path, frames: int | None) -> Odometry:
    if frames is not None and frames > len(poses):
        raise OdometryError(
            f"{path} has {len(poses)} poses for {frames} frames: the format of KITTI has one for "
            "each frame"
        )
    return Odometry(str(path), lambda index, _: poses[index] if index < len(poses) else None)


def _choose(topics: list[str], wanted: str | None, path: Path) -> str:
    listed = ", ".join(topics)
    if wanted is not None:
        if wanted not in topics:
            rest = f"choose one of {listed}" if topics else f"it holds no {MESSAGE}"
            raise OdometryError(f"bag {path} has no odometry topic {wanted}: {rest}")
        return wanted
    named = [topic for topic in topics if f"/{topic}".endswith(f"/{TOPIC}")]
    among = named or topics
    if len(among) == 1:
        return among[0]
    if not among:
        raise OdometryError(
            f"bag {path} holds no odometry ({MESSAGE}), which min_distance_m and min_rotation_deg "
            "need: set both to 0, or give a trajectory as --odometry"
        )
    raise OdometryError(
        f"bag {path} has several odometry topics; choose one of {listed} as --odometry-topic"
    )


def _pose_in(message: Any) -> Pose:
    place, turn = message.pose.pose.position, message.pose.pose.orientation
    return Pose((place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w))


def _tum_pose(row: Row) -> Pose:
    _, x, y, z, *turn = row.numbers()
    length = math.hypot(*turn)
    if length == 0.0:
        raise OdometryError(f"{row.place} holds the quaternion 0 0 0 0, which is no rotation")
    qx, qy, qz, qw = (part / length for part in turn)
    return Pose((x, y, z), (qx, qy, qz, qw))


def _kitti_pose(row: Row) -> Pose:
    matrix = np.array(row.numbers()).reshape(3, 4)
    rotation = matrix[:, :3]
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=0.01):
        raise OdometryError(
            f"{row.place} holds no rotation in its 3x4 matrix, so it is no pose of KITTI"
        )
    x, y, z = matrix[:, 3].tolist()
    return Pose((x, y, z), _quaternion(rotation))


def _quaternion(rotation: np.ndarray) -> tuple[float, float, float, float]:
    """Return x, y, z, w of a (3, 3) rotation, by its largest component (Shepperd 1978)."""
    m = rotation
    squares = np.array(
        [
            1.0 + m[0, 0] - m[1, 1] - m[2, 2],
            1.0 - m[0, 0] + m[1, 1] - m[2, 2],
            1.0 - m[0, 0] - m[1, 1] + m[2, 2],
            1.0 + np.trace(m),
        ]
    )
    products = np.array(
        [
            [squares[0], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[2, 1] - m[1, 2]],
            [m[0, 1] + m[1, 0], squares[1], m[1, 2] + m[2, 1], m[0, 2] - m[2, 0]],
            [m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], squares[2], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], squares[3]],
        ]
    )
    x, y, z, w = (products[squares.argmax()] / np.linalg.norm(products[squares.argmax()])).tolist()
    return x, y, z, w


def _several(columns: set[int]) -> str:
    return " or ".join(str(count) for count in sorted(columns))
