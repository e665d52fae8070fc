"""Topics of the semantic cloud node."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo, Image, PointCloud2

from mininet_ros.nodes.common.diagnostics import DIAGNOSTICS
from mininet_ros.nodes.common.endpoints import Endpoints, Topic, camera_topic
from mininet_ros.nodes.common.label_info import label_info_topic

INPUTS = {
    "depth": camera_topic(
        "depth",
        Image,
        "16UC1 (millimetres) or 32FC1 (metres), rectified, registered to the camera of the mask",
    ),
    "camera_info": camera_topic("depth/camera_info", CameraInfo, "calibration of the depth image"),
    "mask": camera_topic(
        "segmentation/mask", Image, "mono8: class ids, of any size of the same aspect ratio"
    ),
    "confidence": camera_topic("segmentation/confidence", Image, "mono8, optional; 255 without it"),
    "image": camera_topic("image", Image, "colours of the points, optional; white without it"),
}
"""What a cloud is made of, by the name of its part."""

LABEL_INFO = label_info_topic(
    "segmentation/label_info", "class names, where the parameter `model` names none"
)
CLOUD = Topic(
    "semantic_cloud",
    PointCloud2,
    "fields `x`, `y`, `z` (metres, float32), `rgb` (as PCL packs it), `label`, `confidence` "
    "(uint8); with the header of the depth image",
)

DEPTH = Topic(
    "semantic_depth",
    Image,
    "the depth image as received, but 0 (unknown) where a pixel is of none of `classes`: for "
    "[mapping without moving things](recipes.md#visual-slam-without-moving-things)",
)

ENDPOINTS = Endpoints((*INPUTS.values(), LABEL_INFO), (CLOUD, DEPTH, DIAGNOSTICS))
