"""Topics of the team base node."""

from __future__ import annotations

from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_msgs.msg import String

from mininet_ros.nodes.common.diagnostics import DIAGNOSTICS
from mininet_ros.nodes.common.endpoints import Endpoints, Topic
from mininet_ros.team.keys import INTEREST_TOPIC, TEAM_TOPICS

# Depth of several frames, because after a silence they arrive in quick succession.
REPUBLISHED_QOS = QoSProfile(depth=20)

OF_A_ROBOT = {
    "camera_info": Topic(
        TEAM_TOPICS["camera_info"], CameraInfo, "calibration of the frame", REPUBLISHED_QOS
    ),
    "mask": Topic(TEAM_TOPICS["mask"], CompressedImage, "mask of the frame, PNG", REPUBLISHED_QOS),
    "image": Topic(
        TEAM_TOPICS["image"],
        CompressedImage,
        "a frame that a robot chose, JPEG, with its stamp; it comes over the radio only while "
        "somebody subscribes",
        REPUBLISHED_QOS,
    ),
}
"""Topics of a robot below its name, by the name of the message."""

INTEREST = Topic(INTEREST_TOPIC, String, "classes that this robot shall look for")
TEAM_INTEREST = Topic(f"/{INTEREST_TOPIC}", String, "classes that all robots shall look for")

ENDPOINTS = Endpoints(
    (TEAM_INTEREST, INTEREST.in_namespace("<robot>")),
    (*(topic.in_namespace("<robot>") for topic in OF_A_ROBOT.values()), DIAGNOSTICS),
)
