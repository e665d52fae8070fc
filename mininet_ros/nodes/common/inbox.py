"""What is to be done, handed in order from the thread that receives to the thread that works."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """One thing to be done.

    Attributes:
        run: does it, in the thread that works.
        dropped: does what is left to do, in the same thread, where the inbox had no room for it;
            None for a task that is never dropped.
    """

    run: Callable[[], None]
    dropped: Callable[[], None] | None = None


class Inbox:
    """A queue of tasks, of which the oldest that may be dropped make room for new ones.

    Args:
        capacity: most tasks that wait. Those that are never dropped go beyond it, if they must.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._condition = threading.Condition()
        self._tasks: deque[Task] = deque()
        self._dropped: deque[Task] = deque(maxlen=capacity)
        self._closed = False

    def put(self, task: Task) -> None:
        """Add a task."""
        with self._condition:
            self._tasks.append(task)
            if len(self._tasks) > self._capacity:
                self._drop_oldest()
            self._condition.notify()

    def take(self, timeout_s: float | None) -> Callable[[], None] | None:
        """Wait for something to do and return it; what became of dropped tasks goes first.

        Args:
            timeout_s: longest wait; None waits as long as it takes.

        Returns:
            What to call; None when there is nothing in time, or the inbox is closed.
        """
        with self._condition:
            self._condition.wait_for(
                lambda: self._tasks or self._dropped or self._closed, timeout_s
            )
            if self._closed:
                return None
            if self._dropped:
                return self._dropped.popleft().dropped
            return self._tasks.popleft().run if self._tasks else None

    @property
    def closed(self) -> bool:
        """Whether nothing will be handed out any more."""
        return self._closed

    def close(self) -> None:
        """End every :meth:`take`, now and later, with None."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def _drop_oldest(self) -> None:
        for task in self._tasks:
            if task.dropped is not None:
                self._tasks.remove(task)
                self._dropped.append(task)
                return
