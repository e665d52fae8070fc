"""What goes with a message over the radio, and the receipt that comes back.

Both are 26 bytes, little endian: version (uint8), flags or status (uint8), sender (8 bytes), number
of the message (uint64), time of the one who writes it (int64, nanoseconds since 1970). The first is
the attachment of a Zenoh sample, so that its payload stays the plain serialised message.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
_FORM = struct.Struct("<BB8sQq")
_RECEIPT_WANTED = 1


class Status(IntEnum):
    """What became of a message at the base station."""

    ARRIVED = 0
    UNUSABLE = 1
    NAME_TAKEN = 2


@dataclass(frozen=True)
class Envelope:
    """Says which message a sample is.

    Attributes:
        sender: 16 hexadecimal digits, drawn anew by each start of a robot.
        number: of the message, the same when it is sent again.
        time_ns: of the robot when it was sent, nanoseconds since 1970.
        receipt_wanted: whether the robot waits for a receipt of this message.
    """

    sender: str
    number: int
    time_ns: int
    receipt_wanted: bool

    def pack(self) -> bytes:
        """Return it as bytes."""
        flags = _RECEIPT_WANTED if self.receipt_wanted else 0
        return _FORM.pack(VERSION, flags, bytes.fromhex(self.sender), self.number, self.time_ns)

    @classmethod
    def unpack(cls, content: bytes) -> Envelope:
        """Read bytes.

        Raises:
            ValueError: they are no envelope of this version.
        """
        flags, sender, number, time_ns = _unpacked(content)
        return cls(sender, number, time_ns, bool(flags & _RECEIPT_WANTED))


@dataclass(frozen=True)
class Receipt:
    """Says that a message, and with it all before it, has come.

    Attributes:
        sender, number: of the message.
        status: what became of it.
        time_ns: of the base station, nanoseconds since 1970.
    """

    sender: str
    number: int
    status: Status
    time_ns: int

    def pack(self) -> bytes:
        """Return it as bytes."""
        sender = bytes.fromhex(self.sender)
        return _FORM.pack(VERSION, self.status, sender, self.number, self.time_ns)

    @classmethod
    def unpack(cls, content: bytes) -> Receipt:
        """Read bytes.

        Raises:
            ValueError: they are no receipt of this version.
        """
        status, sender, number, time_ns = _unpacked(content)
        return cls(sender, number, Status(status), time_ns)


def _unpacked(content: bytes) -> tuple[int, str, int, int]:
    if len(content) != _FORM.size or content[0] != VERSION:
        raise ValueError(f"{len(content)} bytes are no envelope of version {VERSION}")
    _, second, sender, number, time_ns = _FORM.unpack(content)
    return second, sender.hex(), number, time_ns
