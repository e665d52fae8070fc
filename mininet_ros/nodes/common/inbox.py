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
        dropped: called in its place, in the same thread, where the inbox had no room for the task;
            None for a task that is never dropped.
    """

    run: Callable[[], None]
    dropped: Callable[[], None] | None = None


class Inbox:
    """A queue of tasks, of which the oldest that may be dropped make room for new ones.

    Each task is handed out once, as ``run`` or as ``dropped``. A dropped task is let go at once,
    with the message that it holds.

    Args:
        capacity: most tasks that wait. Those that are never dropped go beyond it, if they must.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._condition = threading.Condition()
        self._tasks: deque[Task] = deque()
        # Not bounded: each entry is small, and a bound would let a task vanish uncounted.
        self._dropped: deque[Callable[[], None]] = deque()
        self._closed = False

    def put(self, task: Task) -> None:
        """Add a task; one that comes after :meth:`close` is not taken in."""
        with self._condition:
            if self._closed:
                return
            self._tasks.append(task)
            if len(self._tasks) > self._capacity:
                self._drop_oldest()
            self._condition.notify()

    def take(self, timeout_s: float | None) -> Callable[[], None] | None:
        """Wait for something to do and return it; what became of dropped tasks goes first.

        Args:
            timeout_s: longest wait; None waits as long as it takes.

        Returns:
            What to call; None when there is nothing in time, or nothing more will come.
        """
        with self._condition:
            self._condition.wait_for(
                lambda: self._tasks or self._dropped or self._closed, timeout_s
            )
            if self._dropped:
                return self._dropped.popleft()
            return self._tasks.popleft().run if self._tasks else None

    @property
    def finished(self) -> bool:
        """Whether nothing will be handed out any more."""
        with self._condition:
            return self._closed and not self._tasks and not self._dropped

    def close(self) -> None:
        """Take nothing in any more, and drop what waits and may be dropped."""
        with self._condition:
            self._closed = True
            self._dropped.extend(task.dropped for task in self._tasks if task.dropped is not None)
            self._tasks = deque(task for task in self._tasks if task.dropped is None)
            self._condition.notify_all()

    def _drop_oldest(self) -> None:
        for task in self._tasks:
            if task.dropped is not None:
                self._tasks.remove(task)
                self._dropped.append(task.dropped)
                return
