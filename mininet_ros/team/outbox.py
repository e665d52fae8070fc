"""Queue of frames for the team between selector and link, the best frame first.

Frames wait only in the byte budget. The link reports when it accepts a frame, so the budget also
chooses when the link is slow: when too many frames wait, the one of least worth is dropped, not the
oldest, and after a silence the best one goes first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from mininet_ros.keyframes import ByteBudget, Outcome, Verdict
from mininet_ros.team.flight import Outcome as Arrival
from mininet_ros.team.flight import Payload, Result

# Half-life of frames on a link that may be silent for long, see Outbox.
HALF_LIFE_S = 20.0

# Least worth for the logarithm.
_NO_WORTH = 1e-9


class Carrier(Protocol):
    """Transport of frames."""

    @property
    def takes(self) -> int | None:
        """Number of frames that it accepts now; None for no limit."""
        ...

    def send(self, ticket: int, payload: Payload) -> None:
        """Send a frame."""
        ...

    def collect(self) -> list[Arrival]:
        """Return the outcomes of frames since the last call."""
        ...


@dataclass(frozen=True)
class _Frame:
    payload: Payload
    size: int
    rank: float


class Outbox:
    """Sends frames one by one, as budget and link allow.

    Args:
        budget: budget of all topics together.
        link: transport of the frames.
        half_life_s: age difference in seconds at which the older frame needs twice the worth to go
            first; None if only worth decides.

    Attributes:
        last_too_large: sentence of the budget on the last frame that exceeded the burst.
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
        """Return whether a frame waits or is being sent."""
        return bool(self._waiting or self._sent)

    @property
    def held_by_link(self) -> bool:
        """Return whether the budget allows a waiting frame that the link does not accept yet."""
        return self._budget.held_by_link

    def offer(self, payload: Payload, worth: float, now_ns: int) -> None:
        """Send a frame now, later or never.

        Args:
            payload: messages of the frame.
            worth: priority among waiting frames, besides their age.
            now_ns: present time, nanoseconds.
        """
        rank = worth
        if self._half_life_s is not None:
            # All frames lose worth at the same rate, so their order does not change.
            rank = math.log2(max(worth, _NO_WORTH)) + now_ns / 1e9 / self._half_life_s
        self._offered += 1
        size = sum(len(content) for _, content in payload)
        self._waiting[self._offered] = _Frame(payload, size, rank)
        self._ask_link(now_ns)
        self._settle(self._budget.offer(self._offered, size, rank, now_ns))

    def configure(self, rate: int, burst: int, room: int, now_ns: int) -> None:
        """Apply another byte budget; what was spent of the old one stays spent."""
        self._ask_link(now_ns)
        self._settle(self._budget.configure(rate, burst, room, now_ns))

    def release(self, now_ns: int) -> None:
        """Send what budget and link allow now."""
        if self.waiting:
            self._ask_link(now_ns)
            self._settle(self._budget.release(now_ns))

    def clear(self) -> None:
        """Drop the waiting frames, because the stream ended or restarted."""
        self._settle(self._budget.clear())

    def _ask_link(self, now_ns: int) -> None:
        """Ask the link for outcomes, and whether it accepts the next frame."""
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
                    self._sent[verdict.ticket] = frame  # until the link reports the outcome
                self._link.send(verdict.ticket, frame.payload)
            elif verdict.outcome is Outcome.TOO_LARGE:
                self.last_too_large = verdict.sentence
