"""Frames between budget and link: the best first, none lost while there is room."""

from __future__ import annotations

from collections import deque

from mininet_ros.keyframes import ByteBudget
from mininet_ros.team.flight import Outcome, Payload, Result
from mininet_ros.team.outbox import Outbox

SECOND = 10**9


class FakeLink:
    """Takes a frame at a time while there is contact; a test says what comes of it."""

    def __init__(self) -> None:
        self.contact = True
        self.sent: list[bytes] = []
        self.outcomes: deque[Outcome] = deque()
        self.under_way: int | None = None

    @property
    def takes(self) -> int:
        return int(self.contact and self.under_way is None)

    def send(self, ticket: int, payload: Payload) -> None:
        assert self.takes
        self.under_way = ticket
        self.sent.append(payload[0][1])

    def collect(self) -> list[Outcome]:
        outcomes = list(self.outcomes)
        self.outcomes.clear()
        return outcomes

    def end(self, result: Result) -> None:
        assert self.under_way is not None
        self.outcomes.append(Outcome(self.under_way, result))
        self.under_way = None


def frame(name: str, size: int = 10) -> Payload:
    return [("image", name.encode().ljust(size))]


def names(link: FakeLink) -> list[str]:
    return [content.decode().strip() for content in link.sent]


def outbox(link: FakeLink, room: int = 4, half_life_s: float | None = 20.0) -> Outbox:
    return Outbox(ByteBudget(1000, 1000, room), link, half_life_s)


def test_the_next_frame_goes_when_the_last_has_arrived():
    link = FakeLink()
    box = outbox(link)
    box.offer(frame("a"), 1.0, 0)
    box.offer(frame("b"), 1.0, SECOND)
    assert names(link) == ["a"]
    assert box.held_by_link
    link.end(Result.ARRIVED)
    box.release(2 * SECOND)
    assert names(link) == ["a", "b"]
    link.end(Result.ARRIVED)
    box.release(3 * SECOND)
    assert not box.waiting


def test_after_a_silence_the_most_worthy_goes_first_not_the_oldest():
    link = FakeLink()
    link.contact = False
    box = outbox(link, room=3)
    for second, (name, worth) in enumerate([("a", 2.0), ("b", 9.0), ("c", 1.0), ("d", 4.0)]):
        box.offer(frame(name), worth, second * SECOND)
    link.contact = True
    for second in range(4, 8):
        box.release(second * SECOND)
        if link.under_way is not None:
            link.end(Result.ARRIVED)
    assert names(link) == ["b", "d", "a"]  # c found no room


def test_of_frames_of_like_worth_the_newest_goes_first():
    link = FakeLink()
    link.contact = False
    box = outbox(link)
    box.offer(frame("old"), 1.5, 0)
    box.offer(frame("new"), 1.0, 20 * SECOND)
    link.contact = True
    box.release(21 * SECOND)
    assert names(link) == ["new"]


def test_worth_alone_decides_without_a_half_life():
    link = FakeLink()
    link.contact = False
    box = outbox(link, half_life_s=None)
    box.offer(frame("old"), 1.5, 0)
    box.offer(frame("new"), 1.0, 1000 * SECOND)
    link.contact = True
    box.release(1001 * SECOND)
    assert names(link) == ["old"]


def test_a_returned_frame_is_sent_again_under_its_number():
    link = FakeLink()
    box = outbox(link)
    box.offer(frame("a"), 1.0, 0)
    first = link.under_way
    link.end(Result.RETURNED)
    box.release(SECOND)
    assert names(link) == ["a", "a"]
    assert link.under_way == first


def test_a_returned_frame_waits_behind_better_ones():
    link = FakeLink()
    box = outbox(link)
    box.offer(frame("a"), 1.0, 0)
    box.offer(frame("b"), 5.0, SECOND)
    link.end(Result.RETURNED)
    box.release(2 * SECOND)
    assert names(link) == ["a", "b"]


def test_a_refused_frame_is_not_sent_again():
    link = FakeLink()
    box = outbox(link)
    box.offer(frame("a"), 1.0, 0)
    link.end(Result.REFUSED)
    box.release(SECOND)
    assert names(link) == ["a"]
    assert not box.waiting


def test_sending_again_costs_the_budget_again():
    link = FakeLink()
    budget = ByteBudget(100, 1000, 4)
    box = Outbox(budget, link, 20.0)
    box.offer(frame("a", 600), 1.0, 0)
    link.end(Result.RETURNED)
    box.release(SECOND)
    assert names(link) == ["a"], "400 + 100 bytes do not suffice"
    box.release(2 * SECOND)
    assert names(link) == ["a", "a"]
    assert budget.statistics().sent == 1


def test_nothing_goes_beyond_what_the_budget_allows():
    link = FakeLink()
    box = outbox(link)
    box.offer(frame("a", 900), 1.0, 0)
    box.offer(frame("b", 900), 1.0, 0)
    link.end(Result.ARRIVED)
    box.release(SECOND // 2)
    assert names(link) == ["a"]
    assert not box.held_by_link
    box.release(SECOND)
    assert names(link) == ["a", "b"]


def test_clearing_drops_what_waits_and_leaves_what_is_under_way():
    link = FakeLink()
    box = outbox(link)
    box.offer(frame("a"), 1.0, 0)
    box.offer(frame("b"), 1.0, 0)
    box.clear()
    assert box.waiting
    link.end(Result.ARRIVED)
    box.release(SECOND)
    assert names(link) == ["a"]
    assert not box.waiting
