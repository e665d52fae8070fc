"""Conversion of durations: seconds in settings, whole nanoseconds in stamps."""

from __future__ import annotations


def in_nanoseconds(duration_s: float) -> int:
    """Convert a duration in seconds to whole nanoseconds."""
    return round(duration_s * 1e9)
