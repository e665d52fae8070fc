"""A robot's knowledge of the views that its mates have sent."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from mininet_ros.keyframes.views import View, ViewMemory

# Views that were received and not yet processed; more arrive only in a flood.
MAX_QUEUED = 64


class MatesViews:
    """Remembers views that mates have sent, and recognises them.

    Args:
        clock: function that returns the monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._memory = ViewMemory()
        self._queued: deque[bytes] = deque(maxlen=MAX_QUEUED)
        self._received = self._unusable = self._known = 0

    def receive(self, content: bytes) -> None:
        """Receive a packed view; may be called from any thread."""
        self._queued.append(content)

    def know(self, view: View) -> bool:
        """Return whether a mate has sent this view; count it if so."""
        while self._queued:
            self._received += 1
            try:
                self._memory.add(View.unpack(self._queued.popleft()), self._clock())
            except ValueError:
                self._unusable += 1
        known = self._memory.knows(view, self._clock())
        self._known += known
        return known

    def values(self) -> dict[str, object]:
        """Return figures by name, for diagnostics."""
        return {
            "team_known_to_mates": self._known,
            "team_mates_views": self._received,
            "team_mates_views_unusable": self._unusable,
        }
