"""Slot that hands the newest frame from the receiving to the working thread."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Frame = TypeVar("Frame")


class LatestFrame(Generic[Frame]):
    """A slot for one frame, which a newer one replaces.

    If the work is slower than the camera, frames are skipped and latency stays low. A queue would
    delay the output by as many frames as it holds.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._frame: Frame | None = None
        self._closed = False

    def put(self, frame: Frame) -> bool:
        """Store a frame for :meth:`take`.

        Returns:
            True if this replaced a frame that was not taken.
        """
        with self._condition:
            replaced = self._frame is not None
            self._frame = frame
            self._condition.notify()
            return replaced

    def take(self) -> Frame | None:
        """Wait for a frame and return it; return None once the slot is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._frame is not None or self._closed)
            frame, self._frame = self._frame, None
            return None if self._closed else frame

    def clear(self) -> bool:
        """Discard the waiting frame.

        Returns:
            True if a frame was waiting.
        """
        with self._condition:
            cleared, self._frame = self._frame is not None, None
            return cleared

    def close(self) -> None:
        """Make every present and later :meth:`take` return None."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
