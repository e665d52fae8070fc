"""Byte budget for a thin link: a token bucket with a queue ordered by worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NANOSECONDS = 1_000_000_000


class BudgetError(ValueError):
    """A setting of the budget cannot be used. The message is one sentence."""


class Outcome(str, Enum):
    """Result of a payload that was offered."""

    SENT = "sent"
    CROWDED_OUT = "crowded_out"
    TOO_LARGE = "too_large"
    CLEARED = "cleared"


@dataclass(frozen=True)
class Verdict:
    """Final result of one payload, which may be released afterwards.

    Attributes:
        ticket: number under which the payload was offered.
        size: size of the payload in bytes.
        outcome: ``SENT`` if the payload is to be sent now, else the reason why it never will be.
        sentence: the outcome as a sentence for people.
    """

    ticket: int
    size: int
    outcome: Outcome
    sentence: str


@dataclass(frozen=True)
class BudgetStatistics:
    """Counts since the budget was made.

    Attributes:
        offered: number of payloads offered.
        offered_bytes: total size of the payloads offered.
        sent: number of payloads sent.
        sent_bytes: total size of the payloads sent.
        crowded_out: number of payloads dropped because payloads of more worth filled the queue.
        too_large: number of payloads dropped because they exceed the burst.
        cleared: number of payloads dropped by ``clear``.
        waiting: number of payloads that wait at present.
        waiting_bytes: total size of the payloads that wait at present.
        room: largest number of payloads that may wait.
    """

    offered: int
    offered_bytes: int
    sent: int
    sent_bytes: int
    crowded_out: int
    too_large: int
    cleared: int
    waiting: int
    waiting_bytes: int
    room: int


@dataclass(frozen=True)
class _Payload:
    ticket: int
    size: int
    worth: float


class ByteBudget:
    """Passes payloads at a limited mean rate, with bursts, those of most worth first.

    Credit grows by ``rate`` bytes a second up to ``burst`` bytes, and each payload sent reduces it
    by its size. Over any interval of T seconds at most ``burst + rate * T`` bytes are sent. Credit
    is counted in whole billionths of a byte, so that nothing is lost to rounding. While credit is
    too low, the payload of most worth waits for it and no other payload overtakes it.

    Args:
        rate: mean rate in bytes per second, at least 1.
        burst: largest credit in bytes, at least 1; a larger payload can never be sent.
        room: number of payloads that may wait, at least 1; beyond it the one of least worth is
            dropped.

    Attributes:
        link_takes: number of payloads that the link behind the budget accepts at present; each
            payload sent reduces it by one. None, the initial value, means no limit.

    Raises:
        BudgetError: a setting is out of range.
    """

    def __init__(self, rate: int, burst: int, room: int = 8) -> None:
        _check(rate, burst, room)
        self._rate, self._burst, self._room = int(rate), int(burst), int(room)
        self.link_takes: int | None = None
        self._credit = self._burst * NANOSECONDS
        self._time: int | None = None
        self._waiting: list[_Payload] = []
        self._counts = dict.fromkeys(Outcome, 0)
        self._offered = self._offered_bytes = self._sent_bytes = 0

    def configure(self, rate: int, burst: int, room: int, now_ns: int) -> list[Verdict]:
        """Change the settings from now on; credit stays, except for what exceeds the burst.

        Returns:
            The verdicts that are due now: on payloads that have become too large, on those without
            room, and on those that are sent.

        Raises:
            BudgetError: a setting is out of range; nothing is changed then.
        """
        _check(rate, burst, room)
        verdicts = self.release(now_ns)
        self._rate, self._burst, self._room = int(rate), int(burst), int(room)
        self._credit = min(self._credit, self._burst * NANOSECONDS)
        large = [payload for payload in self._waiting if payload.size > self._burst]
        self._waiting = [payload for payload in self._waiting if payload.size <= self._burst]
        verdicts += [self._too_large(payload) for payload in large]
        return verdicts + self._crowd_out() + self.release(now_ns)

    @property
    def credit(self) -> float:
        """Return the bytes that could be sent at once, as of the last time passed in."""
        return self._credit / NANOSECONDS

    def offer(self, ticket: int, size: int, worth: float, now_ns: int) -> list[Verdict]:
        """Offer a payload.

        Args:
            ticket: number that identifies the payload in the verdict and grows from payload to
                payload. It is not a stamp, because stamps repeat after a jump back in time.
            size: size of the payload in bytes, at least 0.
            worth: priority; the highest goes first, and the newer one of equals.
            now_ns: present time, nanoseconds. If it is before the last time passed in, the clock
                has restarted; credit stays as it is.

        Returns:
            The verdicts that are due now, on this payload and on waiting ones, in sending order.
        """
        self._offered += 1
        self._offered_bytes += size
        if size > self._burst:
            return [*self.release(now_ns), self._too_large(_Payload(ticket, size, worth))]
        self._enqueue(_Payload(ticket, size, worth))
        return self.release(now_ns) + self._crowd_out()

    def release(self, now_ns: int) -> list[Verdict]:
        """Send what the credit at this time allows; return the verdicts in sending order."""
        if self._time is not None:
            grown = self._credit + self._rate * max(0, now_ns - self._time)
            self._credit = min(grown, self._burst * NANOSECONDS)
        self._time = now_ns
        verdicts = []
        while self._next_fits() and self.link_takes != 0:
            payload = self._waiting.pop(0)
            if self.link_takes is not None:
                self.link_takes -= 1
            self._credit -= payload.size * NANOSECONDS
            self._sent_bytes += payload.size
            sentence = f"{payload.size} bytes; {self.credit:.0f} bytes of the budget are left."
            verdicts.append(self._verdict(payload, Outcome.SENT, sentence))
        return verdicts

    def take_back(self, ticket: int, size: int, worth: float) -> list[Verdict]:
        """Queue a payload again that was sent but did not arrive.

        The credit that it used stays spent, because it may have been transmitted.

        Args:
            ticket, size, worth: values with which the payload was offered.

        Returns:
            The verdicts on payloads that have no room now.
        """
        self._counts[Outcome.SENT] -= 1
        self._enqueue(_Payload(ticket, size, worth))
        return self._crowd_out()

    @property
    def held_by_link(self) -> bool:
        """Return whether credit suffices for the next payload but the link does not accept it."""
        return self.link_takes == 0 and self._next_fits()

    def clear(self) -> list[Verdict]:
        """Drop all waiting payloads, when the stream ends or restarts."""
        waiting, self._waiting = self._waiting, []
        sentence = "The stream ended or restarted before the budget sufficed."
        return [self._verdict(payload, Outcome.CLEARED, sentence) for payload in waiting]

    def statistics(self) -> BudgetStatistics:
        """Return the counts since the budget was made."""
        return BudgetStatistics(
            offered=self._offered,
            offered_bytes=self._offered_bytes,
            sent=self._counts[Outcome.SENT],
            sent_bytes=self._sent_bytes,
            crowded_out=self._counts[Outcome.CROWDED_OUT],
            too_large=self._counts[Outcome.TOO_LARGE],
            cleared=self._counts[Outcome.CLEARED],
            waiting=len(self._waiting),
            waiting_bytes=sum(payload.size for payload in self._waiting),
            room=self._room,
        )

    def _enqueue(self, payload: _Payload) -> None:
        self._waiting.append(payload)
        self._waiting.sort(key=lambda payload: (-payload.worth, -payload.ticket))

    def _next_fits(self) -> bool:
        return bool(self._waiting) and self._waiting[0].size * NANOSECONDS <= self._credit

    def _crowd_out(self) -> list[Verdict]:
        """Drop the payloads of least worth that have no room."""
        crowded, self._waiting = self._waiting[self._room :], self._waiting[: self._room]
        sentence = f"{self._room} payloads of more worth wait for the budget."
        return [
            self._verdict(payload, Outcome.CROWDED_OUT, sentence) for payload in reversed(crowded)
        ]

    def _too_large(self, payload: _Payload) -> Verdict:
        sentence = f"{payload.size} bytes exceed the burst of {self._burst} bytes."
        return self._verdict(payload, Outcome.TOO_LARGE, sentence)

    def _verdict(self, payload: _Payload, outcome: Outcome, sentence: str) -> Verdict:
        self._counts[outcome] += 1
        return Verdict(payload.ticket, payload.size, outcome, sentence)


def _check(rate: int, burst: int, room: int) -> None:
    for name, value in (("rate", rate), ("burst", burst), ("room", room)):
        if value < 1:
            raise BudgetError(f"The budget's {name} must be at least 1, got {value}.")
