"""Topics of one robot at the base station."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from mininet_ros.nodes.common.topics import create_publisher, create_subscription
from mininet_ros.nodes.team.topics import INTEREST, OF_A_ROBOT
from mininet_ros.team.base import BaseLink, Message


class RobotTopics:
    """Republishes a robot's messages, and requests those that have a subscriber.

    Args:
        node: node that publishes.
        link: link to the robot.
        robot: name of the robot.
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
            name: create_publisher(node, topic.in_namespace(robot), matched)
            for name, topic in OF_A_ROBOT.items()
        }
        self._interest = create_subscription(node, INTEREST.in_namespace(robot), interest)

    def follow_subscribers(self) -> None:
        """Request from the robot the topics with subscribers, and only these."""
        for name, publisher in self._publishers.items():
            self._link.want(self._robot, name, publisher.get_subscription_count() > 0)

    def publish(self, message: Message) -> bool:
        """Publish a message unchanged; return whether it could be read."""
        try:
            deserialize_message(message.content, OF_A_ROBOT[message.name].message_type)
        # The middleware may raise any error when it reads bytes from the radio; the link counts it.
        except Exception:  # noqa: BLE001
            return False
        self._publishers[message.name].publish(message.content)
        return True
