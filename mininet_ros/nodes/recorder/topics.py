"""Topics of the stream recorder node."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mininet_ros.nodes.common.endpoints import Endpoints, Topic

# Deep and reliable: this node counts losses elsewhere, so it must lose nothing itself.
COUNTING_QOS = QoSProfile(depth=1000)
REPORTS_QOS = QoSProfile(depth=10)

REPORTS = Topic("/diagnostics", DiagnosticArray, "counts of the namespace's nodes", REPORTS_QOS)
MASK = Topic("segmentation/mask", Image, "counted, with their latency", COUNTING_QOS)
CONFIDENCE = Topic("segmentation/confidence", Image, "where `bag` is true", COUNTING_QOS)
OVERLAY = Topic(
    "segmentation/overlay/compressed", CompressedImage, "kept as pictures", COUNTING_QOS
)
LABEL_INFO = "segmentation/label_info"
"""Topic of the class names in the bag; they come from the model's card."""
IMAGE = Topic("image/compressed", CompressedImage, "where `bag` or a view is wanted", COUNTING_QOS)
CAMERA_INFO = Topic("camera_info", CameraInfo, "one for each image of the camera", COUNTING_QOS)
SCORES = Topic(
    "keyframe/scores", DiagnosticArray, "decisions, where `keyframes` is true", COUNTING_QOS
)
TEAM_IMAGE = Topic(
    "team/image/compressed", CompressedImage, "bytes for team mates, likewise", COUNTING_QOS
)
TEAM_INFO = Topic("team/camera_info", CameraInfo, "likewise, for `bag`", COUNTING_QOS)
TEAM_MASK = Topic(
    "team/mask/compressed", CompressedImage, "bytes for team mates, likewise", COUNTING_QOS
)
KEYFRAME = Topic(
    "keyframe/image", Image, "where `keyframes`, and `bag` or a view, is wanted", COUNTING_QOS
)
KEYFRAME_INFO = Topic("keyframe/camera_info", CameraInfo, "likewise, for `bag`", COUNTING_QOS)
KEYFRAME_MASK = Topic("keyframe/mask", Image, "likewise, for `bag`", COUNTING_QOS)

ENDPOINTS = Endpoints(
    (
        REPORTS,
        IMAGE,
        CAMERA_INFO,
        MASK,
        CONFIDENCE,
        OVERLAY,
        SCORES,
        KEYFRAME,
        KEYFRAME_INFO,
        KEYFRAME_MASK,
        TEAM_IMAGE,
        TEAM_INFO,
        TEAM_MASK,
    )
)
