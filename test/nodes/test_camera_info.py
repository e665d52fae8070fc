"""Calibration of a resized image, looked at in pictures."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from sensor_msgs.msg import CameraInfo

from mininet_ros.inference.segmenter import fit_input
from mininet_ros.nodes.common.camera_info import resized_camera_info


def calibrated() -> CameraInfo:
    info = CameraInfo(width=640, height=480, distortion_model="plumb_bob", d=[0.1, 0.2, 0.0, 0, 0])
    info.header.frame_id = "camera"
    info.k = [500.0, 0.0, 320.0, 0.0, 510.0, 240.0, 0.0, 0.0, 1.0]
    info.p = [480.0, 0.0, 318.0, -48.0, 0.0, 490.0, 238.0, -4.9, 0.0, 0.0, 1.0, 0.0]
    info.binning_x = info.binning_y = 2
    info.roi.x_offset, info.roi.y_offset, info.roi.width, info.roi.height = 101, 50, 301, 200
    return info


def test_calibration_scales_with_the_axes_of_the_image():
    info = resized_camera_info(calibrated(), 0.5, 0.25)
    assert (info.width, info.height) == (320, 120)
    np.testing.assert_allclose(np.reshape(info.k, (3, 3))[:, :2], [[250, 0], [0, 127.5], [0, 0]])
    p = np.reshape(info.p, (3, 4))
    np.testing.assert_allclose(p[:, [0, 1, 3]], [[240, 0, -24], [0, 122.5, -1.225], [0, 0, 0]])
    assert (info.k[8], info.p[10]) == (1.0, 1.0)
    assert list(info.d) == [0.1, 0.2, 0.0, 0.0, 0.0]
    assert (info.binning_x, info.binning_y) == (2, 2)
    roi = info.roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (50, 12, 151, 50)


@pytest.mark.parametrize("size", [(512, 256), (320, 240), (96, 64), (1280, 960)])
@pytest.mark.parametrize("point", [(90.0, 200.0), (320.0, 240.0), (580.0, 60.0)])
def test_a_point_is_found_in_the_resized_picture_where_the_calibration_projects_it(size, point):
    """A bright spot is drawn, the picture resized as for the network, the spot found again."""
    before = calibrated()
    sx, sy = size[0] / before.width, size[1] / before.height
    after = resized_camera_info(before, sx, sy)
    for name, columns in (("k", 3), ("p", 4)):
        project = np.reshape(getattr(before, name), (3, columns))[:, :3]
        direction = np.linalg.inv(project) @ [*point, 1.0]
        picture = fit_input(spot(before.width, before.height, *point), *size)
        projected = np.reshape(getattr(after, name), (3, columns))[:, :3] @ direction
        np.testing.assert_allclose(
            centre_of_light(picture), projected[:2] / projected[2], atol=0.02
        )


def spot(width: int, height: int, x: float, y: float) -> np.ndarray:
    """A picture of a soft bright spot at (x, y), in pixels from the centre of the first one."""
    columns, rows = np.arange(width), np.arange(height)[:, None]
    light = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * 12.0**2))
    return np.repeat(np.rint(255 * light).astype(np.uint8)[..., None], 3, axis=2)


def centre_of_light(picture: np.ndarray) -> tuple[float, float]:
    light = picture[..., 0].astype(np.float64)
    columns, rows = np.arange(light.shape[1]), np.arange(light.shape[0])
    return (light.sum(0) @ columns / light.sum(), light.sum(1) @ rows / light.sum())


def test_the_same_size_leaves_calibration_as_it_is_and_nothing_is_shared():
    info = calibrated()
    same = resized_camera_info(info, 1.0, 1.0)
    assert same == info
    same.k[0] = 1.0
    same.header.frame_id = "other"
    assert info == calibrated()


def test_an_uncalibrated_camera_stays_so():
    info = resized_camera_info(CameraInfo(width=640, height=480), 0.5, 0.5)
    assert not any(info.k)
    assert not any(info.p)
    assert (info.width, info.roi.width) == (320, 0)
