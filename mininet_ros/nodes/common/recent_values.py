"""Statistics of the last seconds: rates, medians, percentiles."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable


class RecentValues:
    """Values of the last seconds and their rate. Safe to use from several threads.

    Args:
        span_s: length of the period that is kept, in seconds.
        clock: function that returns the monotonic time in seconds.
    """

    def __init__(self, span_s: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._span_s = span_s
        self._clock = clock
        self._start = clock()
        self._lock = threading.Lock()
        self._values: deque[tuple[float, float]] = deque()  # (time, value)

    def add(self, value: float = 0.0) -> None:
        """Add a value with the present time; events that are only counted need no value."""
        with self._lock:
            self._forget()
            self._values.append((self._clock(), value))

    def values(self) -> list[float]:
        """Return the values of the period, oldest first."""
        with self._lock:
            self._forget()
            return [value for _, value in self._values]

    def rate_hz(self) -> float:
        """Return the number of values per second, over the period or since the start."""
        elapsed = min(self._span_s, self._clock() - self._start)
        return len(self.values()) / elapsed if elapsed > 0 else 0.0

    def _forget(self) -> None:
        oldest = self._clock() - self._span_s
        while self._values and self._values[0][0] < oldest:
            self._values.popleft()


def quantile(values: list[float], share: float) -> float:
    """Return the quantile ``share`` (0 to 1) of the values; nan for no values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
