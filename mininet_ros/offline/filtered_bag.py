"""A bag cut down to the chosen frames: the recorded messages, byte for byte."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_ros.sequences import SequenceError
from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.bag_reader import IMAGE_TYPES, header_stamp_ns, open_bag

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

STAMPED_TYPES = (*IMAGE_TYPES, "sensor_msgs/msg/CameraInfo")


@dataclass(frozen=True)
class FilteredBag:
    """What was written.

    Attributes:
        path: of the new bag.
        messages: their number.
        left_out: topics of types that the source does not define, as old ROS 2 bags do not.
    """

    path: Path
    messages: int
    left_out: tuple[str, ...]


def check_target(source: BagImages, target: Path) -> None:
    """Say before a long run that a bag cannot be written.

    Raises:
        SequenceError: there is something at the target, or its name is that of another kind of
            bag than the source.
    """
    if target.exists():
        raise SequenceError(f"{target} exists already; give another name for the filtered bag")
    is_ros1 = source.path.suffix == ".bag"
    if is_ros1 != (target.suffix == ".bag"):
        kind, rule = ("1", "must end") if is_ros1 else ("2", "is a folder and must not end")
        raise SequenceError(
            f"{source.path} is a bag of ROS {kind}, so the name of the filtered bag {rule} in "
            f".bag; rename {target}"
        )


def write_filtered_bag(source: BagImages, chosen: Collection[int], target: Path) -> FilteredBag:
    """Copy a bag with all but the chosen frames left out.

    Of topics of images and camera infos, the messages that carry a chosen frame's stamp are kept,
    whatever camera or node they come from; all other topics (tf, odometry ...) are kept whole.
    Messages and their times of recording stay as they are. The result is of the same ROS
    generation and, for ROS 2, the same storage.

    Args:
        source: the bag.
        chosen: indices of the chosen frames in its image topic.
        target: a file `.bag` for ROS 1, else the name of a new folder.

    Raises:
        SequenceError: see :func:`check_target`, or a bag cannot be read or written.
    """
    check_target(source, target)
    stamps = _chosen_stamps(source, chosen)
    written = index = 0
    left_out: set[str] = set()
    with open_bag(source.path) as reader, _open_writer(reader, source.path, target) as writer:
        copies = _Connections(reader, writer)
        for connection, recorded_ns, data in reader.messages():
            if connection.topic == source.topic and connection.msgtype in IMAGE_TYPES:
                keep = index in chosen
                index += 1
            elif connection.msgtype in STAMPED_TYPES:
                stamp_ns = header_stamp_ns(reader.deserialize(data, connection.msgtype))
                keep = stamp_ns in stamps
            else:
                keep = connection.msgtype in reader.typestore.fielddefs
                left_out |= set() if keep else {connection.topic}
            if keep:
                writer.write(copies.of(connection), recorded_ns, data)
                written += 1
    return FilteredBag(target, written, tuple(sorted(left_out)))


def _chosen_stamps(source: BagImages, chosen: Collection[int]) -> set[int]:
    """Header stamps of the chosen frames; one that is not set names nothing."""
    with open_bag(source.path) as reader:
        images = [
            connection
            for connection in reader.connections
            if connection.topic == source.topic and connection.msgtype in IMAGE_TYPES
        ]
        return {
            header_stamp_ns(reader.deserialize(data, connection.msgtype))
            for index, (connection, _, data) in enumerate(reader.messages(images))
            if index in chosen
        } - {0}


def _open_writer(reader: AnyReader, source: Path, target: Path) -> Any:
    from rosbags.rosbag1 import Writer as Ros1Writer
    from rosbags.rosbag2 import StoragePlugin
    from rosbags.rosbag2 import Writer as Ros2Writer

    if not reader.is2:
        return Ros1Writer(target)
    mcap = source.suffix == ".mcap" or any(source.glob("*.mcap"))
    storage = StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3
    return Ros2Writer(target, version=8, storage_plugin=storage)


class _Connections:
    """The connections of a new bag that answer to those of the bag that is read."""

    def __init__(self, reader: AnyReader, writer: Any) -> None:
        self._reader = reader
        self._writer = writer
        self._copies: dict[tuple[Any, ...], Any] = {}

    def of(self, connection: Any) -> Any:
        extra = connection.ext._asdict()
        # Equal connections of one bag, as two players of one topic leave them, become one.
        key = (connection.topic, connection.msgtype, str(extra))
        if key not in self._copies:
            self._copies[key] = self._writer.add_connection(
                connection.topic, connection.msgtype, typestore=self._reader.typestore, **extra
            )
        return self._copies[key]
