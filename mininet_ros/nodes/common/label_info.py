"""Class names of the ids in a mask, as ``vision_msgs/LabelInfo`` where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.nodes.common.topics import LATCHED_QOS, create_publisher, create_subscription


def publish_label_info(node: Node, topic: str, classes: Sequence[str]) -> Publisher | None:
    """Publish the class names once, for subscribers now and later (transient local).

    Id 255 (unlabelled) has no entry, because the message reserves it.

    Args:
        node: node that publishes.
        topic: name of the topic ``label_info`` beside the mask.
        classes: class names in the order of their ids.

    Returns:
        The publisher, which serves late subscribers while it exists; None without vision_msgs.
    """
    try:
        from vision_msgs.msg import LabelInfo, VisionClass
    except ImportError:
        node.get_logger().info(f"vision_msgs is not installed: {topic} is not published")
        return None
    publisher = create_publisher(node, LabelInfo, topic, LATCHED_QOS)
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
    node: Node, topic: str, received: Callable[[tuple[str, ...]], None]
) -> Subscription | None:
    """Subscribe to class names, whether they are published before or after this call.

    Args:
        node: node that subscribes.
        topic: name of the topic ``label_info`` beside the mask.
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

    return create_subscription(node, LabelInfo, topic, receive, LATCHED_QOS)
