"""Topics and services of a node as a table: what the node creates, and what the documentation says.

Nodes take the types, names and quality of service of their publishers and subscriptions from these
tables; :mod:`mininet_ros.nodes.reference` makes the documentation of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

_POLICIES = {
    "best_effort": ReliabilityPolicy.BEST_EFFORT,
    "reliable": ReliabilityPolicy.RELIABLE,
}
RELIABILITIES = tuple(_POLICIES)

LATCHED_QOS = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def output_qos() -> QoSProfile:
    """Return the profile of outputs: reliable, because that serves both kinds of subscribers."""
    return QoSProfile(depth=5)


def input_qos(reliability: str) -> QoSProfile:
    """Return the profile for subscriptions to a camera.

    The short history is not a work queue. Callbacks that only pass on the message empty it at once.
    It avoids unnoticed losses when a camera is briefly faster than they are.

    Args:
        reliability: "best_effort" receives images of any camera; "reliable" receives only those of
            reliable publishers, and requests lost fragments again.
    """
    return QoSProfile(depth=5, reliability=_POLICIES[reliability])


@dataclass(frozen=True)
class Topic:
    """A topic that a node publishes or subscribes to.

    Attributes:
        name: name in the node's namespace, or an absolute one.
        type: class of the message; its name, such as "vision_msgs/msg/LabelInfo", where the package
            of the message need not be installed.
        meaning: what the messages are and when they come, for the documentation.
        qos: quality of service, unless users override it.
        reliability: name of the parameter that sets the reliability; "" for none.
    """

    name: str
    type: type | str
    meaning: str
    qos: QoSProfile = field(default_factory=output_qos)
    reliability: str = ""

    @property
    def message_type(self) -> type:
        """Class of the message.

        Raises:
            TypeError: only the name is known, because the package need not be installed.
        """
        if isinstance(self.type, str):
            raise TypeError(f"{self.type} is imported where it is used")
        return self.type

    def renamed(self, name: str) -> Topic:
        """Return the topic under another name."""
        return replace(self, name=name)

    def of_type(self, message_type: type) -> Topic:
        """Return the topic with the class of its messages, once that is known."""
        return replace(self, type=message_type)

    def in_namespace(self, namespace: str) -> Topic:
        """Return the topic with an absolute name below a namespace."""
        return replace(self, name=f"/{namespace}/{self.name}")

    def with_reliability(self, reliability: str) -> Topic:
        """Return a topic of a camera with the reliability that a parameter asks for."""
        return replace(self, qos=input_qos(reliability))

    @property
    def type_name(self) -> str:
        """Name of the message type as the graph spells it, such as sensor_msgs/msg/Image."""
        if isinstance(self.type, str):
            return self.type
        return type_name(self.type)

    @property
    def qos_text(self) -> str:
        """Quality of service in words, for the documentation."""
        best_effort = self.qos.reliability == ReliabilityPolicy.BEST_EFFORT
        words = ["best effort" if best_effort else "reliable"]
        if self.qos.durability == DurabilityPolicy.TRANSIENT_LOCAL:
            words.append("transient local")
        words.append(f"depth {self.qos.depth}")
        return ", ".join(words) + (f"; parameter `{self.reliability}`" if self.reliability else "")


@dataclass(frozen=True)
class Service:
    """A service of a node: its name, the class of its type, and what it does."""

    name: str
    type: type
    meaning: str


@dataclass(frozen=True)
class Endpoints:
    """Everything that a node subscribes to, publishes and serves, in the documentation's order."""

    inputs: tuple[Topic, ...] = ()
    outputs: tuple[Topic, ...] = ()
    services: tuple[Service, ...] = ()


def camera_topic(name: str, message_type: type, meaning: str) -> Topic:
    """Return a subscription to a camera, whose reliability the parameter ``reliability`` sets."""
    return Topic(name, message_type, meaning, input_qos("best_effort"), "reliability")


def type_name(kind: type) -> str:
    """Return the name of an interface class, such as sensor_msgs/msg/Image."""
    package, interface, *_ = kind.__module__.split(".")
    return f"{package}/{interface}/{kind.__name__}"
