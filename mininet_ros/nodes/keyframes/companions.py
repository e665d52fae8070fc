"""Messages that are forwarded unchanged with a keyframe: depth, the right image, others.

The messages are received, held and published in serialised form. Their types need not be known
beforehand, and no content is lost.
"""

from __future__ import annotations

import importlib
import struct
import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.topics import create_publisher, create_subscription
from mininet_ros.nodes.keyframes.topics import KEYFRAME_COMPANION

# Keyframes that wait for their companion, for each topic.
MAX_PENDING = 16
# A companion is given up when its topic or the keyframes are so much further.
PATIENCE_NS = 1_000_000_000


@dataclass(frozen=True)
class CompanionSettings:
    """Settings of the messages that go with a keyframe.

    Attributes:
        names: topic names, relative to the node's namespace.
        slop_ns: largest difference between the stamps of a keyframe and its companion, nanoseconds.
        max_bytes: largest total size of the held messages of all topics.
        topic: of a companion, with the quality of service of the subscriptions.
    """

    names: tuple[str, ...]
    slop_ns: int
    max_bytes: int
    topic: Topic


class Companions:
    """Holds messages that may go with a keyframe, and publishes them as ``keyframe/<name>``.

    The type of a topic is known once somebody publishes it. Call :meth:`follow` regularly, in the
    thread that spins the node, because messages are received there.

    Args:
        node: node that subscribes and publishes.
        settings: settings of the messages that go with a keyframe.
        matched: called when subscribers come and go; see :func:`create_publisher`.
    """

    def __init__(
        self, node: Node, settings: CompanionSettings, matched: Callable[[], None]
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._node = node
        self._settings = settings
        self._matched = matched
        self._lock = threading.Lock()
        self._publishers: dict[str, Publisher] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._held: deque[tuple[str, int, bytes]] = deque()
        self._pending: dict[str, deque[int]] = {name: deque() for name in settings.names}
        self._unusable: dict[str, str] = {}  # by topic: a sentence on its type
        self._bytes = 0

    @property
    def wanted(self) -> bool:
        """Return whether a companion topic has a subscriber."""
        return any(topic.get_subscription_count() for topic in self._publishers.values())

    @property
    def held_bytes(self) -> int:
        """Return the total size of the held messages in bytes."""
        return self._bytes

    def follow(self, active: bool) -> None:
        """Create publishers for topics with publishers, and subscribe to those with subscribers."""
        for name in self._settings.names:
            if name not in self._publishers and not self._advertise(name):
                continue
            wanted = active and self._publishers[name].get_subscription_count() > 0
            if wanted and name not in self._subscriptions:
                self._subscriptions[name] = create_subscription(
                    self._node,
                    self._settings.topic.renamed(name).of_type(
                        cast(type, self._publishers[name].msg_type)
                    ),
                    partial(self._receive, name),
                    raw=True,
                )
            elif not wanted and name in self._subscriptions:
                self._node.destroy_subscription(self._subscriptions.pop(name))

    def forward(self, stamp_ns: int) -> None:
        """Publish the companions of a keyframe; later ones follow as soon as they arrive."""
        due: list[tuple[str, bytes]] = []
        with self._lock:
            for name in self._subscriptions:
                self._give_up(name, stamp_ns)
                data = self._nearest(name, stamp_ns)
                if data is None:
                    self._pending[name].append(stamp_ns)
                else:
                    due.append((name, data))
        for name, data in due:
            self._publish(name, data)

    def problem(self, recent: Counter[str]) -> str | None:
        """Return why keyframes go without a companion, as a sentence, or None.

        Args:
            recent: increase of ``counts`` in the last seconds.
        """
        for name in self._settings.names:
            topic = self._node.resolve_topic_name(name)
            if name in self._unusable:
                return self._unusable[name]
            if not self._node.count_publishers(topic):
                return f"nobody publishes the companion {topic}, so keyframes go without it"
            if recent["companions_dropped"] and recent[f"missing_{name}"]:
                return (
                    f"messages on the companion {topic} were dropped before their keyframes were "
                    "chosen: raise the parameter companion_bytes"
                )
            if recent[f"missing_{name}"] and not self.counts[f"received_{name}"]:
                return (
                    f"nothing arrives on the companion {topic}: see whether its publisher sends, "
                    "and whether it offers what the parameter reliability asks for"
                )
            if recent[f"missing_{name}"]:
                return (
                    f"{recent[f'missing_{name}']} keyframes of the last seconds had no message on "
                    f"the companion {topic} within companion_slop_s: raise it, or let the "
                    "publishers use the same stamps"
                )
        return None

    def clear(self) -> None:
        """Discard the held messages, because the stream restarted."""
        with self._lock:
            self._held.clear()
            self._bytes = 0
            for pending in self._pending.values():
                pending.clear()

    def close(self) -> None:
        """End all subscriptions and publishers."""
        self.follow(active=False)
        for publisher in self._publishers.values():
            self._node.destroy_publisher(publisher)
        self._publishers.clear()
        self.clear()

    def _advertise(self, name: str) -> bool:
        """Create the publisher of a topic once its type is known."""
        topic = self._node.resolve_topic_name(name)
        infos = self._node.get_publishers_info_by_topic(topic)
        if not infos:
            return False
        try:
            kind = _message_type(infos[0].topic_type)
        except ValueError as error:
            self._unusable[name] = f"companion {name} cannot be forwarded: {error}"
            return False
        self._unusable.pop(name, None)
        self._publishers[name] = create_publisher(
            self._node,
            KEYFRAME_COMPANION.renamed(f"keyframe/{name}").of_type(kind),
            self._matched,
        )
        return True

    def _receive(self, name: str, data: Any) -> None:
        stamp = _stamp_of(data)
        with self._lock:
            self.counts[f"received_{name}"] += 1
            slop, pending = self._settings.slop_ns, self._pending[name]
            late = next((s for s in pending if abs(s - stamp) <= slop), None)
            if late is not None:
                pending.remove(late)
            self._give_up(name, stamp)
            self._held.append((name, stamp, data))
            self._bytes += len(data)
            while self._bytes > self._settings.max_bytes and self._held:
                self._bytes -= len(self._held.popleft()[2])
                self.counts["companions_dropped"] += 1
        if late is not None:
            self._publish(name, data)

    def _give_up(self, name: str, stamp_ns: int) -> None:
        """Count the keyframes that waited too long for their companion."""
        pending = self._pending[name]
        while pending and (len(pending) >= MAX_PENDING or stamp_ns - pending[0] > PATIENCE_NS):
            pending.popleft()
            self.counts[f"missing_{name}"] += 1

    def _nearest(self, name: str, stamp_ns: int) -> bytes | None:
        near = [
            (abs(stamp - stamp_ns), data)
            for held, stamp, data in self._held
            if held == name and abs(stamp - stamp_ns) <= self._settings.slop_ns
        ]
        return min(near, key=lambda entry: entry[0])[1] if near else None

    def _publish(self, name: str, data: bytes) -> None:
        self.counts[f"forwarded_{name}"] += 1
        self._publishers[name].publish(data)


def companion_names(entries: Sequence[str]) -> tuple[str, ...]:
    """Return the topics in a parameter value; a list of one empty string names none.

    Raises:
        ValueError: a name is absolute, or occurs twice.
    """
    names = tuple(entry.strip() for entry in entries if entry.strip())
    for name in names:
        if name.startswith(("/", "~")):
            raise ValueError(
                f"companion {name} must be a relative topic, such as depth/image_rect: it is "
                f"forwarded as keyframe/<name>; remap it to reach another topic"
            )
        if names.count(name) > 1:
            raise ValueError(f"companion {name} is named twice")
    return names


def _message_type(name: str) -> type:
    """Return the class of a message type that starts with a header, such as Image.

    Raises:
        ValueError: the type is not installed, or has no header.
    """
    package, _, kind = name.partition("/msg/")
    try:
        found = getattr(importlib.import_module(f"{package}.msg"), kind)
    except (ImportError, AttributeError):
        raise ValueError(f"its type {name} is not installed here") from None
    first = next(iter(found.get_fields_and_field_types().values()), "")
    if first != "std_msgs/Header":
        raise ValueError(f"its type {name} does not begin with a header, so it has no stamp")
    return found


def _stamp_of(data: bytes) -> int:
    """Return the stamp of a serialised message that begins with a header, nanoseconds.

    Four bytes of CDR encapsulation come first; the second one gives the byte order.
    """
    order = "<" if data[1] & 1 else ">"
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", data, 4)
    return seconds * 1_000_000_000 + nanoseconds
