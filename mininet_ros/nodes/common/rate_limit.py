"""Upper limit on the rate of events."""

from __future__ import annotations

import time
from collections.abc import Callable

# Camera periods vary: with a limit of 30 Hz, a camera of 30 Hz must not lose every early frame.
_EARLY = 0.25


class RateLimit:
    """Admits events evenly, at most a given number per second on average.

    Args:
        max_rate_hz: largest mean rate in Hz; 0 admits everything.
        clock: function that returns the monotonic time in seconds.
    """

    def __init__(self, max_rate_hz: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._period_s = 1.0 / max_rate_hz if max_rate_hz > 0 else 0.0
        self._clock = clock
        self._due = clock()

    def admits(self) -> bool:
        """Return whether an event that happens now is admitted."""
        now = self._clock()
        if now < self._due - _EARLY * self._period_s:
            return False
        # On schedule, the next event is due one period later; events missed in a pause are not made
        # up.
        on_schedule = now < self._due + self._period_s
        self._due = (self._due if on_schedule else now) + self._period_s
        return True
