"""Mode window: the best frame of each piece of the way, when the piece ends."""

from __future__ import annotations

from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.durations import seconds
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom


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
        return moved or 0.0 < config.window_time_ns <= age
