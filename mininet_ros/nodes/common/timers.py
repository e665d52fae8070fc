"""Timers of real time, whatever a node's ROS time does."""

from __future__ import annotations

from collections.abc import Callable

# rclpy.clock_type, where newer distributions define it, is not in Humble.
from rclpy.clock import Clock, ClockType  # pyright: ignore[reportPrivateImportUsage]
from rclpy.node import Node
from rclpy.timer import Timer


def steady_timer(node: Node, period_s: float, callback: Callable[[], None]) -> Timer:
    """Create a timer that no jump of the system's clock and no simulated time affects.

    Args:
        node: whose executor calls back.
        period_s: seconds.
        callback: called with every period.
    """
    return node.create_timer(period_s, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))
