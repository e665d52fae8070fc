"""Envelope of a message over the radio, and the receipt that comes back.

Both have 26 bytes, little endian: version (uint8), flags or status (uint8), sender (8 bytes),
number of the message (uint64), and time of the writer (int64, nanoseconds since 1970). The envelope
is the attachment of a Zenoh sample, so that the payload stays the plain serialised message.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
_FORM = struct.Struct("<BB8sQq")
_RECEIPT_WANTED = 1


class Status(IntEnum):
    """Outcome of a message at the base station."""

    ARRIVED = 0
    UNUSABLE = 1
    NAME_TAKEN = 2


@dataclass(frozen=True)
class Envelope:
    """Identification of a message.

    Attributes:
        sender: 16 hexadecimal digits, random at each start of a robot.
        number: number of the message, unchanged when it is sent again.
        time_ns: time of sending on the robot's clock, nanoseconds since 1970.
        receipt_wanted: whether the robot waits for a receipt of this message.
    """

    sender: str
    number: int
    time_ns: int
    receipt_wanted: bool

    def pack(self) -> bytes:
        """Return the envelope as bytes."""
        flags = _RECEIPT_WANTED if self.receipt_wanted else 0
        return _FORM.pack(VERSION, flags, bytes.fromhex(self.sender), self.number, self.time_ns)

    @classmethod
    def unpack(cls, content: bytes) -> Envelope:
        """Read bytes.

        Raises:
            ValueError: the bytes are not an envelope of this version.
        """
        flags, sender, number, time_ns = _unpacked(content)
        return cls(sender, number, time_ns, bool(flags & _RECEIPT_WANTED))


@dataclass(frozen=True)
class Receipt:
    """Confirmation that a message and all earlier ones have arrived.

    Attributes:
        sender, number: sender and number of the message.
        status: outcome of the message.
        time_ns: time on the base station's clock, nanoseconds since 1970.
    """

    sender: str
    number: int
    status: Status
    time_ns: int

    def pack(self) -> bytes:
        """Return the receipt as bytes."""
        sender = bytes.fromhex(self.sender)
        return _FORM.pack(VERSION, self.status, sender, self.number, self.time_ns)

    @classmethod
    def unpack(cls, content: bytes) -> Receipt:
        """Read bytes.

        Raises:
            ValueError: the bytes are not a receipt of this version.
        """
        status, sender, number, time_ns = _unpacked(content)
        return cls(sender, number, Status(status), time_ns)


def _unpacked(content: bytes) -> tuple[int, str, int, int]:
    if len(content) != _FORM.size or content[0] != VERSION:
        raise ValueError(f"{len(content)} bytes are no envelope of version {VERSION}")
    _, second, sender, number, time_ns = _FORM.unpack(content)
    return second, sender.hex(), number, time_ns
