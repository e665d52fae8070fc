"""The three ways of picking frames. Each works on the selector's waiting room."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from mininet_ros.keyframes.selection.config import Mode, SelectorConfig
from mininet_ros.keyframes.selection.decisions import Decision, Reason, in_nanoseconds, seconds
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom

# Requests that wait for their frames; with more than this the oldest is given up.
MAX_REQUESTS = 16


class Picker(Protocol):
    """A way of picking frames."""

    def add(self, frame: Candidate) -> list[Decision]:
        """Take in the next frame and return the decisions that are due."""

    def settle(self) -> list[Decision]:
        """Decide what can be decided, because the stream is interrupted."""


class WindowPicker:
    """Forwards the best frame of each window, when accumulated motion or time closes it."""

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room
        self._start: int | None = None
        self._newest = 0
        self._motion = 0.0
        self._seen = 0

    def add(self, frame: Candidate) -> list[Decision]:
        """Take in the next frame and return the decisions that are due."""
        decisions = self._room.overdue(frame.stamp)
        if decisions:
            self._reopen()
        if self._start is None:
            self._start = frame.stamp
        self._newest = frame.stamp
        self._motion += frame.scores.motion
        self._seen += 1
        decisions += self._room.admit(frame)
        decisions += self._room.overdue(frame.stamp)
        if self._is_complete():
            decisions += self.settle()
        return decisions

    def settle(self) -> list[Decision]:
        """Close the window."""
        frames = list(self._room.frames.values())
        best = self._room.best_passing(frames)
        decisions: list[Decision] = []
        if best is not None:
            age = self._newest - self._start if self._start is not None else 0
            decisions = self._room.forward(
                best,
                Reason.BEST_OF_WINDOW,
                f"Best of {self._seen} frames in {seconds(age)} and {self._motion:.0f} px of "
                f"motion ({best.summary()}).",
            )
        rest = list(self._room.frames.values())
        sentence = "Another frame of its window was better."
        decisions += self._room.clear(rest, Reason.NOT_BEST, sentence)
        self._reopen()
        return decisions

    def _reopen(self) -> None:
        self._start = None
        self._motion = 0.0
        self._seen = 0

    def _is_complete(self) -> bool:
        config = self._room.config
        age = self._newest - (self._start or 0)
        moved = 0.0 < config.window_motion_px <= self._motion
        return moved or 0.0 < config.window_time_s <= age / 1e9


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
        return in_nanoseconds(self._room.config.request_window_s)

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


class GatePicker:
    """Passes or drops each frame at once, by its rank among the recent ones.

    Right after a forwarded frame only the best `gate_share` of the recent frames would do; the
    share grows linearly with time and reaches all of them at `max_gap_s`.
    """

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room
        self._recent: deque[float] = deque()
        self._newest: int | None = None

    def add(self, frame: Candidate) -> list[Decision]:
        """Decide on the next frame."""
        interval = frame.stamp - self._newest if self._newest is not None else 0
        self._newest = frame.stamp
        decisions = self._room.admit(frame)
        if not decisions:
            decisions = self._judge(frame, interval)
        self._recent.append(frame.worth)
        while len(self._recent) > self._room.config.gate_memory:
            self._recent.popleft()
        return decisions

    def settle(self) -> list[Decision]:
        """Nothing ever waits."""
        return []

    def _judge(self, frame: Candidate, interval: int) -> list[Decision]:
        room = self._room
        deadline = room.deadline()
        if deadline is not None and frame.stamp + interval > deadline:
            return room.overdue(deadline + 1)
        failing = room.below_floor(frame)
        if failing is None:
            threshold = self._threshold(frame.stamp, deadline)
            if frame.worth >= threshold:
                sentence = f"Worth at least {threshold:.3f}, as the gate asks ({frame.summary()})."
                return room.forward(frame, Reason.PASSED_GATE, sentence)
            sentence = f"The gate asks for {threshold:.3f} at present ({frame.summary()})."
            failing = frame.decided(Reason.BELOW_GATE, sentence)
        del room.frames[frame.stamp]
        return [failing]

    def _threshold(self, stamp: int, deadline: int | None) -> float:
        if not self._recent:
            return 0.0
        config = self._room.config
        share = config.gate_share
        if deadline is not None:
            elapsed = 1.0 - (deadline - stamp) / in_nanoseconds(config.max_gap_s)
            share += (1.0 - share) * elapsed
        if share >= 1.0:
            return 0.0
        return float(np.quantile(self._recent, 1.0 - share))


def make_picker(config: SelectorConfig, room: WaitingRoom) -> Picker:
    """The picker of the configured mode."""
    pickers = {Mode.WINDOW: WindowPicker, Mode.REQUEST: RequestPicker, Mode.GATE: GatePicker}
    return pickers[config.mode](room)
