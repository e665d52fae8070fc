"""Stream that Ctrl-C ends in order, so that the results so far are written."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Generic, TypeVar

Item = TypeVar("Item")


class UntilInterrupted(Generic[Item]):
    """Items until Ctrl-C, which acts between two items; a second Ctrl-C acts at once.

    Attributes:
        interrupted: whether Ctrl-C ended the stream.

    Args:
        items: items of the stream.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = items
        self.interrupted = False

    def __iter__(self) -> Iterator[Item]:
        # Python handles signals in the main thread only.
        if threading.current_thread() is not threading.main_thread():
            yield from self._items
            return
        before = signal.getsignal(signal.SIGINT)

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.interrupted = True
            signal.signal(signal.SIGINT, before)

        signal.signal(signal.SIGINT, stop)
        try:
            for item in self._items:
                yield item
                if self.interrupted:
                    break
        finally:
            signal.signal(signal.SIGINT, before)
