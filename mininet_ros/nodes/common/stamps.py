"""Stamps of messages as integers; no function here raises, whatever the sender wrote."""

from __future__ import annotations

from std_msgs.msg import Header

NANOSECONDS = 1_000_000_000
_LAST_SECOND = 2**31 - 1


def stamp_of(header: Header) -> int:
    """Return the stamp of a header in nanoseconds; it may be negative."""
    return header.stamp.sec * NANOSECONDS + header.stamp.nanosec


def header_of(stamp_ns: int) -> Header:
    """Return a header with a stamp given in nanoseconds and an empty frame id."""
    header = Header()
    header.stamp.sec, header.stamp.nanosec = divmod(stamp_ns, NANOSECONDS)
    return header


def odd_stamp(header: Header) -> str | None:
    """Return what is unusual about the stamp of a header, as a sentence, or None."""
    sec, nanosec = header.stamp.sec, header.stamp.nanosec
    if sec == nanosec == 0:
        return "the stamp of an image is zero: its sender did not set it"
    if sec < 0:
        return f"the stamp of an image is negative ({sec} s): its sender's clock is wrong"
    if nanosec >= NANOSECONDS:
        return f"the stamp of an image has {nanosec} ns, a second or more: its sender is wrong"
    if sec == _LAST_SECOND:
        return f"the stamp of an image is the last one possible ({sec} s): its sender is wrong"
    return None
