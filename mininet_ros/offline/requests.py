"""Stamps of the keyframes of a V-SLAM system, which are answered offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mininet_ros.offline.number_tables import KITTI_COLUMNS, read_rows, span_of, time_span
from mininet_ros.sequences import Sequence as Recording
from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.bag_reader import open_bag, stamp_ns_of

TOPIC = "keyframe/request"
MESSAGE = "std_msgs/msg/Header"


def recorded_requests(bag: BagImages) -> list[int]:
    """Read the requests in a bag: stamps on a topic ``.../keyframe/request``.

    Returns:
        Stamps in ns, in the order of recording; empty if there is no such topic.

    Raises:
        SequenceError: the bag cannot be read.
    """
    with open_bag(bag.path) as reader:
        connections = [
            connection
            for connection in reader.connections
            if connection.msgtype == MESSAGE and f"/{connection.topic}".endswith(f"/{TOPIC}")
        ]
        # Without a choice of connections, rosbags would read all of them.
        messages = reader.messages(connections) if connections else ()
        return [
            stamp_ns_of(reader.deserialize(data, connection.msgtype))
            for connection, _, data in messages
        ]


def read_requests(path: Path) -> list[int]:
    """Read stamps on the recording's own clock from a text file, one in each line.

    Only the first column is read; see :mod:`mininet_ros.offline.number_tables`. Keyframe
    trajectories in the format of the TUM RGB-D benchmark, as ORB-SLAM writes them, the times of
    KITTI and CSV files are such files.

    Returns:
        Stamps in ns, in the order of the file.

    Raises:
        ValueError: the file cannot be read, has no times, or a line does not start with a number.
    """
    rows = read_rows(path, "requests")
    if all(len(row.columns) == KITTI_COLUMNS for row in rows):
        raise ValueError(
            f"{path} holds poses in the format of KITTI, which have no times: give the times of "
            "the keyframes, one in each line"
        )
    return [row.stamp_ns() for row in rows]


def check_requests(
    stamps_ns: Sequence[int], path: Path, recording: Recording, near_ns: int
) -> None:
    """Check that some requests are within a recording.

    Args:
        stamps_ns: requested stamps, at least one.
        path: file that they come from.
        recording: the recording.
        near_ns: largest distance of a request from the frame that answers it.

    Raises:
        ValueError: no request is within the recording.
    """
    span = span_of(recording)
    if not any(span.touches(stamp - near_ns, stamp + near_ns) for stamp in stamps_ns):
        raise ValueError(
            f"no request in {path} is within the recording: they run from "
            f"{time_span(min(stamps_ns), max(stamps_ns))}, the frames {span}"
        )
