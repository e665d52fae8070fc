"""Mode request: the best frame around each stamp that is asked for.

A V-SLAM system names a frame that it wants as a keyframe. The answer trades closeness for quality:
of the frames around the request the one of most `worth * kernel(parallax)` is forwarded, where the
parallax is that to the requested frame and `kernel(x) = exp(-(x / 0.02)^2)` for x in widths: what
has moved by 2 % of the picture has to be worth 2.7 times as much. It keeps at least `min_overlap`
with the requested frame. A request is answered at once where no later frame can be expected to do
clearly better.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from mininet_ros.keyframes.cues.overlap import Overlap, measure_overlap
from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.durations import in_nanoseconds, seconds
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom

# Requests that wait for their frames; with more than this the oldest is given up.
MAX_REQUESTS = 16

# Parallax, as a share of the width, at which a frame has to be worth e times as much.
KERNEL_WIDTH = 0.02

# A later frame that can be expected to be better by less than this is not waited for.
WORTH_WAITING = 1.1


@dataclass(frozen=True)
class Unanswered:
    """A request that no frame answers.

    Attributes:
        stamp_ns: the requested stamp.
        sentence: why there is no answer.
    """

    stamp_ns: int
    sentence: str


class RequestPicker:
    """Answers each request with the best frame around it."""

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room
        self._requests: list[int] = []
        self._answered: deque[int] = deque(maxlen=MAX_REQUESTS)
        self._newest: Candidate | None = None
        self.unanswered: list[Unanswered] = []

    def add(self, frame: Candidate) -> list[Decision]:
        """Take in the next frame and return the decisions that are due."""
        self._newest = frame
        decisions = self._room.overdue(frame.stamp)
        decisions += self._room.admit(frame, oldest_first=True)
        decisions += self._room.overdue(frame.stamp)
        decisions += self._answer_due(frame.stamp)
        decisions += self._drop_aged(frame.stamp)
        return decisions

    def request(self, stamp: int) -> list[Decision]:
        """Note a request, and answer it if no later frame is to be waited for."""
        if stamp in self._requests or stamp in self._answered:
            self._give_up(stamp, "the same request came before")
            return []
        self._requests = sorted([*self._requests, stamp])
        while len(self._requests) > MAX_REQUESTS:
            self._give_up(self._requests.pop(0), f"more than {MAX_REQUESTS} requests wait")
        return self._answer_due(self._newest.stamp) if self._newest is not None else []

    def settle(self) -> list[Decision]:
        """Answer all requests with the frames that are there."""
        if not self._requests:
            return []
        return self._answer_due(self._requests[-1] + self._room.config.request_window_ns)

    def give_up_all(self, why: str) -> None:
        """Leave all requests unanswered."""
        while self._requests:
            self._give_up(self._requests.pop(0), why)

    def _answer_due(self, now: int) -> list[Decision]:
        decisions: list[Decision] = []
        while self._requests:
            request = self._requests[0]
            best = self._best(request)
            time_is_up = request + self._room.config.request_window_ns <= now
            if not time_is_up and (best is None or self._may_improve(request, best)):
                break
            self._requests.pop(0)
            if best is None:
                self._give_up(request, self._why_nothing(request))
            else:
                decisions += self._answer(request, best)
        return decisions

    def _near(self, request: int) -> list[Candidate]:
        reach = self._room.config.request_window_ns
        return [f for f in self._room.frames.values() if abs(f.stamp - request) <= reach]

    def _requested(self, request: int) -> Candidate | None:
        """The frame that is asked for, or the nearest to its stamp."""
        return min(self._near(request), key=lambda f: abs(f.stamp - request), default=None)

    def _best(self, request: int) -> Candidate | None:
        wanted = self._requested(request)
        if wanted is None:
            return None
        best, most = wanted, wanted.worth
        for frame in self._near(request):
            if frame is wanted or frame.worth <= most:
                continue
            common = _in_common(wanted, frame)
            value = frame.worth * _kernel(common.parallax)
            if common.overlap >= self._room.config.min_overlap and value > most:
                best, most = frame, value
        return best

    def _may_improve(self, request: int, best: Candidate) -> bool:
        """Whether a later frame can be expected to be clearly better than the best at hand."""
        newest, wanted = self._newest, self._requested(request)
        if newest is None or wanted is None or newest.stamp < request:
            return True
        # The view goes on moving as it did, and pictures become as good as the best of late.
        ahead = abs(newest.scores.travelled - wanted.scores.travelled) + newest.scores.motion
        usual = max(frame.worth for frame in self._room.frames.values())
        value = best.worth * _kernel(_in_common(wanted, best).parallax)
        return usual * _kernel(ahead) > WORTH_WAITING * value

    def _answer(self, request: int, best: Candidate) -> list[Decision]:
        """Forward a frame. The floors do not apply: it was asked for."""
        sentence = (
            f"Best of {len(self._near(request))} frames around the requested stamp "
            f"{seconds(request)}, {seconds(best.stamp - request)} from it ({best.summary()})."
        )
        self._answered.append(request)
        return self._room.forward(best, Reason.BEST_FOR_REQUEST, sentence, request)

    def _why_nothing(self, request: int) -> str:
        last = self._room.last
        if last is not None and request - self._room.config.request_window_ns <= last.stamp:
            return f"the frame at {seconds(last.stamp)} was forwarded already"
        return "no frame near it is at hand"

    def _give_up(self, request: int, why: str) -> None:
        sentence = f"The request for {seconds(request)} has no answer: {why}."
        self.unanswered.append(Unanswered(request, sentence))

    def _drop_aged(self, now: int) -> list[Decision]:
        config = self._room.config
        memory = max(config.request_latency_s, config.request_window_s) + config.request_window_s
        oldest = now - in_nanoseconds(memory)
        aged = [frame for frame in self._room.frames.values() if frame.stamp < oldest]
        if len(aged) == 0:
            return []
        fallback = self._room.fallback()
        sentence = f"No request came for it within {memory:.3f} s."
        return self._room.clear(
            [frame for frame in aged if frame is not fallback],
            lambda frame: frame.decided(Reason.NOT_REQUESTED, sentence),
        )


def _in_common(wanted: Candidate, frame: Candidate) -> Overlap:
    """What a frame has in common with the requested one."""
    before, after = wanted.scores, frame.scores
    if wanted is frame:
        return Overlap(overlap=1.0)
    if before.corners is not None and after.corners is not None:
        return measure_overlap(before.corners, after.corners)
    way = abs(after.travelled - before.travelled)
    return Overlap(parallax=way, overlap=max(0.0, 1.0 - way))


def _kernel(parallax: float) -> float:
    return math.exp(-((parallax / KERNEL_WIDTH) ** 2))
