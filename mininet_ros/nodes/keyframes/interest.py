"""Topic ``team/interest``: targets of the team, from the robot's graph and the radio."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.nodes.common.recent_values import RecentValues
from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.nodes.common.topics import create_subscription
from mininet_ros.nodes.keyframes.topics import INTEREST
from mininet_ros.team.errors import TeamError
from mininet_ros.team.interest import Interest, parse_interest
from mininet_ros.team.keys import INTEREST_TOPIC

# Least time between two changes of the selection; of faster messages only the newest counts.
PERIOD_S = 0.3
# This many messages within two seconds are a flood.
FLOOD_SPAN_S = 2.0
FLOOD_MESSAGES = 10
# Messages from the radio that wait to be read; more arrive only in a flood.
MAX_QUEUED = 16
MAX_BYTES = 4096


class TeamInterest:
    """Keeps the targets of the team, and changes the settings accordingly.

    Args:
        node: node that subscribes.
        changed: called in the thread that spins the node when the targets change.
    """

    def __init__(self, node: Node, changed: Callable[[], None]) -> None:
        self.received = 0
        self._node = node
        self._changed = changed
        self._current = Interest()
        self._active = False
        self._pending: str | None = None
        self._problem: str | None = None
        self._recent = RecentValues(FLOOD_SPAN_S)
        self._last_change = 0.0
        self._radio: deque[bytes] = deque(maxlen=MAX_QUEUED)
        self._wake = node.create_guard_condition(self._read_radio)
        self._subscription = create_subscription(
            node, INTEREST, lambda message: self._receive(message.data)
        )
        self._timer = steady_timer(node, PERIOD_S, self._settle)

    def receive_serialized(self, content: bytes) -> None:
        """Take a serialised message; may be called from any thread."""
        self._radio.append(content)
        self._wake.trigger()

    def applied_to(self, settings: KeyframeSettings, known: Collection[str]) -> KeyframeSettings:
        """Return settings with the team's weights in place of the robot's own.

        Args:
            settings: settings of the robot.
            known: class names of the masks; empty while they are not known.
        """
        if not self._active:
            return settings
        targets = self._current.applied_to(settings.targets(), known)
        return replace(settings, classes=tuple(f"{name}: {w:g}" for name, w in targets.items()))

    def problem(self, known: Collection[str]) -> str | None:
        """Return what is wrong with the team's targets, as a sentence, or None."""
        recent = len(self._recent.values())
        if recent >= FLOOD_MESSAGES:
            return (
                f"{recent / FLOOD_SPAN_S:.0f} messages a second come on {INTEREST_TOPIC}: of those "
                f"within {PERIOD_S} s the newest counts; stop the one who sends them"
            )
        unknown = self._current.unknown(known) if self._active and known else []
        if unknown:
            return (
                f"the team looks for {', '.join(unknown)}, which the model of this robot does not "
                f"know; it knows {', '.join(known)}"
            )
        return self._problem

    def text(self) -> str:
        """Return the targets of the team as text, for diagnostics."""
        weights = self._current.weights.items() if self._active else ()
        return ", ".join(f"{name}: {weight:g}" for name, weight in weights)

    def _read_radio(self) -> None:
        while self._radio:
            content = self._radio.popleft()
            try:
                if len(content) > MAX_BYTES:
                    raise TeamError(f"a message on {INTEREST_TOPIC} has {len(content)} bytes")
                text = deserialize_message(content, String).data
            # The middleware may raise any error when it reads bytes from the radio.
            except Exception as error:  # noqa: BLE001 - counted below and told in diagnostics
                self._note_problem(str(error))
                continue
            self._receive(text)

    def _receive(self, text: str) -> None:
        self.received += 1
        self._recent.add()
        self._pending = text
        self._settle()

    def _settle(self) -> None:
        """Apply the newest message unless it is too soon, and drop what has expired."""
        now = time.monotonic()
        if now - self._last_change < PERIOD_S:
            return
        before = (self._current, self._active)
        if self._pending is not None:
            text, self._pending = self._pending, None
            try:
                self._current, self._problem = parse_interest(text), None
            except TeamError as error:
                self._note_problem(str(error))
        now_s = self._node.get_clock().now().nanoseconds / 1e9
        self._active = bool(self._current.weights) and self._current.valid_at(now_s)
        if (self._current, self._active) != before:
            self._last_change = now
            self._node.get_logger().info(f"the team looks for: {self.text() or 'nothing special'}")
            self._changed()

    def _note_problem(self, sentence: str) -> None:
        self._problem = sentence
        self._node.get_logger().warning(sentence, throttle_duration_sec=5.0)
