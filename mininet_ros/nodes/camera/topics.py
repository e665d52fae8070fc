"""Topics of the image stream node."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mininet_ros.nodes.common.diagnostics import DIAGNOSTICS
from mininet_ros.nodes.common.endpoints import Endpoints, Topic

IMAGE = Topic("image", Image, "bgr8: each image of the source")
COMPRESSED = Topic("image/compressed", CompressedImage, "JPEG, while somebody subscribes")
CAMERA_INFO = Topic(
    "camera_info",
    CameraInfo,
    "with each image; K is zero where the source has no calibration",
)

ENDPOINTS = Endpoints(outputs=(IMAGE, COMPRESSED, CAMERA_INFO, DIAGNOSTICS))
