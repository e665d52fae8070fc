"""Diagnostics of a node, published on ``/diagnostics``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node

from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.nodes.common.topics import OnDemandSubscription, create_publisher
from mininet_ros.nodes.common.transport import lost_images_advice

OK = DiagnosticStatus.OK
WARN = DiagnosticStatus.WARN
ERROR = DiagnosticStatus.ERROR

DIAGNOSTICS = Topic(
    "/diagnostics",
    DiagnosticArray,
    "once a second: what was done, refused or lost, and why",
)
PERIOD_S = 1.0
RIVALS_PERIOD_S = 3.0  # between two looks for other publishers of a node's topics
SILENCE_S = 3.0  # a camera that is silent for this long causes a warning


@dataclass(frozen=True)
class Status:
    """One status: ``level`` is OK, WARN or ERROR, ``message`` is one line for people.

    ``values`` are converted to strings; the unit of a number is the end of its name. ``device``
    names the hardware that does the work.
    """

    level: bytes
    message: str
    values: Mapping[str, object] = field(default_factory=dict)
    device: str = ""


class DiagnosticsPublisher:
    """Publishes the status of a node once a second of real time.

    A node whose topics another node publishes, too, is at best at level WARN, and says so in its
    log: subscribers get the messages of both mixed.

    Args:
        node: node that publishes; the status carries its full name, so that robots in different
            namespaces stay apart.
        task: subject of the report, the second part of the status's name.
        status: called in the thread that spins the node, once a second.
    """

    def __init__(self, node: Node, task: str, status: Callable[[], Status]) -> None:
        self._node = node
        self._name = f"{node.get_fully_qualified_name()}: {task}"
        self._status = status
        self._publisher = create_publisher(node, DIAGNOSTICS)
        self._rivals: str | None = None
        self._looked_at = time.monotonic()
        self._timer = steady_timer(node, PERIOD_S, self.publish)

    def publish(self) -> None:
        """Publish the present status."""
        status = self._with_rivals(self._status())
        message = DiagnosticArray()
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.status = [
            DiagnosticStatus(
                level=status.level,
                name=self._name,
                message=status.message,
                hardware_id=status.device,
                values=[KeyValue(key=key, value=_text(v)) for key, v in status.values.items()],
            )
        ]
        self._publisher.publish(message)

    def _with_rivals(self, status: Status) -> Status:
        """Return a status that also names other publishers of the node's topics."""
        if time.monotonic() - self._looked_at >= RIVALS_PERIOD_S:
            self._looked_at = time.monotonic()
            found = rival_publishers(self._node)
            if found and found != self._rivals:
                self._node.get_logger().warning(found)
            self._rivals = found
        if self._rivals is None:
            return status
        if status.level == OK:
            return replace(status, level=WARN, message=self._rivals)
        return replace(status, message=f"{status.message}; {self._rivals}")


def rival_publishers(node: Node) -> str | None:
    """Return which nodes publish the same topic as this node, as a sentence, or None.

    Topics that many nodes share, such as /diagnostics, do not count.
    """
    shared = (DIAGNOSTICS.name, "/rosout", "/parameter_events")
    topics = sorted({publisher.topic_name for publisher in node.publishers} - {*shared})
    for topic in topics:
        infos = node.get_publishers_info_by_topic(topic)
        if len(infos) < 2:
            continue
        names = sorted(f"{info.node_namespace.rstrip('/')}/{info.node_name}" for info in infos)
        return (
            f"{topic} is published by {' and '.join(names)}: give one of them another namespace, "
            "or end it"
        )
    return None


def input_problem(node: Node, subscription: OnDemandSubscription) -> str | None:
    """Return why messages of a subscription do not arrive, as a sentence, or None.

    The sentence names a publisher of another message type, or one that offers less quality of
    service than requested. Otherwise the transport is the cause.
    """
    topic = subscription.topic
    if subscription.losing():
        return f"messages on {topic} are lost on the way: {lost_images_advice()}"
    silent_s = subscription.silent_s()
    if silent_s < PERIOD_S:
        return None
    publishers = node.get_publishers_info_by_topic(topic)
    if subscription.received:
        if silent_s < SILENCE_S and publishers:
            return None
        gone = "" if publishers else ", and nobody publishes it any more"
        return (
            f"the camera has stopped: the last message on {topic} came {silent_s:.0f} s ago{gone}"
        )
    if not publishers:
        return f"nobody publishes {topic}: start the camera or remap the topic"
    if silent_s < SILENCE_S:
        return None
    silence = f"no message on {topic} for {silent_s:.0f} s"
    types = {publisher.topic_type for publisher in publishers}
    if subscription.type_name not in types:
        return (
            f"{silence}: it carries {', '.join(sorted(types))}, this node asks for "
            f"{subscription.type_name}: set the parameter image_transport"
        )
    if subscription.incompatible_policy is not None:
        return (
            f"{silence}: its publisher's QoS offers another {subscription.incompatible_policy} "
            "than this node asks for: set the parameter reliability"
        )
    return (
        f"{silence} from {len(publishers)} publisher(s): they are silent, their QoS is not "
        f"compatible (ros2 topic info --verbose), or images are lost on the way: "
        f"{lost_images_advice()}"
    )


def clock_problem(node: Node) -> str | None:
    """Return why a node's simulated time stands still, as a sentence, or None."""
    if not node.get_parameter("use_sim_time").value or node.get_clock().now().nanoseconds:
        return None
    return (
        "use_sim_time is true and nothing has come on /clock: start the simulator, play the bag "
        "with --clock, or set use_sim_time to false"
    )


def _text(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
