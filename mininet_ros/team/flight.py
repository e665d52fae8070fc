"""One frame on its way to the base station, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

Payload = Sequence[tuple[str, bytes]]
"""Topic (of ``MESSAGES``) and serialised message, in the order of sending."""


class Result(Enum):
    """What came of a frame that was handed to the link."""

    ARRIVED = "arrived"
    RETURNED = "returned"  # not known to have arrived: it may be sent again
    REFUSED = "refused"  # the base station does not take it


@dataclass(frozen=True)
class Outcome:
    """The link's word on a frame.

    Attributes:
        ticket: of the frame.
        result: what came of it.
        sentence: the same for people.
    """

    ticket: int
    result: Result
    sentence: str = ""


@dataclass(eq=False)
class Flight:
    """A frame under way. One at a time: what waits behind it can still be chosen among.

    Attributes:
        ticket: of the frame.
        payload: its messages.
        epoch: count of lost contacts when it was sent.
        bases: the base stations in contact then that send receipts.
        started: when it was handed over, monotonic seconds.
        put: when its last message was handed to Zenoh; None before.
        awaited: number of the message whose receipt ends the flight; None before.
        size: bytes.
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
