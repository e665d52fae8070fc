"""Conversion of durations: seconds for settings and texts, whole nanoseconds for stamps."""

from __future__ import annotations


def seconds(duration_ns: int) -> str:
    """Format a duration or stamp in nanoseconds as seconds, for example ``1.250 s``."""
    return f"{duration_ns / 1e9:.3f} s"


def in_nanoseconds(duration_s: float) -> int:
    """Convert a duration in seconds to whole nanoseconds."""
    return round(duration_s * 1e9)
