"""A bag reduced to the chosen frames: the recorded messages, byte for byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mininet_ros.images.encodings import ImageError
from mininet_ros.offline.companions import CompanionTopics, find_companions
from mininet_ros.sequences import SequenceError
from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.bag_reader import (
    IMAGE_TYPES,
    header_stamp_ns,
    open_bag,
    read_message,
    recorded_messages,
)
from mininet_ros.sequences.sequence import Problems

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

NO_COMPANIONS = CompanionTopics()
STAMPED_TYPES = (*IMAGE_TYPES, "sensor_msgs/msg/CameraInfo")


@dataclass(frozen=True)
class FilteredBag:
    """Result of writing a reduced bag.

    Attributes:
        path: path of the new bag.
        messages: number of messages written.
        left_out: topics that were left out because the source does not define their types, as in
            old ROS 2 bags.
        unmatched: topics of images or camera infos of which no message was kept, because none has
            the stamp of a chosen frame.
        missing: number of chosen frames without a companion, by topic, where there are any.
    """

    path: Path
    messages: int
    left_out: tuple[str, ...]
    unmatched: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)


def check_target(
    source: BagImages, target: Path, companions: CompanionTopics | None = None
) -> None:
    """Check, before a long run, that a bag can be written.

    Raises:
        SequenceError: the target exists, or its name belongs to another kind of bag than the
            source.
        ConfigError: a companion cannot be kept.
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
    if companions is not None and companions.names:
        with open_bag(source.path) as reader:
            companions.check(reader, source.path)


def write_filtered_bag(
    source: BagImages,
    chosen: Collection[int],
    target: Path,
    companions: CompanionTopics = NO_COMPANIONS,
) -> FilteredBag:
    """Copy a bag with only the chosen frames.

    On topics of images and camera infos, only messages with the stamp of a chosen frame are kept,
    whatever camera or node they come from. Of the companions, whatever their types are, the message
    nearest to each chosen frame is kept. All other topics (tf, odometry ...) are copied completely.
    Messages and their recording times are unchanged. The result has the same ROS
    generation and, for ROS 2, the same storage.

    Args:
        source: bag to copy from.
        chosen: places of the chosen frames in its image topic; see
            :func:`mininet_ros.sequences.sequence.place_of`.
        target: path of a file ``.bag`` for ROS 1, or of a new folder for ROS 2.
        companions: topics whose messages go with the chosen frames within a tolerance.

    Raises:
        ConfigError: a companion cannot be kept.
        SequenceError: see :func:`check_target`, or a bag cannot be read or written.
    """
    check_target(source, target)
    frames = _frames_of(source, chosen)
    with TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as folder:
        # With the same folder name, because the files of a bag are named after it.
        unfinished = Path(folder) / target.name
        try:
            result = _copy(source, frames, unfinished, companions)
            unfinished.rename(target)
        except OSError as error:
            raise SequenceError(f"cannot write bag {target}: {error.strerror or error}") from error
    return replace(result, path=target)


def _copy(
    source: BagImages,
    frames: Counter[tuple[int, int | None]],
    target: Path,
    wanted: CompanionTopics,
) -> FilteredBag:
    """Write the messages to keep.

    Args:
        source: bag to copy from.
        frames: number of chosen frames by recording time and stamp. A frame that was recorded twice
            is chosen once.
        target: path of the new bag.
        wanted: topics whose messages go with the frames.
    """
    times = {recorded_ns for recorded_ns, _ in frames}
    stamps = {stamp for _, stamp in frames if stamp}
    waiting = frames.copy()
    written: Counter[str] = Counter()
    left_out: set[str] = set()
    stamped: set[str] = set()
    places: Counter[str] = Counter()
    with open_bag(source.path) as reader, _open_writer(reader, source.path, target) as writer:
        companions = find_companions(reader, source.path, wanted, sorted(stamps))
        copies = _Connections(reader, writer)
        for connection, recorded_ns, data in recorded_messages(reader, (), Problems()):
            topic = connection.topic
            if topic == source.topic and connection.msgtype in IMAGE_TYPES:
                keep = False
                if recorded_ns in times:
                    frame = recorded_ns, _stamp(reader, connection, data)
                    keep = waiting[frame] > 0
                    waiting[frame] -= 1
            elif topic in companions.topics:
                keep = (topic, places[topic]) in companions.kept
                places[topic] += 1
            elif connection.msgtype in STAMPED_TYPES:
                keep = _stamp(reader, connection, data) in stamps
                stamped.add(topic)
            else:
                keep = connection.msgtype in reader.typestore.fielddefs
                left_out |= set() if keep else {topic}
            if keep:
                writer.write(copies.of(connection), recorded_ns, data)
                written[topic] += 1
    unmatched = sorted(topic for topic in stamped if not written[topic])
    return FilteredBag(
        target, written.total(), tuple(sorted(left_out)), tuple(unmatched), companions.missing
    )


def _frames_of(source: BagImages, chosen: Collection[int]) -> Counter[tuple[int, int | None]]:
    """Count the chosen frames by recording time and header stamp, ns; None if it is damaged."""
    with open_bag(source.path) as reader:
        images = [
            connection
            for connection in reader.connections
            if connection.topic == source.topic and connection.msgtype in IMAGE_TYPES
        ]
        messages = recorded_messages(reader, images, Problems())
        return Counter(
            (recorded_ns, _stamp(reader, connection, data))
            for index, (connection, recorded_ns, data) in enumerate(messages)
            if index in chosen
        )


def _stamp(reader: AnyReader, connection: Any, data: bytes) -> int | None:
    """Return the header stamp of a message, ns; None if the message is damaged."""
    try:
        return header_stamp_ns(read_message(reader, connection, data))
    except ImageError:
        return None


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
    """Connections of a new bag that correspond to those of the source bag."""

    def __init__(self, reader: AnyReader, writer: Any) -> None:
        self._reader = reader
        self._writer = writer
        self._copies: dict[tuple[Any, ...], Any] = {}

    def of(self, connection: Any) -> Any:
        extra = connection.ext._asdict()
        # Equal connections, as two players of one topic leave them in a bag, are merged.
        key = (connection.topic, connection.msgtype, str(extra))
        if key not in self._copies:
            self._copies[key] = self._writer.add_connection(
                connection.topic, connection.msgtype, typestore=self._reader.typestore, **extra
            )
        return self._copies[key]
