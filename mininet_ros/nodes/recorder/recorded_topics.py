"""Subscriptions whose messages are written to a bag, passed on, or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.serialization import deserialize_message

from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.topics import create_subscription
from mininet_ros.nodes.recorder.bag import Bag


class RecordedTopics:
    """Subscribes to topics of a graph.

    Args:
        node: node that subscribes.
        bag: bag that gets every message as it was received; None for none.
    """

    def __init__(self, node: Node, bag: Bag | None) -> None:
        self._node = node
        self._bag = bag

    def listen(self, topic: Topic, *takers: Callable[[Any], None]) -> None:
        """Subscribe to a topic, unless nobody wants its messages.

        Args:
            topic: topic.
            takers: called with each message.
        """
        bag, node = self._bag, self._node
        if bag is None and not takers:
            return
        name = node.resolve_topic_name(topic.name)
        if bag is not None:
            bag.add_topic(name, topic.type_name)

        def receive(content: bytes) -> None:
            if bag is not None:
                bag.add(name, topic.type_name, node.get_clock().now().nanoseconds, content)
            if takers:
                message = deserialize_message(content, topic.message_type)
                for take in takers:
                    take(message)

        create_subscription(node, topic, receive, raw=True)
