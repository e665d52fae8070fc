"""Writes small bags of any kind for tests; needs rosbags."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from rosbags.rosbag1 import Writer as Ros1Writer
from rosbags.rosbag2 import StoragePlugin
from rosbags.rosbag2 import Writer as Ros2Writer
from rosbags.typesys import Stores, get_typestore

RAW, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
START_NS = 1_700_000_000_123_456_789
PERIOD_NS = 40_000_000
KINDS = ("ros1", "sqlite", "mcap")


class Recorder:
    """Writes bags of any kind."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.path = folder / ("drive.bag" if kind == "ros1" else "drive")
        store = Stores.ROS1_NOETIC if kind == "ros1" else Stores.ROS2_HUMBLE
        self.types = get_typestore(store)
        if kind == "ros1":
            self.writer = Ros1Writer(self.path)
        else:
            plugin = StoragePlugin.MCAP if kind == "mcap" else StoragePlugin.SQLITE3
            self.writer = Ros2Writer(self.path, version=8, storage_plugin=plugin)
        self.connections = {}

    def __enter__(self):
        self.writer.open()
        return self

    def __exit__(self, *_):
        self.writer.close()

    def write(self, topic: str, message: object, recorded_ns: int) -> None:
        name = message.__msgtype__
        if topic not in self.connections:
            self.connections[topic] = self.writer.add_connection(topic, name, typestore=self.types)
        serialize = self.types.serialize_ros1 if self.kind == "ros1" else self.types.serialize_cdr
        self.writer.write(self.connections[topic], recorded_ns, serialize(message, name))

    def header(self, stamp_ns: int):
        stamp = self.types.types["builtin_interfaces/msg/Time"](
            sec=stamp_ns // 1_000_000_000, nanosec=stamp_ns % 1_000_000_000
        )
        fields = {"seq": 0} if self.kind == "ros1" else {}
        return self.types.types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera", **fields)

    def image(self, pixels: np.ndarray, encoding: str, stamp_ns: int):
        return self.types.types[RAW](
            header=self.header(stamp_ns), height=pixels.shape[0], width=pixels.shape[1],
            encoding=encoding, is_bigendian=0, step=pixels.strides[0], data=pixels.ravel(),
        )  # fmt: skip

    def compressed(self, pixels: np.ndarray, stamp_ns: int):
        data = cv2.imencode(".png", pixels)[1].ravel()
        return self.types.types[COMPRESSED](header=self.header(stamp_ns), format="png", data=data)
