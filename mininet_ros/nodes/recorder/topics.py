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
OVERLAY = Topic("segmentation/overlay", Image, "kept as pictures", QoSProfile(depth=10))
CAMERA_INFO = Topic("camera_info", CameraInfo, "one for each image of the camera", COUNTING_QOS)
SCORES = Topic(
    "keyframe/scores", DiagnosticArray, "decisions, where `keyframes` is true", COUNTING_QOS
)
TEAM_IMAGE = Topic(
    "team/image/compressed", CompressedImage, "bytes for team mates, likewise", COUNTING_QOS
)
TEAM_MASK = Topic(
    "team/mask/compressed", CompressedImage, "bytes for team mates, likewise", COUNTING_QOS
)

ENDPOINTS = Endpoints((REPORTS, MASK, OVERLAY, CAMERA_INFO, SCORES, TEAM_IMAGE, TEAM_MASK))
