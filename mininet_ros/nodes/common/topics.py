"""Publishers and subscriptions of image streams: quality of service, and work on demand."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import (
    DurabilityPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)
from rclpy.subscription import Subscription

from mininet_ros.nodes.common.recent_values import RecentValues

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

RELIABILITIES = ("best_effort", "reliable")

OUTPUT_QOS = QoSProfile(depth=5)  # reliable: serves subscribers of either kind
LATCHED_QOS = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def input_qos(reliability: str) -> QoSProfile:
    """Return the profile to subscribe to a camera with.

    The few messages that it holds are no queue: callbacks that only hand over the message empty it
    at once, and a camera that is briefly ahead of them then loses nothing unseen.

    Args:
        reliability: "best_effort" takes images of any camera, "reliable" only of those that
            publish so, and asks again for fragments that were lost on the way.
    """
    policies = {
        "best_effort": ReliabilityPolicy.BEST_EFFORT,
        "reliable": ReliabilityPolicy.RELIABLE,
    }
    return QoSProfile(depth=5, reliability=policies[reliability])


def create_publisher(
    node: Node, message_type: type, topic: str, qos: QoSProfile, matched: Callable[[], None]
) -> Publisher:
    """Create a publisher that tells when subscribers come and go.

    Humble and some middleware have no such event: ask for the count now and then, too.

    Args:
        matched: called in the thread that spins the node.
    """
    try:
        events = PublisherEventCallbacks(matched=lambda _: matched())
        return node.create_publisher(message_type, topic, qos, event_callbacks=events)
    except (TypeError, UnsupportedEventTypeError):
        return node.create_publisher(message_type, topic, qos)


class OnDemandSubscription:
    """A subscription that exists only while its messages are wanted.

    While it does not, messages cost this process nothing, not even their way through the
    middleware. Made for the thread that spins the node.

    Args:
        node: subscribes.
        callback: called with each message.
        message_type, topic, qos: as for ``Node.create_subscription``.
    """

    def __init__(
        self,
        node: Node,
        callback: Callable[[object], None],
        message_type: type,
        topic: str,
        qos: QoSProfile,
    ) -> None:
        self._node = node
        self._callback = callback
        self._type = message_type
        self._topic = topic
        self._qos = qos
        self._subscription: Subscription | None = None
        self._last_message = 0.0
        self.incompatible_policy: str | None = None  # of a publisher that offers less than asked
        self.lost = 0  # messages that the middleware knows to have lost on the way
        self._recent_losses = RecentValues()

    def change(self, message_type: type, topic: str, qos: QoSProfile) -> None:
        """Subscribe to something else from now on, where messages are wanted."""
        wanted = self.active
        self.want(False)
        self._type, self._topic, self._qos = message_type, topic, qos
        self.want(wanted)

    @property
    def active(self) -> bool:
        """Whether the subscription exists."""
        return self._subscription is not None

    @property
    def topic(self) -> str:
        """The name on the graph, expanded and remapped."""
        return self._node.resolve_topic_name(self._topic)

    @property
    def type_name(self) -> str:
        """The message type as the graph spells it, for example sensor_msgs/msg/Image."""
        package = self._type.__module__.partition(".")[0]
        return f"{package}/msg/{self._type.__name__}"

    def silent_s(self) -> float:
        """Seconds since the last message, or since the subscription was made."""
        return time.monotonic() - self._last_message

    def losing(self) -> bool:
        """Whether messages were lost on the way in the last seconds."""
        return bool(self._recent_losses.values())

    def want(self, wanted: bool) -> None:
        """Make the subscription or end it."""
        if wanted and self._subscription is None:
            self.incompatible_policy = None
            self._last_message = time.monotonic()
            self._subscription = self._subscribe()
        elif not wanted and self._subscription is not None:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _subscribe(self) -> Subscription:
        arguments = (self._type, self._topic, self._receive, self._qos)
        try:
            events = SubscriptionEventCallbacks(
                incompatible_qos=self._note_incompatible, message_lost=self._note_lost
            )
            return self._node.create_subscription(*arguments, event_callbacks=events)
        except UnsupportedEventTypeError:
            return self._node.create_subscription(*arguments)

    def _receive(self, message: object) -> None:
        self._last_message = time.monotonic()
        self._callback(message)

    def _note_incompatible(self, event: object) -> None:
        self.incompatible_policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
        self._node.get_logger().warning(
            f"a publisher of {self.topic} offers another {self.incompatible_policy} than this node "
            "asks for, so nothing of it arrives: set the parameter reliability"
        )

    def _note_lost(self, event: object) -> None:
        self.lost += event.total_count_change
        self._recent_losses.add(event.total_count_change)
