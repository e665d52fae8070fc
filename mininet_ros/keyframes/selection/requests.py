"""Mode request: the best frame around each stamp that is asked for."""

from __future__ import annotations

from collections import deque

from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.durations import in_nanoseconds, seconds
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom

# Requests that wait for their frames; with more than this the oldest is given up.
MAX_REQUESTS = 16


class RequestPicker:
    """Answers each request with the best frame around it."""

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room
        self._requests: list[int] = []
        self._answered: deque[int] = deque(maxlen=MAX_REQUESTS)
        self._newest: int | None = None
        self.unanswered: list[str] = []

    def add(self, frame: Candidate) -> list[Decision]:
        """Take in the next frame and return the decisions that are due."""
        self._newest = frame.stamp
        decisions = self._room.overdue(frame.stamp)
        decisions += self._room.admit(frame)
        decisions += self._room.overdue(frame.stamp)
        decisions += self._answer_until(frame.stamp)
        decisions += self._drop_aged(frame.stamp)
        return decisions

    def request(self, stamp: int) -> list[Decision]:
        """Note a request, and answer it if its frames are there already."""
        if stamp in self._requests or stamp in self._answered:
            self._give_up(stamp, "the same request came before")
            return []
        self._requests = sorted([*self._requests, stamp])
        while len(self._requests) > MAX_REQUESTS:
            self._give_up(self._requests.pop(0), f"more than {MAX_REQUESTS} requests wait")
        return self._answer_until(self._newest) if self._newest is not None else []

    def settle(self) -> list[Decision]:
        """Answer all requests with the frames that are there."""
        if not self._requests:
            return []
        return self._answer_until(self._requests[-1] + self._reach)

    def give_up_all(self, why: str) -> None:
        """Leave all requests unanswered."""
        while self._requests:
            self._give_up(self._requests.pop(0), why)

    @property
    def _reach(self) -> int:
        return self._room.config.request_window_ns

    def _answer_until(self, now: int) -> list[Decision]:
        decisions: list[Decision] = []
        while self._requests and self._requests[0] + self._reach <= now:
            decisions += self._answer(self._requests.pop(0))
        return decisions

    def _answer(self, request: int) -> list[Decision]:
        """Forward the best frame around a request. The floors do not apply: it was asked for."""
        near = [f for f in self._room.frames.values() if abs(f.stamp - request) <= self._reach]
        if not near:
            self._give_up(request, self._why_nothing(request))
            return []
        best = max(near, key=lambda frame: frame.worth)
        sentence = (
            f"Best of {len(near)} frames around the requested stamp {seconds(request)}, "
            f"{seconds(best.stamp - request)} from it ({best.summary()})."
        )
        self._answered.append(request)
        return self._room.forward(best, Reason.BEST_FOR_REQUEST, sentence, request)

    def _why_nothing(self, request: int) -> str:
        last = self._room.last_forwarded
        if last is not None and request - self._reach <= last:
            return f"the frame at {seconds(last)} was forwarded already"
        return "no frame near it is at hand"

    def _give_up(self, request: int, why: str) -> None:
        self.unanswered.append(f"The request for {seconds(request)} has no answer: {why}.")

    def _drop_aged(self, now: int) -> list[Decision]:
        config = self._room.config
        memory = max(config.request_latency_s, config.request_window_s) + config.request_window_s
        oldest = now - in_nanoseconds(memory)
        aged = [frame for frame in self._room.frames.values() if frame.stamp < oldest]
        if not aged:
            return []
        sentence = f"No request came for it within {memory:.3f} s."
        return self._room.clear(aged, Reason.NOT_REQUESTED, sentence)
