"""Decides which frames are worth forwarding. A state machine: time comes with the frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.keyframes.selection.config import SelectorConfig
from mininet_ros.keyframes.selection.decisions import Decision, Reason, in_nanoseconds, seconds
from mininet_ros.keyframes.selection.modes import RequestPicker, make_picker
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom


@dataclass(frozen=True)
class SelectorStatistics:
    """Counts since the selector was made.

    Attributes:
        decided: number of decisions for each reason that occurred.
        waiting: frames without a decision at present.
        max_waiting: the most that may wait; beyond it frames are dropped as `room_full`.
        restarts: how often time jumped back.
        requests: requests received.
        unanswered: requests for which there was no frame to forward.
        last_unanswered: why, for the last of them, in a sentence; empty if there was none.
    """

    decided: Mapping[Reason, int]
    waiting: int
    max_waiting: int
    restarts: int
    requests: int
    unanswered: int
    last_unanswered: str


class KeyframeSelector:
    """Takes in scored frames in order and returns decisions.

    Every frame gets exactly one decision, at once or later; until then the caller keeps its
    messages, and afterwards it may release them. Forwarded stamps only ever increase, except when
    time itself jumps back, which starts the selector afresh. Nothing here reads a clock.

    Args:
        config: the settings.
    """

    def __init__(self, config: SelectorConfig) -> None:
        self._config = config
        self._decided: Counter[Reason] = Counter()
        self._restarts = 0
        self._requests = 0
        self._unanswered = 0
        self._last_unanswered = ""
        self._begin()

    def _begin(self) -> None:
        self._room = WaitingRoom(self._config)
        self._picker = make_picker(self._config, self._room)
        self._newest: int | None = None
        self._size: tuple[int, int] | None = None

    @property
    def config(self) -> SelectorConfig:
        """The settings in force."""
        return self._config

    def refuse(self, stamp_ns: int) -> Decision | None:
        """Say, before any scoring, whether a stamp is unusable.

        Returns:
            The decision to drop a frame with a repeated, late or unset stamp; None if the frame
            is to be scored and added.
        """
        newest = self._newest
        if newest is None or stamp_ns > newest:
            return None
        if stamp_ns == 0:
            reason, sentence = Reason.UNSET_STAMP, "The stamp is zero: its sender did not set it."
        elif stamp_ns == newest:
            reason, sentence = Reason.REPEATED_STAMP, "A frame with this stamp came just before."
        elif newest - stamp_ns <= in_nanoseconds(self._config.reorder_s):
            reason = Reason.OUT_OF_ORDER
            sentence = f"It comes after a frame that is {seconds(newest - stamp_ns)} newer."
        else:
            return None
        return self._counted([Decision(stamp_ns, reason, sentence)])[0]

    def add(self, scores: FrameScores) -> list[Decision]:
        """Take in the next frame.

        Args:
            scores: of the frame, stamp included.

        Returns:
            The decisions that are due now, on this frame and on earlier ones, in the order in
            which they are to be carried out.
        """
        refusal = self.refuse(scores.stamp_ns)
        if refusal is not None:
            return [refusal]
        decisions = self._interrupted(scores)
        self._newest = scores.stamp_ns
        self._size = (scores.width, scores.height)
        decisions += self._picker.add(Candidate(scores, self._config.worth(scores)))
        return self._counted(decisions)

    def request(self, stamp_ns: int) -> list[Decision]:
        """Ask for the best frame around a stamp; for mode `request`.

        Returns:
            The decisions that are due now. The answer may come later, with one of the frames.
        """
        self._requests += 1
        if not isinstance(self._picker, RequestPicker):
            self._unanswered += 1
            self._last_unanswered = (
                f"The request for {seconds(stamp_ns)} has no answer: the selector runs in mode "
                f"{self._config.mode.value}."
            )
            return []
        return self._counted(self._picker.request(stamp_ns))

    def tick(self, now_ns: int) -> list[Decision]:
        """Note that time passes while no frame comes.

        A silence longer than `pause_s` ends the window. The next frame would end it just the
        same: calling this makes decisions earlier, not different.
        """
        silence = now_ns - self._newest if self._newest is not None else 0
        if silence <= in_nanoseconds(self._config.pause_s):
            return []
        return self._counted(self._picker.settle())

    def finish(self) -> list[Decision]:
        """End the stream: decide on every frame that still waits, and start afresh."""
        decisions = self._picker.settle()
        decisions += self._room.empty(Reason.STREAM_ENDED, "The stream ended before its turn.")
        decisions = self._counted(decisions)
        self._begin()
        return decisions

    def configure(self, config: SelectorConfig) -> list[Decision]:
        """Change the settings in mid-stream. A change of mode first decides on what waits."""
        decisions: list[Decision] = []
        if config.mode is not self._config.mode:
            decisions = self._picker.settle()
            decisions += self._room.empty(Reason.MODE_CHANGED, "The selector changed its mode.")
            decisions = self._counted(decisions)
            self._picker = make_picker(config, self._room)
        self._config = self._room.config = config
        return decisions

    def statistics(self) -> SelectorStatistics:
        """Counts since the selector was made."""
        return SelectorStatistics(
            decided=dict(self._decided),
            waiting=len(self._room),
            max_waiting=self._config.max_waiting,
            restarts=self._restarts,
            requests=self._requests,
            unanswered=self._unanswered,
            last_unanswered=self._last_unanswered,
        )

    def _interrupted(self, scores: FrameScores) -> list[Decision]:
        """What a jump back in time, a pause or another image size bring about."""
        if self._newest is None:
            return []
        if scores.stamp_ns < self._newest:
            self._restarts += 1
            step = seconds(self._newest - scores.stamp_ns)
            decisions = self._room.empty(
                Reason.TIME_JUMPED, f"Time jumped back by {step} while it waited."
            )
            if isinstance(self._picker, RequestPicker):
                self._picker.give_up_all("time jumped back")
            self._count_unanswered()
            self._begin()
            return decisions
        silence = scores.stamp_ns - self._newest
        paused = silence > in_nanoseconds(self._config.pause_s)
        if paused or (scores.width, scores.height) != self._size:
            return self._picker.settle()
        return []

    def _counted(self, decisions: list[Decision]) -> list[Decision]:
        self._decided.update(decision.reason for decision in decisions)
        self._count_unanswered()
        return decisions

    def _count_unanswered(self) -> None:
        if isinstance(self._picker, RequestPicker) and self._picker.unanswered:
            self._unanswered += len(self._picker.unanswered)
            self._last_unanswered = self._picker.unanswered[-1]
            self._picker.unanswered.clear()
