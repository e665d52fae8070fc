"""Conversion of camera encodings to BGR arrays with NumPy and OpenCV, without messages.

The names are those of ``sensor_msgs/image_encodings.hpp``, plus ``nv12``, which camera drivers
send although that list lacks it.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

import cv2
import numpy as np

PixelData = array | bytes | bytearray | memoryview | np.ndarray


class ImageError(ValueError):
    """An image cannot be used.

    ``str(error)`` is one sentence that names the problem. ``reason`` is one of a few short phrases,
    for counting.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class UnknownEncodingError(ImageError):
    """A known ROS encoding that this module does not convert."""

    def __init__(self, encoding: str) -> None:
        super().__init__(
            "unknown encoding",
            f"images of encoding {encoding!r} are converted by cv_bridge, which is not installed "
            "here: install the package cv_bridge of your ROS distribution, or have the camera "
            "driver send bgr8, rgb8 or mono8",
        )


@dataclass(frozen=True)
class _Packed:
    """Encoding with all channels of a pixel next to each other in one plane."""

    channels: int
    to_bgr: int | None  # OpenCV conversion code; None for BGR
    bytes_per_channel: int = 1
    columns_per_unit: int = 1  # columns with common colour; the width is a multiple


_PACKED = {
    "bgr8": _Packed(3, None),
    "8UC3": _Packed(3, None),
    "rgb8": _Packed(3, cv2.COLOR_RGB2BGR),
    "bgra8": _Packed(4, cv2.COLOR_BGRA2BGR),
    "8UC4": _Packed(4, cv2.COLOR_BGRA2BGR),
    "rgba8": _Packed(4, cv2.COLOR_RGBA2BGR),
    "mono8": _Packed(1, cv2.COLOR_GRAY2BGR),
    "8UC1": _Packed(1, cv2.COLOR_GRAY2BGR),
    "bgr16": _Packed(3, None, bytes_per_channel=2),
    "rgb16": _Packed(3, cv2.COLOR_RGB2BGR, bytes_per_channel=2),
    "bgra16": _Packed(4, cv2.COLOR_BGRA2BGR, bytes_per_channel=2),
    "rgba16": _Packed(4, cv2.COLOR_RGBA2BGR, bytes_per_channel=2),
    "mono16": _Packed(1, cv2.COLOR_GRAY2BGR, bytes_per_channel=2),
    # "yuv422" and "yuv422_yuy2" became "uyvy" and "yuyv" in Iron.
    "yuv422": _Packed(2, cv2.COLOR_YUV2BGR_UYVY, columns_per_unit=2),
    "uyvy": _Packed(2, cv2.COLOR_YUV2BGR_UYVY, columns_per_unit=2),
    "yuv422_yuy2": _Packed(2, cv2.COLOR_YUV2BGR_YUYV, columns_per_unit=2),
    "yuyv": _Packed(2, cv2.COLOR_YUV2BGR_YUYV, columns_per_unit=2),
}

# ROS names the pattern after the first two pixels of the first row, OpenCV after the second row.
_BAYER = {
    "bayer_rggb": cv2.COLOR_BayerBG2BGR,
    "bayer_bggr": cv2.COLOR_BayerRG2BGR,
    "bayer_gbrg": cv2.COLOR_BayerGR2BGR,
    "bayer_grbg": cv2.COLOR_BayerGB2BGR,
}
_PACKED |= {
    f"{pattern}{8 * size}": _Packed(1, code, bytes_per_channel=size)
    for pattern, code in _BAYER.items()
    for size in (1, 2)
}

# A plane of luma, then one of interleaved chroma with half the rows, both with the same step.
_SEMI_PLANAR = {"nv12": cv2.COLOR_YUV2BGR_NV12, "nv21": cv2.COLOR_YUV2BGR_NV21}

LABEL_ENCODINGS = frozenset({"mono8", "8UC1"})

# REP 118: 16UC1 is depth in millimetres, 32FC1 in metres.
DEPTH_ENCODINGS = frozenset({"16UC1", "16SC1", "32FC1", "64FC1"})

# Encodings of ROS that are not converted here.
_FURTHER = ("nv24",)
_GENERIC = re.compile(r"(8[US]|16[USF]|32[SF]|64F)C[1-9]\d*")


def in_full_range(channels: np.ndarray) -> np.ndarray:
    """Scale channels of 16 bits to 8 bits, with 65535 as 255."""
    return scaled_to_8_bits(channels, 16)


def scaled_to_8_bits(channels: np.ndarray, bits: int) -> np.ndarray:
    """Scale channels of ``bits`` bits to 8 bits, with the largest value as 255.

    Args:
        channels: uint16 array of values.
        bits: number of bits in use, 9 to 16; larger values become 255.
    """
    return cv2.convertScaleAbs(channels, alpha=255 / (2**bits - 1))


