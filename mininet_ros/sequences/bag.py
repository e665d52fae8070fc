"""Camera images from ROS 1 and ROS 2 bags."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_ros.images.decoding import ImageDecoder, is_compressed
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.sequences.bag_reader import (
    IMAGE_TYPES,
    bag_root,
    header_stamp_ns,
    image_topics,
    open_bag,
    read_message,
    recorded_messages,
)
from mininet_ros.sequences.files import IMAGE_RATE_HZ
from mininet_ros.sequences.sequence import (
    EncodedImage,
    Frame,
    Sequence,
    SequenceError,
    frame_name,
)

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

_SUFFIX_OF_FORMAT = {"jpeg": ".jpg", "jpg": ".jpg", "png": ".png", "tiff": ".tif", "webp": ".webp"}


class BagImages(Sequence):
    """Images of one topic of a bag, raw or compressed, in the order of recording.

    Frames keep the stamps of their message headers, counted from ``start_ns``. If the first header
    has no stamp, the recording times are used for all frames.

    Attributes:
        path: path with which the bag is opened.
        topic: name of the image topic.

    Args:
        path: ROS 1 bag file, or folder or file of a ROS 2 bag (.mcap, .db3).
        topic: name of the image topic; None where the bag has only one.
        rate_hz: value of the attribute ``rate_hz``; None for the mean rate of the bag. The stamps
            stay.
        max_pixels: limit of the image size; larger images are skipped.

    Raises:
        SequenceError: rosbags is not installed, the bag cannot be read, or it has no such topic or
            no usable image. It is also raised if there are several image topics and none is named.
    """

    def __init__(
        self,
        path: Path,
        topic: str | None = None,
        rate_hz: float | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.max_pixels = max_pixels
        self.path = bag_root(path)
        self.name = self.path.stem
        with open_bag(self.path) as reader:
            self.topic = _choose(path, reader, topic)
            connections = self._connections(reader)
            recorded = sum(connection.msgcount for connection in connections)
            self.length, self._recorded = recorded, recorded
            if not recorded:
                raise SequenceError(f"topic {self.topic} of bag {path} is empty; choose another")
            self._begin(reader, connections)
            mean_rate = (recorded - 1) * 1e9 / max(reader.duration, 1)
        self.rate_hz = float(rate_hz or mean_rate or IMAGE_RATE_HZ)

    def __iter__(self) -> Iterator[Frame]:
        self.problems.clear()
        decoder = ImageDecoder(self.max_pixels)
        index = -1
        with open_bag(self.path) as reader:
            messages = recorded_messages(reader, self._connections(reader), self.problems)
            for index, (connection, recorded_ns, data) in enumerate(messages):
                try:
                    message = read_message(reader, connection, data)
                    frame = self._frame(message, recorded_ns, index, decoder)
                except ImageError as error:
                    self._note(index, error)
                    continue
                yield frame
        self._report_missing(index + 1)

    def _begin(self, reader: AnyReader, connections: list[Any]) -> None:
        """Take times and size from the first usable image."""
        decoder = ImageDecoder(self.max_pixels)
        for connection, recorded_ns, data in recorded_messages(reader, connections, self.problems):
            try:
                message = read_message(reader, connection, data)
                self.height, self.width = decoder.message(message).shape[:2]
            except ImageError as error:
                self._note(self.problems.count, error)
                continue
            stamp_ns = header_stamp_ns(message)
            self._by_header = stamp_ns != 0
            self.start_ns = stamp_ns if self._by_header else recorded_ns
            self.times_from = "the header stamps" if self._by_header else "the times of recording"
            return
        raise SequenceError(
            f"no image of topic {self.topic} in bag {self.path} can be used: "
            f"{next(iter(self.problems.sentences), 'it holds none')}"
        )

    def _report_missing(self, seen: int) -> None:
        """Report images that a damaged bag counts but does not contain."""
        if seen < self._recorded and not self.problems.count:
            self.problems.add(
                f"{self._recorded - seen} of {self._recorded} images of topic {self.topic} are no "
                f"longer in bag {self.path}: a part of it is damaged"
            )

    def _note(self, index: int, error: ImageError) -> None:
        self.problems.add(
            f"image {index} of topic {self.topic} in bag {self.path} is passed over: {error}"
        )

    def _connections(self, reader: AnyReader) -> list[Any]:
        return [
            connection
            for connection in reader.connections
            if connection.topic == self.topic and connection.msgtype in IMAGE_TYPES
        ]

    def _frame(self, message: Any, recorded_ns: int, index: int, decoder: ImageDecoder) -> Frame:
        """Make a :class:`Frame` from a message; raises ImageError."""
        stamp_ns = header_stamp_ns(message) if self._by_header else recorded_ns
        image = decoder.message(message)
        return Frame(image, stamp_ns - self.start_ns, frame_name(index), _encoded(message))


def _choose(path: Path, reader: AnyReader, topic: str | None) -> str:
    images = image_topics(reader)
    listed = ", ".join(images)
    if not images:
        raise SequenceError(f"bag {path} has no image topic; give a bag with recorded images")
    if topic is None and len(images) > 1:
        raise SequenceError(f"bag {path} has several image topics; choose one of {listed}")
    if topic is not None and topic not in images:
        raise SequenceError(f"bag {path} has no image topic {topic}; choose one of {listed}")
    return topic or images[0]


def _encoded(message: Any) -> EncodedImage | None:
    """Return the picture in a compressed message; None for an unknown format."""
    if not is_compressed(message):
        return None
    words = message.format.rpartition(";")[2].split()
    suffix = _SUFFIX_OF_FORMAT.get(words[0].lower()) if words else None
    return EncodedImage(bytes(message.data), suffix) if suffix else None
