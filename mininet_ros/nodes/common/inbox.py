"""Queue of tasks from the receiving thread to the working thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Task:
    """One piece of work.

    Attributes:
        run: function that does the work, called in the working thread.
        dropped: function called in place of ``run``, in the same thread, if the task was dropped
            for lack of room; None for a task that is never dropped.
    """

    run: Callable[[], None]
    dropped: Callable[[], None] | None = None


class Inbox:
    """A queue of tasks in which the oldest droppable tasks make room for new ones.

    Each task is returned once, as ``run`` or as ``dropped``. A dropped task is released at once,
    together with its message.

    Args:
        capacity: largest number of waiting tasks; tasks that are never dropped may exceed it.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._condition = threading.Condition()
        self._tasks: deque[Task] = deque()
        # Without a bound: each entry is small, and a bound would lose tasks without counting them.
        self._dropped: deque[Callable[[], None]] = deque()
        self._closed = False

    def put(self, task: Task) -> None:
        """Add a task; a task that comes after :meth:`close` is discarded."""
        with self._condition:
            if self._closed:
                return
            self._tasks.append(task)
            if len(self._tasks) > self._capacity:
                self._drop_oldest()
            self._condition.notify()

    def take(self, timeout_s: float | None) -> Callable[[], None] | None:
        """Wait for a task and return its function; the functions of dropped tasks come first.

        Args:
            timeout_s: longest wait in seconds; None waits without limit.

        Returns:
            The function to call; None after the timeout, or when no more tasks will come.
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
        """Return whether no more tasks will be returned."""
        with self._condition:
            return self._closed and not self._tasks and not self._dropped

    def close(self) -> None:
        """Accept no more tasks, and drop the waiting tasks that are droppable."""
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