def bgr_pixels(
    data: PixelData,
    encoding: str,
    width: int,
    height: int,
    step: int,
    big_endian: bool = False,
    to_8_bits: Callable[[np.ndarray], np.ndarray] = in_full_range,
) -> np.ndarray:
    """Return the pixels of an image as BGR.

    Args:
        data: bytes of the image, row by row.
        encoding: one of rgb8, bgr8, rgba8, bgra8, mono8, 8UC1, 8UC3, 8UC4 (the last two are taken
            as BGR and BGRA), their 16 bit forms and mono16, Bayer patterns of 8 and 16 bits,
            yuv422 (UYVY), yuv422_yuy2 (YUYV), nv12, nv21.
        width, height: size of the picture in pixels.
        step: bytes from the start of one row to the next; rows may be padded.
        big_endian: byte order of 16 bit channels.
        to_8_bits: function that scales channels of 16 bits, uint16 to uint8.

    Returns:
        uint8 (height, width, 3). For bgr8 and 8UC3 this is a view of ``data``: it may be read-only,
        and its row stride is ``step``. Otherwise it is a new array.

    Raises:
        UnknownEncodingError: the encoding is one of ROS but none of those above.
        ImageError: the image is a depth image, the encoding does not exist, or the sizes contradict
            each other.
    """
    if encoding in DEPTH_ENCODINGS:
        raise depth_error(encoding)
    if encoding in _SEMI_PLANAR:
        return _semi_planar_to_bgr(data, encoding, width, height, step)
    packed = _PACKED.get(encoding)
    if packed is None:
        raise _unknown(encoding)
    _check_sizes(encoding, width, height, packed.columns_per_unit, 1)
    row_bytes = width * packed.channels * packed.bytes_per_channel
    rows = _rows(data, encoding, width, height, step, row_bytes)
    if packed.bytes_per_channel == 2:
        channels = np.ascontiguousarray(rows).view(">u2" if big_endian else "<u2")
        rows = to_8_bits(channels.astype(np.uint16, copy=False))
    # A view even where rows are padded, because only the last axis is split.
    pixels = rows.reshape(height, width, packed.channels)
    return pixels if packed.to_bgr is None else cv2.cvtColor(pixels, packed.to_bgr)


def demosaiced(mosaic: np.ndarray, encoding: str) -> np.ndarray:
    """Interpolate the colours of a Bayer mosaic.

    Args:
        mosaic: uint8 (H, W) values of the sensor.
        encoding: name of the pattern, such as bayer_rggb8.

    Returns:
        uint8 (H, W, 3), BGR.

    Raises:
        ImageError: there is no such Bayer encoding.
    """
    if encoding not in _PACKED or not encoding.startswith("bayer_"):
        raise _unknown(encoding)
    return cv2.cvtColor(mosaic, _BAYER[encoding.rstrip("0123456789")])


def depth_error(encoding: str) -> ImageError:
    """Return the error for a depth image."""
    return ImageError(
        "depth image",
        f"an image of encoding {encoding!r} holds depth, not colours: "
        "connect the colour or mono topic of this camera",
    )


def _unknown(encoding: str) -> ImageError:
    """Return the error for an encoding that is not converted here or does not exist."""
    if encoding in _FURTHER or _GENERIC.fullmatch(encoding):
        return UnknownEncodingError(encoding)
    if not encoding.strip():
        return ImageError(
            "no such encoding",
            "the image states no encoding: have its publisher state one, such as rgb8 or mono8",
        )
    known = (*_PACKED, *_SEMI_PLANAR, *_FURTHER, *DEPTH_ENCODINGS)
    similar = get_close_matches(encoding.strip().lower(), known, 1)
    hint = f": {similar[0]!r} does" if similar else ""
    return ImageError(
        "no such encoding",
        f"encoding {encoding!r} does not exist in ROS{hint}; have its publisher state one of "
        "sensor_msgs/image_encodings.hpp",
    )


def label_pixels(data: PixelData, encoding: str, width: int, height: int, step: int) -> np.ndarray:
    """Return the pixels of a label mask, or of a confidence, unchanged.

    Args:
        data, width, height, step: as for :func:`bgr_pixels`.
        encoding: mono8 or 8UC1.

    Returns:
        uint8 (height, width), a view of ``data``.

    Raises:
        ImageError: the encoding is another one, or the sizes contradict each other.
    """
    if encoding not in LABEL_ENCODINGS:
        raise ImageError(
            "no label mask",
            f"an image of encoding {encoding!r} holds no labels: connect a mono8 mask",
        )
    _check_sizes(encoding, width, height, 1, 1)
    return _rows(data, encoding, width, height, step, width)


def _semi_planar_to_bgr(
    data: PixelData, encoding: str, width: int, height: int, step: int
) -> np.ndarray:
    _check_sizes(encoding, width, height, 2, 2)
    rows = _rows(data, encoding, width, height * 3 // 2, step, width)
    return cv2.cvtColor(np.ascontiguousarray(rows), _SEMI_PLANAR[encoding])


def _check_sizes(encoding: str, width: int, height: int, columns: int, rows: int) -> None:
    """Refuse empty images, and those that end inside a group of pixels with common colour."""
    if width < 1 or height < 1:
        raise ImageError("empty image", f"the image is empty: {width}x{height} pixels")
    if width % columns or height % rows:
        sides = "width" if rows == 1 else "width and height"
        raise ImageError(
            "odd size", f"an image of encoding {encoding!r} has even {sides}, not {width}x{height}"
        )


def _rows(
    data: PixelData, encoding: str, width: int, rows: int, step: int, row_bytes: int
) -> np.ndarray:
    """Return the used bytes of each row: uint8 (rows, row_bytes), a view of ``data``."""
    if step < row_bytes:
        raise ImageError(
            "step too small",
            f"step is {step} bytes, but a row of {width} pixels of {encoding!r} has {row_bytes}",
        )
    flat = np.frombuffer(data, np.uint8)
    if flat.size < rows * step:
        raise ImageError(
            "data too short",
            f"the image holds {flat.size} bytes, but its {rows} rows of {step} bytes are "
            f"{rows * step}",
        )
    return flat[: rows * step].reshape(rows, step)[:, :row_bytes]
