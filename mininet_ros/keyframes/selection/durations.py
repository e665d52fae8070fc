"""Durations in seconds, as settings have them, and in whole nanoseconds, as stamps do."""

from __future__ import annotations


def seconds(duration_ns: int) -> str:
    """A duration or stamp in nanoseconds as seconds with milliseconds, e.g. ``1.250 s``."""
    return f"{duration_ns / 1e9:.3f} s"


def in_nanoseconds(duration_s: float) -> int:
    """A duration in seconds as whole nanoseconds."""
    return round(duration_s * 1e9)
