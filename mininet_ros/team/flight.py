"""One frame on its way to the base station, and its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from mininet_ros.team.contact import Contact

# A receipt that stays out for so long, and a second more for so many bytes, does not come.
RECEIPT_S = 30.0
RECEIPT_BYTES_PER_S = 500
NO_RECEIPT = "no receipt came"

Payload = Sequence[tuple[str, bytes]]
"""Topic (of ``MESSAGES``) and serialised message, in the order of sending."""


class Result(Enum):
    """Outcome of a frame that was given to the link."""

    ARRIVED = "arrived"
    RETURNED = "returned"  # not known to have arrived: may be sent again
    REFUSED = "refused"  # refused by the base station


@dataclass(frozen=True)
class Outcome:
    """Report of the link on a frame.

    Attributes:
        ticket: ticket of the frame.
        result: outcome of the frame.
        sentence: outcome of the frame as a sentence for people.
    """

    ticket: int
    result: Result
    sentence: str = ""


@dataclass(eq=False)
class Flight:
    """A frame that is being sent. Only one is sent at a time, so that others can be chosen.

    Attributes:
        ticket: ticket of the frame.
        payload: messages of the frame.
        epoch: number of lost contacts at the time of sending.
        bases: base stations that were in contact at that time and send receipts.
        started: time when the frame was given to the link, monotonic seconds.
        put: time when its last message was given to Zenoh, monotonic seconds; None before.
        awaited: number of the message whose receipt ends the flight; None before.
        size: size of the frame, bytes.
    """

    ticket: int
    payload: Payload
    epoch: int
    bases: frozenset[str]
    started: float
    put: float | None = None
    awaited: int | None = None
    size: int = field(init=False)

    def __post_init__(self) -> None:
        self.size = sum(len(content) for _, content in self.payload)

    def outcome(self, contact: Contact, now: float, pace_bytes_per_s: float) -> Outcome | None:
        """Return the outcome of a frame that no receipt will end; None while one may come.

        Args:
            contact: who is at the other end.
            now: time, monotonic seconds.
            pace_bytes_per_s: pace of frames to a base station that sends no receipts.
        """
        elapsed = now - self.started
        if self.epoch != contact.epoch or not contact.connected:
            return Outcome(self.ticket, Result.RETURNED, "contact was lost")
        if self.put is None:
            return None
        if not self.bases:
            if elapsed <= self.size / pace_bytes_per_s:
                return None
            sentence = "sent; the base station sends no receipts"
            return Outcome(self.ticket, Result.ARRIVED, sentence)
        if not self.bases & contact.bases:
            return Outcome(self.ticket, Result.RETURNED, "the base station went away")
        if elapsed > RECEIPT_S + self.size / RECEIPT_BYTES_PER_S:
            return Outcome(self.ticket, Result.RETURNED, NO_RECEIPT)
        return None
