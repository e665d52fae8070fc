"""Tells robots which views their mates have sent, so that no two send the same."""

from __future__ import annotations

import time
from collections import deque

from rclpy.node import Node

from mininet_ros.keyframes.views import View
from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.team.base import BaseLink, Message
from mininet_ros.team.keys import VIEWS

PERIOD_S = 0.2
# What may go out at once after a quiet time: seconds of the rate.
BURST_S = 2.0
MAX_WAITING = 32


class ViewRelay:
    """Passes on views at a limited rate, the newest first.

    Args:
        node: has the timer.
        link: to the robots.
        bytes_per_s: of all robots together; 0 passes on nothing.
    """

    def __init__(self, node: Node, link: BaseLink, bytes_per_s: int) -> None:
        self._link = link
        self._bytes_per_s = bytes_per_s
        self._credit = BURST_S * bytes_per_s
        self._last = time.monotonic()
        self._waiting: deque[Message] = deque(maxlen=MAX_WAITING)
        self._timer = steady_timer(node, PERIOD_S, self._turn)

    def add(self, message: Message) -> bool:
        """Take in a robot's view; return whether it can be read."""
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
            # Of a robot alone nobody need be told.
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
