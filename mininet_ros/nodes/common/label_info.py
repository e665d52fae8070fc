"""Class names of the ids in a mask, as ``vision_msgs/LabelInfo`` where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.nodes.common.endpoints import LATCHED_QOS, Topic
from mininet_ros.nodes.common.topics import create_publisher, create_subscription


def label_info_topic(name: str, meaning: str) -> Topic:
    """Return the topic of class names beside a mask."""
    return Topic(name, "vision_msgs/msg/LabelInfo", meaning, LATCHED_QOS)


def publish_label_info(node: Node, topic: Topic, classes: Sequence[str]) -> Publisher | None:
    """Publish the class names once, for subscribers now and later (transient local).

    Id 255 (unlabelled) has no entry, because the message reserves it.

    Args:
        node: node that publishes.
        topic: topic of :func:`label_info_topic`.
        classes: class names in the order of their ids.

    Returns:
        The publisher, which serves late subscribers while it exists; None without vision_msgs.
    """
    try:
        from vision_msgs.msg import LabelInfo, VisionClass
    except ImportError:
        node.get_logger().info(f"vision_msgs is not installed: {topic.name} is not published")
        return None
    publisher = create_publisher(node, topic.of_type(LabelInfo))
    message = LabelInfo()
    message.header.stamp = node.get_clock().now().to_msg()
    # Every pixel gets the winning class, however uncertain: there is no threshold.
    message.threshold = 0.0
    message.class_map = [
        VisionClass(class_id=class_id, class_name=name) for class_id, name in enumerate(classes)
    ]
    publisher.publish(message)
    return publisher


def subscribe_label_info(
    node: Node, topic: Topic, received: Callable[[tuple[str, ...]], None]
) -> Subscription | None:
    """Subscribe to class names, whether they are published before or after this call.

    Args:
        node: node that subscribes.
        topic: topic of :func:`label_info_topic`.
        received: called with the names in the order of the ids; an id without a name has "". Ids
            above 255 do not fit into a mask of 8 bits and are left out.

    Returns:
        The subscription; None without vision_msgs.
    """
    try:
        from vision_msgs.msg import LabelInfo
    except ImportError:
        return None

    def receive(message: LabelInfo) -> None:
        names = {
            entry.class_id: entry.class_name
            for entry in message.class_map
            if entry.class_id < IGNORE_LABEL
        }
        received(tuple(names.get(number, "") for number in range(max(names, default=-1) + 1)))

    return create_subscription(node, topic.of_type(LabelInfo), receive)
