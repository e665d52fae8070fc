"""Every message of a graph in one MCAP file, which Foxglove and ``ros2 bag`` open."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BAG = "demo.mcap"

_LABEL_INFO = "vision_msgs/msg/LabelInfo"
_DEFINITIONS = {
    _LABEL_INFO: "std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold\n",
    "vision_msgs/msg/VisionClass": "uint16 class_id\nstring class_name\n",
}


class Bag:
    """Writes messages as they were received, with their definitions; needs rosbags.

    Args:
        folder: existing folder for the file.

    Raises:
        ImportError: rosbags is not installed.
        OSError: the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
        from rosbags.typesys import Stores, get_types_from_msg, get_typestore

        self._target = folder / BAG
        # rosbags writes a folder of this name with the file and its metadata, which the file has,
        # too.
        self._unfinished = folder / ".bag" / Path(BAG).stem
        self._unfinished.parent.mkdir()
        self._types = get_typestore(Stores.ROS2_JAZZY)
        for name, text in _DEFINITIONS.items():
            self._types.register(get_types_from_msg(text, name))
        self._writer = Writer(self._unfinished, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        self._writer.open()
        self._connections: dict[tuple[str, str], Any] = {}

    def add_topic(self, topic: str, message_type: str) -> None:
        """Announce a topic, which is then in the file even if no message comes."""
        key = (topic, message_type)
        if key not in self._connections:
            self._connections[key] = self._writer.add_connection(
                topic, message_type, typestore=self._types
            )

    def add(self, topic: str, message_type: str, received_ns: int, content: bytes) -> None:
        """Write a message.

        Args:
            topic: full name of the topic.
            message_type: type, such as ``sensor_msgs/msg/Image``.
            received_ns: time of arrival, nanoseconds since the epoch.
            content: serialised message (CDR).
        """
        self.add_topic(topic, message_type)
        self._writer.write(self._connections[topic, message_type], received_ns, content)

    def add_classes(self, topic: str, received_ns: int, classes: Sequence[str]) -> None:
        """Write the names of the classes as ``vision_msgs/LabelInfo``, installed or not."""
        types = self._types.types
        stamp = types["builtin_interfaces/msg/Time"](*divmod(received_ns, 1_000_000_000))
        message = types[_LABEL_INFO](
            header=types["std_msgs/msg/Header"](stamp, ""),
            class_map=[
                types["vision_msgs/msg/VisionClass"](number, name)
                for number, name in enumerate(classes)
            ],
            threshold=0.0,
        )
        content = bytes(self._types.serialize_cdr(message, _LABEL_INFO))
        self.add(topic, _LABEL_INFO, received_ns, content)

    def close(self) -> None:
        """Complete the file."""
        self._writer.close()
        (self._unfinished / BAG).replace(self._target)
        shutil.rmtree(self._unfinished.parent)
