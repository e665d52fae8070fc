"""Publishers and subscriptions of image streams: quality of service, work on demand."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import QoSPolicyKind, qos_policy_name_from_kind
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription

from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.recent_values import RecentValues
from mininet_ros.parameters import ParameterError

try:
    from rclpy.event_handler import (
        PublisherEventCallbacks,
        SubscriptionEventCallbacks,
        UnsupportedEventTypeError,
    )
except ImportError:  # Humble
    from rclpy.qos_event import (
        PublisherEventCallbacks,
        SubscriptionEventCallbacks,
        UnsupportedEventTypeError,
    )

# Policies that users may override by parameters such as qos_overrides./image.subscription.depth.
_POLICIES = (
    QoSPolicyKind.HISTORY,
    QoSPolicyKind.DEPTH,
    QoSPolicyKind.RELIABILITY,
    QoSPolicyKind.DURABILITY,
)


@contextlib.contextmanager
def qos_overrides(topic: str) -> Iterator[QoSOverridingOptions]:
    """Return the option that lets users override an endpoint's quality of service.

    Args:
        topic: topic of the endpoint that is created in the context.

    Raises:
        ParameterError: an override cannot be used.
    """
    try:
        yield QoSOverridingOptions(_POLICIES)
    except UnsupportedEventTypeError:
        raise
    # RuntimeError: the value names no policy, or the middleware refuses it.
    except (RuntimeError, ParameterException) as error:
        sentence = " ".join(str(error).split())
        raise ParameterError(f"the QoS of {topic} cannot be used: {sentence}") from error


def create_publisher(
    node: Node, topic: Topic, matched: Callable[[], None] | None = None
) -> Publisher:
    """Create a publisher whose quality of service users may override.

    Humble and some middleware do not report when subscribers come and go: poll the count as well.

    Args:
        node: node that publishes.
        topic: name, type and default quality of service.
        matched: called in the thread that spins the node when subscribers come and go.

    Raises:
        ParameterError: an override of the quality of service cannot be used.
    """
    with qos_overrides(topic.name) as options:
        arguments = (topic.message_type, topic.name, copy(topic.qos))
        if matched is None:
            return node.create_publisher(*arguments, qos_overriding_options=options)
        try:
            return node.create_publisher(
                *arguments,
                event_callbacks=PublisherEventCallbacks(matched=lambda _: matched()),
                qos_overriding_options=options,
            )
        except (TypeError, UnsupportedEventTypeError):
            return node.create_publisher(*arguments, qos_overriding_options=options)


def create_subscription(
    node: Node,
    topic: Topic,
    callback: Callable[[Any], None],
    event_callbacks: SubscriptionEventCallbacks | None = None,
    raw: bool = False,
) -> Subscription:
    """Create a subscription whose quality of service users may override.

    Args:
        node: node that subscribes.
        topic: name, type and default quality of service.
        callback, event_callbacks, raw: as for ``Node.create_subscription``.

    Raises:
        ParameterError: an override of the quality of service cannot be used.
    """
    with qos_overrides(topic.name) as options:
        return node.create_subscription(
            topic.message_type,
            topic.name,
            callback,
            copy(topic.qos),
            event_callbacks=event_callbacks,
            qos_overriding_options=options,
            raw=raw,
        )


class OnDemandSubscription:
    """A subscription that exists only while its messages are wanted.

    While it does not exist, messages cost this process nothing, not even in the middleware. The
    methods must be called in the thread that spins the node.

    Args:
        node: node that subscribes.
        callback: called with each message.
        topic: name, type and default quality of service.
    """

    def __init__(self, node: Node, callback: Callable[[Any], None], topic: Topic) -> None:
        self._node = node
        self._callback = callback
        self._topic = topic
        self._subscription: Subscription | None = None
        self._last_message = 0.0
        self.incompatible_policy: str | None = None  # publishers that offer less than requested
        self.received = 0  # messages since the subscription was created
        self.lost = 0  # messages lost on the way, as the middleware reports
        self._recent_losses = RecentValues()
        self._declare_reliability()

    def _declare_reliability(self) -> None:
        """Give the parameter reliability and the QoS override of this topic the same value.

        rclpy would declare the override only once and never change it.
        """
        name = f"qos_overrides.{self.topic}.subscription.reliability"
        reliability = self._topic.qos.reliability.name.lower()
        if self._node.has_parameter(name):
            self._node.set_parameters([Parameter(name, value=reliability)])
            return
        description = ParameterDescriptor(
            description=f"Reliability of the subscription to {self.topic}, as the parameter "
            "reliability has it unless this one is given."
        )
        self._node.declare_parameter(name, reliability, description)

    def change(self, topic: Topic) -> None:
        """Change name, type or profile; resubscribe if messages are wanted."""
        wanted = self.active
        self.want(False)
        self._topic = topic
        self._declare_reliability()
        self.want(wanted)

    @property
    def active(self) -> bool:
        """Return whether the subscription exists."""
        return self._subscription is not None

    @property
    def topic(self) -> str:
        """Return the topic name in the graph, expanded and remapped."""
        return self._node.resolve_topic_name(self._topic.name)

    @property
    def type_name(self) -> str:
        """Return the message type as the graph spells it, for example sensor_msgs/msg/Image."""
        return self._topic.type_name

    def silent_s(self) -> float:
        """Return the seconds since the last message, or since the subscription was created."""
        return time.monotonic() - self._last_message

    def losing(self) -> bool:
        """Return whether messages were lost on the way in the last seconds."""
        return bool(self._recent_losses.values())

    def want(self, wanted: bool) -> None:
        """Create or destroy the subscription."""
        if wanted and self._subscription is None:
            self.incompatible_policy = None
            self.received = 0
            self._last_message = time.monotonic()
            self._subscription = self._subscribe()
        elif not wanted and self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _subscribe(self) -> Subscription:
        arguments = (self._node, self._topic, self._receive)
        try:
            events = SubscriptionEventCallbacks(
                incompatible_qos=self._note_incompatible, message_lost=self._note_lost
            )
            return create_subscription(*arguments, events)
        except UnsupportedEventTypeError:
            return create_subscription(*arguments)

    def _receive(self, message: object) -> None:
        self._last_message = time.monotonic()
        self.received += 1
        self._callback(message)

    def _note_incompatible(self, event: Any) -> None:
        self.incompatible_policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        self._node.get_logger().warning(
            f"a publisher of {self.topic} offers another {self.incompatible_policy} than this node "
            "asks for, so nothing of it arrives: set the parameter reliability"
        )

    def _note_lost(self, event: Any) -> None:
        self.lost += event.total_count_change
        self._recent_losses.add(event.total_count_change)
