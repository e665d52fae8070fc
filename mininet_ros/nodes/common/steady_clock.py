"""The clock of timers that must not stop with the time of a simulation."""

from __future__ import annotations

# Humble has ClockType here and nowhere else; later distributions do not declare it as public.
from rclpy.clock import Clock, ClockType  # pyright: ignore[reportPrivateImportUsage]


def steady_clock() -> Clock:
    """A clock that runs with real time, whatever ``use_sim_time`` says, and never jumps."""
    return Clock(clock_type=ClockType.STEADY_TIME)
