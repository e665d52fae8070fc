"""Decoder of camera images from messages, bags and files.

- The pixels are returned as they are stored. An EXIF orientation is ignored: calibrations, masks
  and depth of a camera refer to its stored pixels, and ROS tools that decompress images ignore it
  too.
- Size limits are checked on the header, before anything is decoded.
- Channels of 16 bits are scaled as 10, 12, 14 or 16 bits: the smallest number that holds all values
  of the stream so far, or the number that the user gives.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import cv2
import numpy as np

from mininet_ros.images.encodings import (
    DEPTH_ENCODINGS,
    ImageError,
    PixelData,
    UnknownEncodingError,
    bgr_pixels,
    demosaiced,
    depth_error,
    label_pixels,
    scaled_to_8_bits,
)
from mininet_ros.images.headers import ImageHeader, bytes_of, read_header
from mininet_ros.images.limits import MAX_PIXELS

RANGES = (10, 12, 14, 16)
"""Numbers of used bits in channels of 16 bits."""

# Largest size of a header and its metadata beside the pixels, bytes.
_METADATA_BYTES = 16 << 20
# Uncompressed, four channels of 16 bits.
_BYTES_PER_PIXEL = 8
_AS_STORED = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION

_log = logging.getLogger(__name__)


class RawImage(Protocol):
    """A ``sensor_msgs/Image`` of rclpy or rosbags."""

    @property
    def data(self) -> Any: ...  # noqa: D102
    @property
    def encoding(self) -> str: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def height(self) -> int: ...  # noqa: D102
    @property
    def step(self) -> int: ...  # noqa: D102
    @property
    def is_bigendian(self) -> int: ...  # noqa: D102


class EncodedMessage(Protocol):
    """A ``sensor_msgs/CompressedImage`` of rclpy or rosbags."""

    @property
    def data(self) -> Any: ...  # noqa: D102
    @property
    def format(self) -> str: ...  # noqa: D102


class ImageDecoder:
    """Decodes the images of one stream.

    Attributes:
        max_pixels: limit of the image size; larger images are refused before they are decoded.
        bits: number of used bits in channels of 16 bits; 0 until the decoder has seen such a
            channel, if no number was given.

    Args:
        max_pixels: limit of the image size, at least 1.
        bits: number of used bits in channels of 16 bits, 9 to 16; 0 derives it from the values.
        last_resort: function that converts raw messages in other encodings; see
            :class:`mininet_ros.images.encodings.UnknownEncodingError`.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        max_pixels: int = MAX_PIXELS,
        bits: int = 0,
        last_resort: Callable[[Any, UnknownEncodingError], np.ndarray] | None = None,
    ) -> None:
        if max_pixels < 1:
            raise ValueError(f"max_pixels must be 1 or more, not {max_pixels}")
        if bits and not 9 <= bits <= 16:
            raise ValueError(f"channels of 16 bits hold 9 to 16 bits, not {bits}")
        self.max_pixels = max_pixels
        self.bits = bits
        self._is_given = bool(bits)
        self._last_resort = last_resort

    def message(self, message: RawImage | EncodedMessage) -> np.ndarray:
        """Decode a raw or compressed image message to uint8 (H, W, 3) BGR.

        For bgr8 and 8UC3 the result is a view of the message's bytes; its rows may be padded.

        Raises:
            ImageError: the message contradicts itself, contains no picture, has too many pixels, or
                has an encoding that cannot be converted.
        """
        if is_compressed(message):
            compressed = cast(EncodedMessage, message)
            return self.encoded(compressed.data, compressed.format)
        message = cast(RawImage, message)
        self._check_pixels(message.width, message.height)
        try:
            return bgr_pixels(
                message.data,
                message.encoding,
                message.width,
                message.height,
                message.step,
                bool(message.is_bigendian),
                self._to_8_bits,
            )
        except UnknownEncodingError as error:
            if self._last_resort is None:
                raise
            return self._last_resort(message, error)

    def encoded(self, data: PixelData, stated: str = "") -> np.ndarray:
        """Decode a JPEG, PNG, WebP, BMP, TIFF or PNM picture to uint8 (H, W, 3) BGR.

        Grey is converted to colour, channels of 16 bits are scaled, and transparency is dropped.

        Args:
            data: content of an image file or of a compressed message.
            stated: format that a message states, such as ``rgb8; jpeg compressed bgr8``.

        Raises:
            ImageError: the format or depth is another one, there are too many pixels, or the data
                are damaged.
        """
        original = stated.partition(";")[0].strip()
        if original in DEPTH_ENCODINGS or "compresseddepth" in stated.lower():
            raise depth_error(stated.strip())
        try:
            header = read_header(bytes_of(memoryview(cast(bytes, data))))
        except ImageError as error:
            if not stated:
                raise
            size = memoryview(cast(bytes, data)).nbytes
            raise ImageError(
                error.reason, f"the {size} bytes of format {stated!r} are no image: {error}"
            ) from error
        self._check_pixels(header.width, header.height)
        is_mosaic = original.startswith("bayer_") and header.channels == 1
        flags = cv2.IMREAD_UNCHANGED if is_mosaic else _AS_STORED
        image = _decoded(data, flags, header)
        if header.kind == "TIFF":  # OpenCV rotates TIFF files whatever the flags say
            image = _as_stored(image, header.orientation)
        if image.dtype == np.uint16:
            image = self._to_8_bits(image)
        if image.dtype != np.uint8:
            raise ImageError(
                "unknown format",
                f"the {header.kind} image has {image.dtype} pixels: convert them to integers of 8 "
                "or 16 bits",
            )
        return demosaiced(image, original) if is_mosaic and image.ndim == 2 else image

    def labels(self, message: RawImage | EncodedMessage) -> np.ndarray:
        """Return the class ids of a mask message, or a confidence, unchanged: uint8 (H, W).

        Raises:
            ImageError: the message does not contain a picture with one channel of 8 bits, or has
                too many pixels.
        """
        if is_compressed(message):
            return self.encoded_labels(message.data)
        message = cast(RawImage, message)
        self._check_pixels(message.width, message.height)
        return label_pixels(
            message.data, message.encoding, message.width, message.height, message.step
        )

    def encoded_labels(self, data: PixelData) -> np.ndarray:
        """Return the values of a picture with one channel of 8 bits, uint8 (H, W).

        Raises:
            ImageError: as for :meth:`encoded`, or the picture has several channels or another
                depth.
        """
        header = read_header(bytes_of(memoryview(cast(bytes, data))))
        self._check_pixels(header.width, header.height)
        labels = _decoded(data, cv2.IMREAD_UNCHANGED, header)
        if labels.ndim != 2 or labels.dtype != np.uint8:
            raise ImageError(
                "no label mask", "the data are no picture of one 8 bit channel of class ids"
            )
        return labels

    def read(self, path: Path) -> tuple[bytes, ImageHeader]:
        """Read content and header of an image file; too large files are refused before reading.

        Raises:
            ImageError: the file cannot be read, is not a picture, or has too many pixels.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                header = read_header(lambda offset, count: os.pread(descriptor, count, offset))
                self._check_pixels(header.width, header.height)
                size = os.fstat(descriptor).st_size
                most = _METADATA_BYTES + _BYTES_PER_PIXEL * header.width * header.height
                if size > most:
                    raise ImageError(
                        "too many bytes",
                        f"the file has {size / 1e6:.0f} MB, too many for {header.width}x"
                        f"{header.height} pixels: replace the file, for it is damaged",
                    )
                return _content(descriptor, size), header
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ImageError(
                "unreadable", f"the file cannot be read ({error.strerror}): check its permissions"
            ) from error

    def _check_pixels(self, width: int, height: int) -> None:
        if width * height > self.max_pixels:
            raise ImageError(
                "too many pixels",
                f"the image has {width}x{height} pixels, more than max_pixels = "
                f"{self.max_pixels}: scale it down, or raise max_pixels",
            )

    def _to_8_bits(self, channels: np.ndarray) -> np.ndarray:
        if not self._is_given:
            largest = int(channels.max(initial=0))
            bits = next(bits for bits in RANGES if largest < 1 << bits)
            if bits > self.bits:
                self.bits = bits
                _log.warning(
                    "16 bit channels are taken to hold %d bits (%d at most)", bits, largest
                )
        return scaled_to_8_bits(channels, self.bits)


def is_compressed(message: RawImage | EncodedMessage) -> bool:
    """Return whether an image message is a CompressedImage."""
    return not hasattr(message, "encoding")


def _decoded(data: PixelData, flags: int, header: ImageHeader) -> np.ndarray:
    encoded = np.frombuffer(data, np.uint8)
    try:
        image = cv2.imdecode(encoded, flags)
    except cv2.error:  # OpenCV's own limits, which are far above those of this package
        image = None
    if image is None:
        raise ImageError(
            "undecodable",
            f"the {encoded.size} bytes of {header.kind} data are no image that can be decoded: "
            "they are damaged or cut short",
        )
    return image


def _as_stored(image: np.ndarray, orientation: int) -> np.ndarray:
    """Undo the rotation of a picture by its EXIF orientation."""
    back: dict[int, Callable[[np.ndarray], np.ndarray]] = {
        2: lambda turned: turned[:, ::-1],
        3: lambda turned: turned[::-1, ::-1],
        4: lambda turned: turned[::-1],
        5: lambda turned: turned.swapaxes(0, 1),
        6: lambda turned: np.rot90(turned),
        7: lambda turned: turned[::-1, ::-1].swapaxes(0, 1),
        8: lambda turned: np.rot90(turned, -1),
    }
    turn = back.get(orientation)
    return image if turn is None else np.ascontiguousarray(turn(image))


def _content(descriptor: int, size: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return file.read(size)
