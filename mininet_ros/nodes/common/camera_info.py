"""Camera calibration of a resized image."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import numpy as np
from sensor_msgs.msg import CameraInfo, RegionOfInterest


def resized_camera_info(info: CameraInfo, scale_x: float, scale_y: float) -> CameraInfo:
    """Return the calibration of an image after it was resized.

    Focal lengths, the stereo offsets ``P[3]`` and ``P[7]``, the size and the region of interest
    scale with their axis. Distortion and rectification do not depend on the size. The principal
    point scales about the corner of the image. That corner lies half a pixel from the centre of the
    first pixel, where coordinates begin: ``c' = (c + 0.5) * scale - 0.5``, as in ``cv2.resize``.
    Binning is unchanged, because the sizes in the message are those before binning. An uncalibrated
    camera (all of K zero) stays uncalibrated.

    Args:
        info: calibration of the image before resizing; it is not changed.
        scale_x, scale_y: new size divided by old size of the image along each axis, above 0.
    """
    resized = deepcopy(info)
    resized.width = round(info.width * scale_x)
    resized.height = round(info.height * scale_y)
    resized.k = _scale_rows(info.k, 3, scale_x, scale_y)
    resized.p = _scale_rows(info.p, 4, scale_x, scale_y)
    resized.roi = _scale_region(info.roi, scale_x, scale_y)
    return resized


def _scale_rows(
    matrix: np.ndarray | Sequence[float], columns: int, scale_x: float, scale_y: float
) -> list[float]:
    """Return a camera matrix (three rows) for pixel coordinates of the resized image."""
    rows = np.asarray(matrix, np.float64).reshape(3, columns)
    if not rows.any():  # not calibrated
        return rows.ravel().tolist()
    to_resized = np.array(
        [
            [scale_x, 0.0, (scale_x - 1.0) / 2.0],
            [0.0, scale_y, (scale_y - 1.0) / 2.0],
            [0.0, 0.0, 1.0],
        ]
    )
    return (to_resized @ rows).ravel().tolist()


def _scale_region(roi: RegionOfInterest, scale_x: float, scale_y: float) -> RegionOfInterest:
    """Scale the corners, so that adjacent regions stay adjacent. All 0 means the whole image."""
    left, right = round(roi.x_offset * scale_x), round((roi.x_offset + roi.width) * scale_x)
    top, bottom = round(roi.y_offset * scale_y), round((roi.y_offset + roi.height) * scale_y)
    return RegionOfInterest(
        x_offset=left,
        y_offset=top,
        width=right - left,
        height=bottom - top,
        do_rectify=roi.do_rectify,
    )


def pinhole_camera_info(width: int, height: int, camera_matrix: np.ndarray | None) -> CameraInfo:
    """Return the calibration of a camera without distortion.

    Args:
        width, height: size of the image, pixels.
        camera_matrix: (3, 3) intrinsics in pixels; None for an uncalibrated camera, whose K is zero
            by the convention of the message.
    """
    info = CameraInfo(width=width, height=height)
    if camera_matrix is not None:
        info.distortion_model = "plumb_bob"
        info.d = [0.0] * 5
        info.k = camera_matrix.ravel().tolist()
        info.r = np.eye(3).ravel().tolist()
        info.p = np.hstack((camera_matrix, np.zeros((3, 1)))).ravel().tolist()
    return info
