"""Mode request: the best frame around each requested stamp.

A V-SLAM system names a frame that it wants as a keyframe. The answer weighs closeness against
quality: of the frames around the request, the one with the largest ``worth * kernel(parallax)`` is
forwarded. The parallax is measured to the requested frame, in image widths, and ``kernel(x) =
exp(-(x / 0.02)^2)``: a frame that has moved by 2 % of the width needs 2.7 times the worth. The
frame keeps at least ``min_overlap`` with the requested one. A request is answered at once where no
later frame can be expected to be clearly better.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from mininet_ros.keyframes.cues.overlap import Overlap, measure_overlap
from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.durations import in_nanoseconds
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom, seconds

# Largest number of open requests; the oldest is given up when there are more.
MAX_REQUESTS = 16

# Parallax, as a share of the image width, at which a frame needs e times the worth.
KERNEL_WIDTH = 0.02

# A later frame is awaited only if its expected worth is larger by at least this factor.
WORTH_WAITING = 1.1


@dataclass(frozen=True)
class Unanswered:
    """A request that no frame answers.

    Attributes:
        stamp_ns: the requested stamp.
        sentence: reason why there is no answer, for people.
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
        """Process the next frame and return the decisions that are due."""
        self._newest = frame
        decisions = self._room.overdue(frame.stamp)
        decisions += self._room.admit(frame, oldest_first=True)
        decisions += self._room.overdue(frame.stamp)
        decisions += self._answer_due(frame.stamp)
        decisions += self._drop_aged(frame.stamp)
        return decisions

    def request(self, stamp: int) -> list[Decision]:
        """Note a request, and answer it unless a later frame is awaited."""
        if stamp in self._requests or stamp in self._answered:
            self._give_up(stamp, "the same request came before")
            return []
        self._requests = sorted([*self._requests, stamp])
        while len(self._requests) > MAX_REQUESTS:
            self._give_up(self._requests.pop(0), f"more than {MAX_REQUESTS} requests wait")
        return self._answer_due(self._newest.stamp) if self._newest is not None else []

    def settle(self) -> list[Decision]:
        """Answer all requests with the frames that are available."""
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
        """Return the requested frame, or the one with the nearest stamp."""
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
        """Return whether a later frame can be expected to be clearly better than the best one."""
        newest, wanted = self._newest, self._requested(request)
        if newest is None or wanted is None or newest.stamp < request:
            return True
        # The estimate assumes that the view continues its motion, and that coming pictures are as
        # good as the best recent one.
        ahead = abs(newest.scores.travelled - wanted.scores.travelled) + newest.scores.motion
        usual = max(frame.worth for frame in self._room.frames.values())
        value = best.worth * _kernel(_in_common(wanted, best).parallax)
        return usual * _kernel(ahead) > WORTH_WAITING * value

    def _answer(self, request: int, best: Candidate) -> list[Decision]:
        """Forward a frame. The quality floors do not apply, because it was requested."""
        sentence = (
            f"Best of {len(self._near(request))} frames around the requested stamp "
            f"{seconds(request)}, {seconds(best.stamp - request)} from it."
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
    """Return the overlap of a frame with the requested one."""
    before, after = wanted.scores, frame.scores
    if wanted is frame:
        return Overlap(overlap=1.0)
    if before.corners is not None and after.corners is not None:
        return measure_overlap(before.corners, after.corners)
    way = abs(after.travelled - before.travelled)
    return Overlap(parallax=way, overlap=max(0.0, 1.0 - way))


def _kernel(parallax: float) -> float:
    return math.exp(-((parallax / KERNEL_WIDTH) ** 2))
