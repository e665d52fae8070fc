"""The queue before a viewer: what happens when the viewer is slow, gone or broken."""

from __future__ import annotations

import threading

import pytest

from mininet_ros.view.feed import CAPACITY, Feed, TargetLostError


class Target:
    """Takes items once it is allowed to."""

    def __init__(self):
        self.taken = []
        self.may_go_on = threading.Event()
        self.closed = False
        self.lost = ""

    def open(self):
        self.may_go_on.wait()
        return self.taken

    def check(self):
        if self.lost:
            raise TargetLostError(self.lost)

    def close(self):
        self.closed = True


@pytest.fixture
def target():
    target = Target()
    yield target
    target.may_go_on.set()


def number(value):
    return lambda taken: taken.append(value)


def test_a_slow_viewer_misses_pictures_and_the_run_goes_on(target, caplog):
    feed = Feed(target, waits=False)
    for value in range(1000):
        feed.put(number(value), is_picture=True)
    feed.put(number("score"), is_picture=False)
    target.may_go_on.set()
    feed.close()
    assert target.taken == [*range(CAPACITY // 2), "score"]
    assert f"{1000 - CAPACITY // 2} pictures or scores are not shown" in caplog.text
    assert target.closed


def test_the_queue_is_bounded_for_scores_too(target, caplog):
    feed = Feed(target, waits=False)
    for value in range(3 * CAPACITY):
        feed.put(number(value), is_picture=False)
    target.may_go_on.set()
    feed.close()
    assert len(target.taken) == CAPACITY
    assert f"{2 * CAPACITY} pictures" in caplog.text


def test_a_file_gets_everything(target, caplog):
    feed = Feed(target, waits=True)
    threading.Timer(0.3, target.may_go_on.set).start()
    for value in range(5 * CAPACITY):
        feed.put(number(value), is_picture=True)
    feed.close()
    assert target.taken == list(range(5 * CAPACITY))
    assert not caplog.text


def test_a_viewer_that_is_gone_is_one_sentence(target, caplog):
    target.may_go_on.set()
    feed = Feed(target, waits=False)
    target.lost = "the viewer was closed"
    while not caplog.records:
        feed.put(number(0), is_picture=True)
    for _ in range(1000):
        feed.put(number(1), is_picture=True)
    feed.close()
    assert caplog.messages == ["the viewer was closed"]
    assert not target.closed


def test_a_file_that_is_gone_does_not_stop_the_run(target, caplog):
    target.lost = "no room"
    target.may_go_on.set()
    feed = Feed(target, waits=True)
    for _ in range(10 * CAPACITY):
        feed.put(lambda taken: threading.Event().wait(0.002), is_picture=True)
    feed.close()
    assert caplog.messages == ["no room"]


def test_whatever_the_viewer_raises_does_not_end_the_run(target, caplog):
    def fail(_):
        raise ZeroDivisionError("of Rerun")

    target.may_go_on.set()
    feed = Feed(target, waits=False)
    feed.put(fail, is_picture=False)
    feed.close()
    assert caplog.messages == ["the run is no longer shown: ZeroDivisionError: of Rerun"]
