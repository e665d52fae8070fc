"""Reader of ROS 1 and ROS 2 bags without ROS, based on the package rosbags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_ros.extras import missing_extra
from mininet_ros.images.encodings import ImageError
from mininet_ros.sequences.sequence import Problems, SequenceError

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

BAG_SUFFIXES = (".bag", ".db3", ".mcap")
"""Suffixes of bag files; a folder with a metadata.yaml is a bag too."""

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")

# Precision of the end of a damaged part, ns.
_STEP_NS = 1_000_000


def is_bag(path: Path) -> bool:
    """Return whether a path is that of a bag, by its name and contents."""
    if path.is_dir():
        return (path / "metadata.yaml").is_file()
    return path.suffix.lower() in BAG_SUFFIXES


def bag_root(path: Path) -> Path:
    """Return the path to open: the folder of a bag, where a path is a file inside of it.

    An .mcap file is complete by itself; a .db3 file needs the metadata beside it.
    """
    beside = path.suffix == ".db3" and (path.parent / "metadata.yaml").is_file()
    return path.parent if beside else path


@contextmanager
def open_bag(path: Path) -> Iterator[AnyReader]:
    """Open a bag.

    Raises:
        SequenceError: rosbags is not installed, or the bag cannot be opened.
    """
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise SequenceError(missing_extra(f"reading bag {path}", "bags")) from error
    try:
        # Bags of ROS 2 Humble and earlier do not contain the definitions of their messages.
        typestore = get_typestore(Stores.ROS2_HUMBLE)
        reader = AnyReader([path], default_typestore=typestore)
        reader.open()
    # For damaged files, rosbags passes on the errors of all libraries below it.
    except Exception as error:
        raise SequenceError(
            f"cannot read bag {path}: {one_line(error)}; check that it was recorded to its end"
        ) from error
    with closing(reader):
        yield reader


def image_topics(reader: AnyReader) -> list[str]:
    """Return the topics of raw or compressed images, sorted."""
    return sorted({c.topic for c in reader.connections if c.msgtype in IMAGE_TYPES})


def header_stamp_ns(message: Any) -> int:
    """Return the stamp of a message with a header, ns."""
    return stamp_ns_of(message.header)


def stamp_ns_of(header: Any) -> int:
    """Return the stamp of a header, ns."""
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def recorded_messages(
    reader: AnyReader, connections: Sequence[Any], problems: Problems
) -> Iterator[tuple[Any, int, bytes]]:
    """Yield connection, recording time (ns) and bytes of messages; skip damaged parts.

    Args:
        reader: open reader of the bag.
        connections: connections whose messages are wanted.
        problems: receives a note on each damaged part.
    """
    start: int | None = None
    last_ns = reader.start_time
    while True:
        try:
            for item in reader.messages(connections, start=start):
                last_ns = item[1]
                yield item
            return
        # For damaged data, rosbags passes on the errors of all libraries below it.
        except Exception as error:  # noqa: BLE001
            problems.add(
                f"a part of the bag {1e-9 * (last_ns - reader.start_time):.3f} s after its begin "
                f"is damaged: {one_line(error)}"
            )
        start = _next_readable(reader, connections, last_ns + 1)
        if start is None:
            return


def read_message(reader: AnyReader, connection: Any, data: bytes) -> Any:
    """Deserialise a message.

    Raises:
        ImageError: the bytes are not a message of the connection's type.
    """
    try:
        return reader.deserialize(data, connection.msgtype)
    # The generated code may raise any error for the bytes of a damaged message.
    except Exception as error:
        raise ImageError(
            "damaged message", f"its bytes are no {connection.msgtype}: {one_line(error)}"
        ) from error


def one_line(error: BaseException) -> str:
    """Return the message of an error in one line, or the name of the error."""
    return " ".join(str(error).split()) or type(error).__name__


def _next_readable(reader: AnyReader, connections: Sequence[Any], begin_ns: int) -> int | None:
    """Return the first time with readable messages again, to 1 ms; None if there is none."""

    def can_be_read(start: int) -> bool:
        try:
            next(reader.messages(connections, start=start), None)
        except Exception:  # noqa: BLE001 - it is counted by the caller, once for the whole part
            return False
        return True

    step, low, high = _STEP_NS, begin_ns, begin_ns
    while not can_be_read(high):
        low, high = high, begin_ns + step
        step *= 2
        if low > reader.end_time:
            return None
    while high - low > _STEP_NS:
        middle = (low + high) // 2
        low, high = (low, middle) if can_be_read(middle) else (middle, high)
    return high
