"""The newest frame, handed from the thread that receives to the thread that works."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Frame = TypeVar("Frame")


class LatestFrame(Generic[Frame]):
    """A slot for one frame, which a newer one replaces.

    Work that is slower than the camera costs frames this way, never latency: a queue in its place
    would hold the output as many frames behind as it is long.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._frame: Frame | None = None
        self._closed = False

    def put(self, frame: Frame) -> bool:
        """Leave a frame for :meth:`take`.

        Returns:
            True where this replaced a frame that nobody has taken.
        """
        with self._condition:
            replaced = self._frame is not None
            self._frame = frame
            self._condition.notify()
            return replaced

    def take(self) -> Frame | None:
        """Wait for a frame and return it; None once the slot is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._frame is not None or self._closed)
            frame, self._frame = self._frame, None
            return None if self._closed else frame

    def clear(self) -> bool:
        """Forget the frame that waits.

        Returns:
            True where there was one.
        """
        with self._condition:
            cleared, self._frame = self._frame is not None, None
            return cleared

    def close(self) -> None:
        """End every :meth:`take`, now and later, with None."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
