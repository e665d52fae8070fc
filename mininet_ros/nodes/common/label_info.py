"""Names of the class ids in a mask, as ``vision_msgs/LabelInfo`` where that is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.nodes.common.topics import LATCHED_QOS, create_publisher, create_subscription


def publish_label_info(node: Node, topic: str, classes: Sequence[str]) -> Publisher | None:
    """Publish the class names once, for subscribers now and later (transient local).

    Id 255, unlabelled, has no entry: the message reserves it.

    Args:
        node: publishes.
        topic: beside the mask, ``label_info``.
        classes: names in the order of the ids.

    Returns:
        The publisher, which serves late subscribers as long as it lives; None without vision_msgs.
    """
    try:
        from vision_msgs.msg import LabelInfo, VisionClass
    except ImportError:
        node.get_logger().info(f"vision_msgs is not installed: {topic} is not published")
        return None
    publisher = create_publisher(node, LabelInfo, topic, LATCHED_QOS)
    message = LabelInfo()
    message.header.stamp = node.get_clock().now().to_msg()
    # Every pixel gets the class that wins, however unsure: there is no threshold.
    message.threshold = 0.0
    message.class_map = [
        VisionClass(class_id=class_id, class_name=name) for class_id, name in enumerate(classes)
    ]
    publisher.publish(message)
    return publisher


def subscribe_label_info(
    node: Node, topic: str, received: Callable[[tuple[str, ...]], None]
) -> Subscription | None:
    """Subscribe to class names, published before or later.

    Args:
        node: subscribes.
        topic: beside the mask, ``label_info``.
        received: called with the names in the order of the ids; an id without a name has "".
            Ids that a mask of 8 bits cannot hold are left out.

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

    return create_subscription(node, LabelInfo, topic, receive, LATCHED_QOS)
