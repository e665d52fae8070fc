"""Messages that belong together, found by their stamps."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Part = TypeVar("Part")

CAPACITY = 30  # of each kind: a second of a camera


class StampMatcher(Generic[Part]):
    """For each message of the leading kind the nearest ones of the others.

    A set is complete once each needed kind has a message of the same stamp, or one at or after the
    leading one, so that no nearer one can come. An optional kind that has been coming is waited
    for, too, until a later leading message is there. Leading messages without partners are dropped
    and counted when a later one is complete, or when too many wait.

    Args:
        leading: kind that sets are made for, such as ``mask``.
        needed: kinds that a set must have.
        optional: kinds that join a set where they are there.
        slop_ns: greatest difference of two stamps in a set, nanoseconds; 0 asks for equal ones.
    """

    def __init__(
        self, leading: str, needed: tuple[str, ...], optional: tuple[str, ...], slop_ns: int
    ) -> None:
        self._leading, self._needed, self._slop_ns = leading, needed, slop_ns
        self._waiting: deque[tuple[int, Part]] = deque()
        self._others: dict[str, deque[tuple[int, Part]]] = {
            kind: deque(maxlen=CAPACITY) for kind in (*needed, *optional)
        }
        self._expected = set(needed)
        self.unmatched = 0

    def add(self, kind: str, stamp_ns: int, part: Part) -> dict[str, Part] | None:
        """Take in a message.

        Args:
            kind: of the message, such as ``depth``.
            stamp_ns: of its header, nanoseconds.
            part: the message.

        Returns:
            The newest set that it completes, by kind; None if it completes none.
        """
        if kind == self._leading:
            if self._waiting and stamp_ns < self._waiting[-1][0]:
                self._restart()  # a bag that began again
            self._waiting.append((stamp_ns, part))
            if len(self._waiting) > CAPACITY:
                self._waiting.popleft()
                self.unmatched += 1
        else:
            others = self._others[kind]
            self._expected.add(kind)
            if others and stamp_ns < others[-1][0]:
                others.clear()
            others.append((stamp_ns, part))
        return self._complete()

    def _restart(self) -> None:
        self.unmatched += len(self._waiting)
        self._waiting.clear()

    def _complete(self) -> dict[str, Part] | None:
        for number in range(len(self._waiting) - 1, -1, -1):
            is_newest = number == len(self._waiting) - 1
            found = self._partners(*self._waiting[number], is_newest)
            if found is not None:
                self._expected = set(found)
                self.unmatched += number
                for _ in range(number + 1):
                    self._waiting.popleft()
                return found
        return None

    def _partners(self, stamp_ns: int, leader: Part, is_newest: bool) -> dict[str, Part] | None:
        found = {self._leading: leader}
        for kind, parts in self._others.items():
            # In order of their stamps: the last one tells whether a nearer one can still come.
            if not parts or parts[-1][0] < stamp_ns:
                if is_newest and kind in self._expected:
                    return None
                continue
            at, part = min(parts, key=lambda held: abs(held[0] - stamp_ns))
            if abs(at - stamp_ns) <= self._slop_ns:
                found[kind] = part
        return found if all(kind in found for kind in self._needed) else None
