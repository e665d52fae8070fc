"""Mode gate: each frame is forwarded or dropped at once, by its rank among the recent ones."""

from __future__ import annotations

from collections import deque

import numpy as np

from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom


class GatePicker:
    """Forwards or drops each frame at once, by its rank among the recent frames.

    Right after a forwarded frame, only the best ``gate_share`` of the recent frames qualify. The
    share grows linearly with time and reaches all frames at ``max_gap_s``.
    """

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room
        self._recent: deque[float] = deque()
        self._newest: int | None = None

    def add(self, frame: Candidate) -> list[Decision]:
        """Decide on the next frame."""
        interval = frame.stamp - self._newest if self._newest is not None else 0
        self._newest = frame.stamp
        if self._room.rests(frame):
            return self._room.at_rest(frame)
        decisions = self._room.admit(frame)
        if not decisions:
            decisions = self._judge(frame, interval)
        self._recent.append(frame.worth)
        while len(self._recent) > self._room.config.gate_memory:
            self._recent.popleft()
        return decisions

    def settle(self) -> list[Decision]:
        """Return no decisions: no frame ever waits."""
        return []

    def _judge(self, frame: Candidate, interval: int) -> list[Decision]:
        room = self._room
        deadline = room.deadline()
        if deadline is not None and frame.clock + interval > deadline:
            return room.overdue(deadline + 1)
        failing = room.below_floor(frame)
        if failing is None:
            threshold = self._threshold(frame.stamp, deadline)
            compared = f"worth {frame.worth:.2f}, and {threshold:.2f} is asked for at present"
            if frame.worth >= threshold:
                sentence = f"Among the best of the recent frames ({compared})."
                return room.forward(frame, Reason.PASSED_GATE, sentence)
            sentence = f"Not among the best of the recent frames ({compared})."
            failing = frame.decided(Reason.BELOW_GATE, sentence)
        del room.frames[frame.stamp]
        return [failing]

    def _threshold(self, stamp: int, deadline: int | None) -> float:
        if not self._recent:
            return 0.0
        config = self._room.config
        share = config.gate_share
        if deadline is not None:
            elapsed = 1.0 - (deadline - stamp) / config.max_gap_ns
            share += (1.0 - share) * elapsed
        if share >= 1.0:
            return 0.0
        return float(np.quantile(self._recent, 1.0 - share))
