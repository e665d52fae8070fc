"""Camera images out of ROS 1 and ROS 2 bags, read without ROS by the package rosbags."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from mininet_ros.sequences.encodings import ImageError, bgr_pixels
from mininet_ros.sequences.files import IMAGE_RATE_HZ
from mininet_ros.sequences.sequence import Frame, Sequence, SequenceError, frame_name

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

BAG_SUFFIXES = (".bag", ".db3", ".mcap")
"""Files that are read as bags; a folder with a metadata.yaml is a bag too."""

_IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")


def is_bag(path: Path) -> bool:
    """Tell whether a path is that of a bag, by its name and contents."""
    if path.is_dir():
        return (path / "metadata.yaml").is_file()
    return path.suffix.lower() in BAG_SUFFIXES


class BagImages(Sequence):
    """The images of one topic of a bag, raw or compressed, in the order of their recording.

    Frames keep the stamps of their message headers, counted from `start_ns`; where the first
    header has none, the times of recording are taken for all.

    Args:
        path: a ROS 1 bag file, or a ROS 2 bag's folder or file (.mcap, .db3).
        topic: the image topic; may be left out where the bag has only one.
        rate_hz: replaces `rate_hz`, which is else the mean rate over the bag; stamps stay.

    Raises:
        SequenceError: rosbags is not installed, the bag cannot be read, or it has no such topic,
            no images, or several image topics and none is named.
    """

    def __init__(self, path: Path, topic: str | None = None, rate_hz: float | None = None) -> None:
        # The file inside of a ROS 2 bag's folder is read with the metadata beside it.
        beside = path.suffix == ".db3" and (path.parent / "metadata.yaml").is_file()
        self._path = path.parent if beside else path
        self.name = self._path.stem
        with self._reader() as reader:
            self._topic = _choose(path, reader, topic)
            connections = self._connections(reader)
            self.length = sum(connection.msgcount for connection in connections)
            if not self.length:
                raise SequenceError(f"topic {self._topic} of bag {path} is empty; choose another")
            _, recorded_ns, data = next(reader.messages(connections))
            message = reader.deserialize(data, connections[0].msgtype)
            stamp_ns = _header_ns(message)
            self._by_header = stamp_ns != 0
            self.start_ns = stamp_ns if self._by_header else recorded_ns
            self.height, self.width = self._decode(message, 0).shape[:2]
            mean_rate = (self.length - 1) * 1e9 / max(reader.duration, 1)
        self.rate_hz = float(rate_hz or mean_rate or IMAGE_RATE_HZ)

    def __iter__(self) -> Iterator[Frame]:
        with self._reader() as reader:
            messages = reader.messages(self._connections(reader))
            for index, (connection, recorded_ns, data) in enumerate(messages):
                message = reader.deserialize(data, connection.msgtype)
                stamp_ns = _header_ns(message) if self._by_header else recorded_ns
                image = self._decode(message, index)
                yield Frame(image, stamp_ns - self.start_ns, frame_name(index))

    @contextmanager
    def _reader(self) -> Iterator[AnyReader]:
        try:
            from rosbags.highlevel import AnyReader, AnyReaderError
            from rosbags.typesys import Stores, get_typestore
        except ImportError as error:
            raise SequenceError(
                f"reading bag {self._path} needs the package rosbags; install it with: "
                "pip install 'mininet_ros[bags]'"
            ) from error
        try:
            # Bags of ROS 2 Humble and before do not bring the definitions of their messages.
            typestore = get_typestore(Stores.ROS2_HUMBLE)
            with AnyReader([self._path], default_typestore=typestore) as reader:
                yield reader
        except (AnyReaderError, OSError, _database_error()) as error:
            reason = " ".join(str(error).split())
            raise SequenceError(
                f"cannot read bag {self._path}: {reason}; check that it was recorded to its end"
            ) from error

    def _connections(self, reader: AnyReader) -> list[Any]:
        return [
            connection
            for connection in reader.connections
            if connection.topic == self._topic and connection.msgtype in _IMAGE_TYPES
        ]

    def _decode(self, message: Any, index: int) -> np.ndarray:
        try:
            if not hasattr(message, "encoding"):
                return _decompressed(message)
            return bgr_pixels(
                message.data, message.encoding, message.width, message.height, message.step,
                bool(message.is_bigendian),
            )  # fmt: skip
        except ImageError as error:
            raise SequenceError(
                f"image {index} of topic {self._topic} in bag {self._path} is no picture: {error}"
            ) from error


def _database_error() -> type[Exception]:
    """What a damaged .db3 file raises: rosbags reads it by apsw, before 0.11 by sqlite3."""
    import sqlite3

    return getattr(sys.modules.get("apsw"), "Error", sqlite3.Error)


def _choose(path: Path, reader: AnyReader, topic: str | None) -> str:
    images = sorted({c.topic for c in reader.connections if c.msgtype in _IMAGE_TYPES})
    listed = ", ".join(images)
    if not images:
        raise SequenceError(f"bag {path} has no image topic; give a bag with recorded images")
    if topic is None and len(images) > 1:
        raise SequenceError(f"bag {path} has several image topics; choose one of {listed}")
    if topic is not None and topic not in images:
        raise SequenceError(f"bag {path} has no image topic {topic}; choose one of {listed}")
    return topic or images[0]


def _header_ns(message: Any) -> int:
    stamp = message.header.stamp
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def _decompressed(message: Any) -> np.ndarray:
    image = cv2.imdecode(np.asarray(message.data), cv2.IMREAD_COLOR) if len(message.data) else None
    if image is None:
        raise ImageError(
            "undecodable image", f"its {message.format or 'compressed'} data cannot be decoded"
        )
    return image
