"""An upper limit on how often something is done."""

from __future__ import annotations

import time
from collections.abc import Callable

# Cameras jitter: one of 30 Hz under a limit of 30 Hz must not lose every frame that comes early.
_EARLY = 0.25


class RateLimit:
    """Admits events evenly, no more than so many a second on average.

    Args:
        max_rate_hz: the limit; 0 admits everything.
        clock: seconds, monotonic.
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
        # On schedule the next is due a period later; what a pause left out is not made up for.
        on_schedule = now < self._due + self._period_s
        self._due = (self._due if on_schedule else now) + self._period_s
        return True
