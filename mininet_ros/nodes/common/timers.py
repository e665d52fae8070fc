"""Timers of real time, independent of a node's ROS time."""

from __future__ import annotations

from collections.abc import Callable

# rclpy.clock_type, where newer distributions define it, is not in Humble.
from rclpy.clock import Clock, ClockType  # pyright: ignore[reportPrivateImportUsage]
from rclpy.node import Node
from rclpy.timer import Timer


def steady_timer(node: Node, period_s: float, callback: Callable[[], None]) -> Timer:
    """Create a timer that is independent of the system clock and of simulated time.

    Args:
        node: node whose executor runs the callback.
        period_s: period in seconds.
        callback: function called in every period.
    """
    return node.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))
