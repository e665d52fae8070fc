"""Frames for the team, between the selector and the link: the budget and the link, the best first.

A frame waits in one place only, the byte budget. The link says when it takes one, so a link that
does not keep up leaves the choice to the budget: the frame of least worth is dropped when too many
wait, not the oldest, and after a silence the best one goes first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from mininet_ros.keyframes import ByteBudget, Outcome, Verdict
from mininet_ros.team.flight import Outcome as Arrival
from mininet_ros.team.flight import Payload, Result

# Of frames on a link that may be silent for long, see Outbox.
HALF_LIFE_S = 20.0

# Worth that counts as none, for a logarithm.
_NO_WORTH = 1e-9


class Carrier(Protocol):
    """What carries frames away."""

    @property
    def takes(self) -> int | None:
        """How many frames it takes now; None is no limit."""
        ...

    def send(self, ticket: int, payload: Payload) -> None:
        """Take a frame."""
        ...

    def collect(self) -> list[Arrival]:
        """Return what came of frames since the last call."""
        ...


@dataclass(frozen=True)
class _Frame:
    payload: Payload
    size: int
    rank: float


class Outbox:
    """Sends frames one by one as budget and link allow.

    Args:
        budget: of all topics together.
        link: carries the frames.
        half_life_s: a frame that is so much older has to be worth twice as much to go first; None
            lets worth alone decide.

    Attributes:
        last_too_large: the budget's sentence on the last frame that exceeds the burst.
    """

    def __init__(self, budget: ByteBudget, link: Carrier, half_life_s: float | None) -> None:
        self.last_too_large = ""
        self._budget = budget
        self._link = link
        self._half_life_s = half_life_s
        self._waiting: dict[int, _Frame] = {}
        self._sent: dict[int, _Frame] = {}
        self._offered = 0

    @property
    def waiting(self) -> bool:
        """Whether a frame waits, or is under way."""
        return bool(self._waiting or self._sent)

    @property
    def held_by_link(self) -> bool:
        """Whether a frame waits that the budget allows, for the link is not ready for it."""
        return self._budget.held_by_link

    def offer(self, payload: Payload, worth: float, now_ns: int) -> None:
        """Send a frame now, later or never.

        Args:
            payload: its messages.
            worth: what decides between frames that wait, with their age.
            now_ns: the time, nanoseconds.
        """
        rank = worth
        if self._half_life_s is not None:
            # As all frames lose worth at the same pace, their order stays as it is.
            rank = math.log2(max(worth, _NO_WORTH)) + now_ns / 1e9 / self._half_life_s
        self._offered += 1
        size = sum(len(content) for _, content in payload)
        self._waiting[self._offered] = _Frame(payload, size, rank)
        self._ask_link(now_ns)
        self._settle(self._budget.offer(self._offered, size, rank, now_ns))

    def configure(self, rate: int, burst: int, room: int, now_ns: int) -> None:
        """Put another budget into effect; what was spent of the old one stays spent."""
        self._ask_link(now_ns)
        self._settle(self._budget.configure(rate, burst, room, now_ns))

    def release(self, now_ns: int) -> None:
        """Send what budget and link allow by now."""
        if self.waiting:
            self._ask_link(now_ns)
            self._settle(self._budget.release(now_ns))

    def clear(self) -> None:
        """Drop what waits: the stream ended or began anew."""
        self._settle(self._budget.clear())

    def _ask_link(self, now_ns: int) -> None:
        """Hear what came of the frame under way, and whether the link takes the next."""
        for arrival in self._link.collect():
            frame = self._sent.pop(arrival.ticket)
            if arrival.result is Result.RETURNED:
                self._waiting[arrival.ticket] = frame
                self._settle(self._budget.take_back(arrival.ticket, frame.size, frame.rank))
        self._budget.link_takes = self._link.takes

    def _settle(self, verdicts: list[Verdict]) -> None:
        for verdict in verdicts:
            frame = self._waiting.pop(verdict.ticket)
            if verdict.outcome is Outcome.SENT:
                if self._budget.link_takes is not None:
                    self._sent[verdict.ticket] = frame  # until the link says what came of it
                self._link.send(verdict.ticket, frame.payload)
            elif verdict.outcome is Outcome.TOO_LARGE:
                self.last_too_large = verdict.sentence
