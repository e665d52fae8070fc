"""Stamps of the keyframes of a V-SLAM system, which are answered offline."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

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
    """Read stamps from a text file, one in each line.

    Only the first column is read: seconds on the recording's own clock. Columns are separated by
    spaces or commas, and lines that start with ``#`` are ignored. Keyframe trajectories in the
    format of the TUM RGB-D benchmark, as ORB-SLAM writes them, are such files.

    Returns:
        Stamps in ns, in the order of the file.

    Raises:
        ValueError: the file cannot be read, or a line does not start with a number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"the requests in {path} cannot be read: {error}") from error
    stamps = []
    for number, line in enumerate(lines, start=1):
        columns = line.replace(",", " ").split()
        if not columns or columns[0].startswith("#"):
            continue
        try:
            stamps.append(int((Decimal(columns[0]) * 10**9).to_integral_value()))
        except (InvalidOperation, ValueError, OverflowError) as error:
            raise ValueError(
                f"line {number} of {path} must start with a stamp in seconds, not {columns[0]!r}"
            ) from error
    return stamps
