"""Messages that the segmentation node publishes for one image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.images.drawing import overlay
from mininet_ros.inference import Segmentation, Segmenter
from mininet_ros.models import Model
from mininet_ros.nodes.common.camera_info import resized_camera_info
from mininet_ros.nodes.common.image_messages import image_message, jpeg_message, png_message

_CLOCKWISE = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_BACK = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}


@dataclass(frozen=True)
class Wishes:
    """Settings of the outputs for an image.

    Attributes:
        topics: wanted topics, keys of ``RESULTS``.
        at_camera_size: True for masks of the image's size, False for the network's size.
        overlay_alpha: weight of the class colours in the overlay, 0 to 1.
        rotate: clockwise rotation that brings the image upright, degrees: 0, 90, 180 or 270.
        class_table: uint8 (256,), value of each class id in the class mask.
    """

    topics: frozenset[str]
    at_camera_size: bool
    overlay_alpha: float
    rotate: int
    class_table: np.ndarray


def class_mask_table(classes: Sequence[str], names: Sequence[str], inverse: bool) -> np.ndarray:
    """Return the class mask's value for each id, uint8 (256,): 255 for the named classes.

    Args:
        classes: names of the model's classes in the order of their ids.
        names: classes that the mask shows; empty names are ignored.
        inverse: True for a mask of all other classes.

    Raises:
        ValueError: the model has no class of this name. The message is one sentence.
    """
    table = np.zeros(256, np.uint8)
    for name in filter(None, names):
        if name not in classes:
            raise ValueError(
                f"the model has no class {name!r}: mask_classes may name {', '.join(classes)}"
            )
        table[classes.index(name)] = 255
    return 255 - table if inverse else table


def segmented(segmenter: Segmenter, image: np.ndarray, wishes: Wishes) -> Segmentation:
    """Label an image (uint8 (H, W, 3), BGR, as received) at the wanted size."""
    upright = cv2.rotate(image, _CLOCKWISE[wishes.rotate]) if wishes.rotate else image
    result = segmenter.infer(upright, with_confidence="confidence" in wishes.topics)
    if wishes.rotate:
        back = _BACK[wishes.rotate]
        confidence = result.confidence
        result = Segmentation(
            cv2.rotate(result.mask, back),
            None if confidence is None else cv2.rotate(confidence, back),
        )
    height, width = image.shape[:2]
    return result.resized(width, height) if wishes.at_camera_size else result


def upright_mask(result: Segmentation, wishes: Wishes) -> np.ndarray:
    """Return the mask of :func:`segmented` upright, as the network saw it, uint8 (H, W)."""
    return cv2.rotate(result.mask, _CLOCKWISE[wishes.rotate]) if wishes.rotate else result.mask


def results(
    image: np.ndarray, result: Segmentation, colors: np.ndarray, header: Header, wishes: Wishes
) -> Iterator[tuple[str, Image | CompressedImage]]:
    """Yield the wanted topics with their messages; each message is made when it is reached.

    Args:
        image: uint8 (H, W, 3), BGR image.
        result: result of :func:`segmented`.
        colors: uint8 (classes, 3), RGB colour of each class.
        header: header of all messages.
        wishes: settings of the outputs.
    """
    wanted = wishes.topics
    if "mask" in wanted:
        yield "mask", image_message(result.mask, "mono8", header)
    if "confidence" in wanted and result.confidence is not None:
        yield "confidence", image_message(result.confidence, "mono8", header)
    if "class_mask" in wanted:
        yield "class_mask", image_message(cv2.LUT(result.mask, wishes.class_table), "mono8", header)
    if "mask/compressed" in wanted:
        yield "mask/compressed", png_message(result.mask, header)
    if not wanted & {"overlay", "overlay/compressed"}:
        return
    # Always over the whole picture, because the overlay is for people.
    height, width = image.shape[:2]
    mask = result.resized(width, height).mask
    picture = overlay(image, mask, colors, wishes.overlay_alpha)
    if "overlay" in wanted:
        yield "overlay", image_message(picture, "rgb8", header)
    if "overlay/compressed" in wanted:
        bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
        yield "overlay/compressed", jpeg_message(bgr, header)


def calibration(
    info: CameraInfo, image: np.ndarray, model: Model, header: Header, wishes: Wishes
) -> CameraInfo:
    """Return a camera's calibration for the mask of an image.

    Args:
        info: calibration of the camera.
        image: (H, W, 3) image.
        model: model that labels the image.
        header: header of the new message.
        wishes: settings of the outputs: size and rotation of the mask.
    """
    height, width = image.shape[:2]
    columns, rows = (width, height) if wishes.at_camera_size else (model.width, model.height)
    if not wishes.at_camera_size and wishes.rotate in (90, 270):
        columns, rows = rows, columns
    resized = resized_camera_info(info, columns / width, rows / height)
    resized.header = header
    return resized
