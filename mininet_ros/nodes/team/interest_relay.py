"""Forwards the team's targets from the base station to the robots at a limited rate."""

from __future__ import annotations

import time

from rclpy.node import Node

from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.team.base import BaseLink

# Least time between two messages to the same robots; of faster messages only the newest is sent.
PERIOD_S = 0.3


class InterestRelay:
    """Sends the newest targets to one robot or to all, now or when the rate limit allows it.

    Args:
        node: node that owns the timer.
        link: link to the robots.
    """

    def __init__(self, node: Node, link: BaseLink) -> None:
        self._link = link
        self._last: dict[str | None, bytes] = {}  # by robot, None for all robots
        self._waiting: dict[str | None, bytes] = {}
        self._sent_at: dict[str | None, float] = {}
        self._timer = steady_timer(node, PERIOD_S, self._send)

    def tell(self, robot: str | None, content: bytes) -> None:
        """Forward a serialised message to a robot, or to all."""
        self._last[robot] = content
        if robot is None:
            # A message to all robots replaces messages to single robots.
            self._last = {None: content}
        self._waiting[robot] = content
        self._send()

    def repeat(self, robot: str) -> None:
        """Send the newest messages to a robot that came into contact."""
        content = self._last.get(robot, self._last.get(None))
        if content is not None:
            self._waiting[robot] = content
            self._send()

    def _send(self) -> None:
        now = time.monotonic()
        for robot, content in list(self._waiting.items()):
            if now - self._sent_at.get(robot, 0.0) >= PERIOD_S:
                self._link.tell_interest(robot, content)
                self._sent_at[robot] = now
                del self._waiting[robot]
