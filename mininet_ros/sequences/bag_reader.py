"""Reading of ROS 1 and ROS 2 bags without ROS, by the package rosbags."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from mininet_ros.images.encodings import ImageError, bgr_pixels
from mininet_ros.sequences.sequence import SequenceError

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

BAG_SUFFIXES = (".bag", ".db3", ".mcap")
"""Files that are read as bags; a folder with a metadata.yaml is a bag too."""

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")


def is_bag(path: Path) -> bool:
    """Tell whether a path is that of a bag, by its name and contents."""
    if path.is_dir():
        return (path / "metadata.yaml").is_file()
    return path.suffix.lower() in BAG_SUFFIXES


def bag_root(path: Path) -> Path:
    """What is to be opened of a bag: its folder, where a path is that of the file inside of it.

    The data of an .mcap file is complete; a .db3 file needs the metadata beside it.
    """
    beside = path.suffix == ".db3" and (path.parent / "metadata.yaml").is_file()
    return path.parent if beside else path


@contextmanager
def open_bag(path: Path) -> Iterator[AnyReader]:
    """Open a bag.

    Raises:
        SequenceError: rosbags is not installed, or the bag cannot be read; the latter may also
            come to light inside of the with statement.
    """
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise SequenceError(
            f"reading bag {path} needs the package rosbags; install it with: "
            "pip install 'mininet_ros[bags]'"
        ) from error
    try:
        # Bags of ROS 2 Humble and before do not bring the definitions of their messages.
        typestore = get_typestore(Stores.ROS2_HUMBLE)
        with AnyReader([path], default_typestore=typestore) as reader:
            yield reader
    except (AnyReaderError, OSError, _database_error()) as error:
        reason = " ".join(str(error).split())
        raise SequenceError(
            f"cannot read bag {path}: {reason}; check that it was recorded to its end"
        ) from error


def image_topics(reader: AnyReader) -> list[str]:
    """Topics of raw or compressed images, sorted."""
    return sorted({c.topic for c in reader.connections if c.msgtype in IMAGE_TYPES})


def header_stamp_ns(message: Any) -> int:
    """Stamp of a message with a header, ns."""
    return stamp_ns_of(message.header)


def stamp_ns_of(header: Any) -> int:
    """Stamp of a header, ns."""
    return header.stamp.sec * 1_000_000_000 + header.stamp.nanosec


def message_pixels(message: Any) -> np.ndarray:
    """Pixels of a raw or compressed image, uint8 (H, W, 3) BGR.

    Raises:
        ImageError: it is no colour or grey picture, or contradicts itself.
    """
    if is_compressed(message):
        return _decompressed(message)
    return bgr_pixels(
        message.data, message.encoding, message.width, message.height, message.step,
        bool(message.is_bigendian),
    )  # fmt: skip


def is_compressed(message: Any) -> bool:
    """Whether an image message is a CompressedImage."""
    return not hasattr(message, "encoding")


def _decompressed(message: Any) -> np.ndarray:
    image = cv2.imdecode(np.asarray(message.data), cv2.IMREAD_COLOR) if len(message.data) else None
    if image is None:
        raise ImageError(
            "undecodable image", f"its {message.format or 'compressed'} data cannot be decoded"
        )
    return image


def _database_error() -> type[Exception]:
    """What a damaged .db3 file raises: rosbags reads it by apsw, before 0.11 by sqlite3."""
    import sqlite3

    return getattr(sys.modules.get("apsw"), "Error", sqlite3.Error)
