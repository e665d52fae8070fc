"""Topics of the keyframe selector node."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header, String

from mininet_ros.nodes.common.diagnostics import DIAGNOSTICS
from mininet_ros.nodes.common.endpoints import Endpoints, Topic, camera_topic
from mininet_ros.nodes.common.label_info import label_info_topic
from mininet_ros.team.keys import INTEREST_TOPIC, TEAM_TOPICS

# A deep history, because all frames of a window are decided at once and no keyframe is repeated.
KEYFRAME_QOS = QoSProfile(depth=20)
# A deep history, because every frame has a message, also in a burst.
SCORES_QOS = QoSProfile(depth=1000)
REQUEST_QOS = QoSProfile(depth=20)

IMAGE = camera_topic("image", Image, "camera images, where `image_transport` is `raw`")
COMPRESSED = camera_topic(
    "image/compressed",
    CompressedImage,
    "camera images, where `image_transport` is `compressed`",
)
PARTS = {
    "mask": camera_topic(
        "segmentation/mask", Image, "mono8: class ids; optional, for content and `keyframe/mask`"
    ),
    "confidence": camera_topic(
        "segmentation/confidence", Image, "mono8; optional, where `use_confidence` is true"
    ),
    "camera_info": camera_topic("camera_info", CameraInfo, "optional, for `keyframe/camera_info`"),
    "odometry": camera_topic(
        "odometry", Odometry, "optional: the robot's motion, where a parameter asks for it"
    ),
}
"""Messages that go with an image, by their name in the session."""

LABEL_INFO = label_info_topic(
    "segmentation/label_info", "class names, which win over the parameter `model`"
)
REQUEST = Topic(
    "keyframe/request",
    Header,
    "a stamp that SLAM would take; answered by the best frame near it",
    REQUEST_QOS,
)
INTEREST = Topic(
    INTEREST_TOPIC, String, "classes that [team mates](team.md) look for, with their weights"
)
COMPANION = camera_topic(
    "<companion>", Image, "of any type with a header: each topic that `companions` names"
)

KEYFRAMES = {
    "camera_info": Topic(
        "keyframe/camera_info", CameraInfo, "calibration of a keyframe", KEYFRAME_QOS
    ),
    "mask": Topic("keyframe/mask", Image, "mask of a keyframe, as received", KEYFRAME_QOS),
    "image": Topic("keyframe/image", Image, "a keyframe, as received", KEYFRAME_QOS),
}
"""Topics of a keyframe. The image comes last: an image subscriber then has the other messages."""

KEYFRAME_COMPRESSED = Topic(
    "keyframe/image/compressed",
    CompressedImage,
    "a keyframe, as received, where `image_transport` is `compressed`",
    KEYFRAME_QOS,
)
KEYFRAME_COMPANION = Topic(
    "keyframe/<companion>", Image, "of the companion's type: its message nearest to a keyframe"
)
SCORES = Topic(
    "keyframe/scores",
    DiagnosticArray,
    "one for each frame: every score, the decision and its reason",
    SCORES_QOS,
)
TEAM = {
    "camera_info": Topic(
        TEAM_TOPICS["camera_info"], CameraInfo, "calibration of a frame for team mates"
    ),
    "mask": Topic(TEAM_TOPICS["mask"], CompressedImage, "its mask, PNG"),
    "image": Topic(
        TEAM_TOPICS["image"],
        CompressedImage,
        "a frame for team mates, JPEG, within the byte budget; these three topics exist where "
        "`team_link` is `ros`",
    ),
}
"""Topics of a frame for team mates, in the order of sending."""

ENDPOINTS = Endpoints(
    (IMAGE, COMPRESSED, *PARTS.values(), LABEL_INFO, REQUEST, INTEREST, COMPANION),
    (
        *KEYFRAMES.values(),
        KEYFRAME_COMPRESSED,
        KEYFRAME_COMPANION,
        SCORES,
        *TEAM.values(),
        DIAGNOSTICS,
    ),
)
