"""Conversion between image messages and arrays, without unneeded copies."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError, UnknownEncodingError

_CHANNELS = {"mono8": 1, "rgb8": 3, "bgr8": 3}


def image_to_bgr(message: Image | CompressedImage) -> np.ndarray:
    """Return the pixels of a single message as uint8 (height, width, 3), BGR.

    The messages of a stream are decoded by one :class:`~mininet_ros.images.decoding.ImageDecoder`.

    Raises:
        ImageError: see :meth:`~mininet_ros.images.decoding.ImageDecoder.message`.
    """
    return ImageDecoder(last_resort=through_cv_bridge).message(message)


def image_message(pixels: np.ndarray, encoding: str, header: Header) -> Image:
    """Return an image message with the pixels of an array.

    Args:
        pixels: uint8 (H, W) array for mono8, (H, W, 3) for rgb8 and bgr8.
        encoding: encoding of the pixels: "mono8", "rgb8" or "bgr8".
        header: header of the new message.

    Raises:
        ValueError: the array does not have the shape and dtype of the encoding.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if pixels.dtype != np.uint8 or pixels.ndim not in (2, 3) or channels != _CHANNELS[encoding]:
        raise ValueError(f"{encoding} is not an array of {pixels.dtype} {pixels.shape}")
    height, width = pixels.shape[:2]
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        step=width * channels,
        data=byte_array(pixels),
    )


def jpeg_message(image_bgr: np.ndarray, header: Header, quality: int = 90) -> CompressedImage:
    """Return a BGR image as JPEG, in the format that ``image_transport`` expects."""
    _, encoded = cv2.imencode(".jpg", image_bgr, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return CompressedImage(
        header=header, format="bgr8; jpeg compressed bgr8", data=byte_array(encoded)
    )


def png_message(labels: np.ndarray, header: Header) -> CompressedImage:
    """Return a label mask (uint8 (H, W)) as PNG, in the format that ``image_transport`` expects."""
    _, encoded = cv2.imencode(".png", labels)
    return CompressedImage(
        header=header, format="mono8; png compressed mono8", data=byte_array(encoded)
    )


def byte_array(values: np.ndarray) -> array:
    """Return the bytes of an array in the type of a message's ``uint8[]`` field.

    The setter of the field checks or copies any other type byte by byte, which takes 75 to 240 ms
    for a 640x480 image. This function takes less than 1 ms.
    """
    data = array("B")
    data.frombytes(np.ascontiguousarray(values).data.cast("B"))
    return data


def through_cv_bridge(message: Image, unknown: UnknownEncodingError) -> np.ndarray:
    """Convert with cv_bridge: the fallback for encodings that this package does not convert.

    Args:
        message: message in an encoding such as 8UC2.
        unknown: error to raise where cv_bridge is not installed.

    Returns:
        uint8 (height, width, 3), BGR.

    Raises:
        ImageError: cv_bridge is not installed, or cannot convert it either.
    """
    try:
        from cv_bridge import CvBridge, CvBridgeError
    # AttributeError: raised by a cv_bridge that was compiled for another NumPy.
    except (ImportError, AttributeError):
        raise unknown from None
    try:
        return CvBridge().imgmsg_to_cv2(message, "bgr8")
    # For some encodings, errors of the libraries below cv_bridge come through unchanged.
    except (CvBridgeError, cv2.error, ValueError, KeyError, RuntimeError, TypeError) as error:
        raise ImageError(
            "unknown encoding",
            f"cv_bridge cannot convert an image of encoding {message.encoding!r}: "
            f"{' '.join(str(error).split())}",
        ) from error
