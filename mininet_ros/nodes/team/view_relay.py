"""Tells robots which views their mates have sent, so that each view is sent once."""

from __future__ import annotations

import time
from collections import deque

from rclpy.node import Node

from mininet_ros.keyframes.views import View
from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.team.base import BaseLink, Message
from mininet_ros.team.keys import VIEWS

PERIOD_S = 0.2
# Burst after a quiet time, in seconds of the rate.
BURST_S = 2.0
MAX_WAITING = 32


class ViewRelay:
    """Forwards views at a limited rate, the newest first.

    Args:
        node: node that owns the timer.
        link: link to the robots.
        bytes_per_s: total rate for all robots, bytes per second; 0 forwards nothing.
    """

    def __init__(self, node: Node, link: BaseLink, bytes_per_s: int) -> None:
        self._link = link
        self._bytes_per_s = bytes_per_s
        self._credit = BURST_S * bytes_per_s
        self._last = time.monotonic()
        self._waiting: deque[Message] = deque(maxlen=MAX_WAITING)
        self._timer = steady_timer(node, PERIOD_S, self._turn)

    def add(self, message: Message) -> bool:
        """Process the view of a robot; return whether it can be read."""
        try:
            View.unpack(message.content)
        except ValueError:
            return False
        self._waiting.append(message)
        self._turn()
        return True

    def _turn(self) -> None:
        robots = self._link.robots_in_contact()
        for robot in robots:
            # With a single robot there are no mates to tell.
            self._link.want(robot, VIEWS, self._bytes_per_s > 0 and len(robots) > 1)
        now = time.monotonic()
        grown = self._credit + (now - self._last) * self._bytes_per_s
        self._credit, self._last = min(grown, BURST_S * self._bytes_per_s), now
        while self._waiting:
            cost = len(self._waiting[-1].content) * len(robots)
            if cost > self._credit:
                return
            self._credit -= cost
            message = self._waiting.pop()
            self._link.tell_view(message.robot, message.content)
