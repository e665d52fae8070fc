"""Topics and services of the segmentation node."""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_srvs.srv import SetBool

from mininet_ros.nodes.common.diagnostics import DIAGNOSTICS
from mininet_ros.nodes.common.endpoints import Endpoints, Service, Topic, camera_topic
from mininet_ros.nodes.common.label_info import label_info_topic

IMAGE = camera_topic("image", Image, "camera images, where `image_transport` is `raw`")
COMPRESSED = camera_topic(
    "image/compressed",
    CompressedImage,
    "camera images, where `image_transport` is `compressed`",
)
CAMERA_INFO = camera_topic(
    "camera_info", CameraInfo, "calibration of the camera; received for its rescaled copy alone"
)
LABEL_INFO = label_info_topic(
    "segmentation/label_info",
    "class names; once, when the node is configured, where vision_msgs is installed",
)
ENABLE = Service("~/enable", SetBool, "stop (`false`) and start (`true`) the work")

RESULTS = {
    "mask": Topic("segmentation/mask", Image, "mono8: class ids, 255 = unlabelled"),
    "confidence": Topic(
        "segmentation/confidence", Image, "mono8: softmax of the winning class, 0 to 255"
    ),
    "class_mask": Topic(
        "segmentation/class_mask",
        Image,
        "mono8: 255 where a pixel is of one of `mask_classes`, for "
        "[visual SLAM](recipes.md#visual-slam-without-moving-things)",
    ),
    "camera_info": Topic(
        "segmentation/camera_info", CameraInfo, "calibration, rescaled with the mask"
    ),
    "mask/compressed": Topic("segmentation/mask/compressed", CompressedImage, "the mask, PNG"),
    "overlay": Topic("segmentation/overlay", Image, "rgb8: classes blended over the picture"),
    "overlay/compressed": Topic(
        "segmentation/overlay/compressed", CompressedImage, "the overlay, JPEG"
    ),
}
"""Topics of one image below ``segmentation/``, in the order in which they are made and published:
the pictures for people come last."""

ENDPOINTS = Endpoints(
    (IMAGE, COMPRESSED, CAMERA_INFO), (*RESULTS.values(), LABEL_INFO, DIAGNOSTICS), (ENABLE,)
)
