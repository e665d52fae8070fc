"""The queue to the working thread: in order, bounded, and without a task that vanishes."""

from __future__ import annotations

import gc
import threading
import weakref
from functools import partial

from mininet_ros.nodes.common.inbox import Inbox, Task


class Message:
    """Stands for what a task holds."""


def test_tasks_are_done_in_order():
    inbox, done = Inbox(4), []
    for number in range(3):
        inbox.put(Task(lambda number=number: done.append(number)))
    for _ in range(3):
        inbox.take(None)()
    assert done == [0, 1, 2]
    assert inbox.take(0.0) is None


def test_a_full_inbox_drops_the_oldest_that_may_be_dropped():
    inbox, done = Inbox(2), []
    inbox.put(Task(lambda: done.append("kept")))
    for number in range(3):
        inbox.put(
            Task(
                lambda number=number: done.append(number),
                lambda number=number: done.append(f"{number} dropped"),
            )
        )
    while (task := inbox.take(0.0)) is not None:
        task()
    assert done == ["0 dropped", "1 dropped", "kept", 2]


def test_closing_ends_the_wait():
    inbox = Inbox(2)
    taken = []
    waiter = threading.Thread(target=lambda: taken.append(inbox.take(None)))
    waiter.start()
    inbox.close()
    waiter.join(10.0)
    assert taken == [None]
    assert inbox.finished
    inbox.put(Task(lambda: None))
    assert inbox.take(None) is None


def test_of_a_burst_every_task_is_run_or_reported_once():
    inbox, done = Inbox(64), []
    for number in range(300):
        inbox.put(
            Task(partial(done.append, ("run", number)), partial(done.append, ("dropped", number)))
        )
    while (task := inbox.take(0.0)) is not None:
        task()
    assert sorted(number for _, number in done) == list(range(300))
    assert [number for what, number in done if what == "run"] == list(range(236, 300))


def test_a_dropped_task_lets_go_of_its_message():
    inbox = Inbox(1)
    message = Message()
    kept = weakref.ref(message)
    inbox.put(Task(partial(print, message), lambda: None))
    inbox.put(Task(lambda: None, lambda: None))
    del message
    gc.collect()
    assert kept() is None


def test_closing_drops_what_may_be_dropped_and_hands_out_the_rest():
    inbox, done = Inbox(8), []
    inbox.put(Task(partial(done.append, "run"), partial(done.append, "dropped")))
    inbox.put(Task(partial(done.append, "kept")))
    inbox.close()
    assert not inbox.finished
    while (task := inbox.take(None)) is not None:
        task()
    assert done == ["dropped", "kept"]
    assert inbox.finished
