"""One robot's topics at the base station."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage
from std_msgs.msg import String

from mininet_ros.nodes.common.topics import OUTPUT_QOS, create_publisher, create_subscription
from mininet_ros.team.base import BaseLink, Message
from mininet_ros.team.keys import INTEREST_TOPIC, TEAM_TOPICS, topic_key

_TYPES = {"camera_info": CameraInfo, "mask": CompressedImage, "image": CompressedImage}

# As deep as several frames: after a silence they come in a row.
REPUBLISHED_QOS = QoSProfile(depth=20)


class RobotTopics:
    """Republishes a robot's messages, and asks it for those that somebody subscribes to.

    Args:
        node: publishes.
        link: to the robot.
        robot: its name.
        matched: called when subscribers come and go; see :func:`create_publisher`.
        interest: called with messages on the robot's ``team/interest``.
    """

    def __init__(
        self,
        node: Node,
        link: BaseLink,
        robot: str,
        matched: Callable[[], None],
        interest: Callable[[String], None],
    ) -> None:
        self._link = link
        self._robot = robot
        self._publishers: dict[str, Publisher] = {
            name: create_publisher(
                node, _TYPES[name], f"/{topic_key(robot, topic)}", REPUBLISHED_QOS, matched
            )
            for name, topic in TEAM_TOPICS.items()
        }
        self._interest = create_subscription(
            node, String, f"/{topic_key(robot, INTEREST_TOPIC)}", interest, OUTPUT_QOS
        )

    def follow_subscribers(self) -> None:
        """Ask the robot for what has subscribers, and only for that."""
        for name, publisher in self._publishers.items():
            self._link.want(self._robot, name, publisher.get_subscription_count() > 0)

    def publish(self, message: Message) -> bool:
        """Publish a message as it came; return whether it could be read."""
        try:
            deserialize_message(message.content, _TYPES[message.name])
        # Whatever the middleware's reader of bytes from the radio raises: counted by the link.
        except Exception:  # noqa: BLE001
            return False
        self._publishers[message.name].publish(message.content)
        return True
