"""Decides which frames are forwarded: a state machine whose time comes with the frames."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.keyframes.selection.config import Mode, SelectorConfig
from mininet_ros.keyframes.selection.decisions import Decision, Reason, Step
from mininet_ros.keyframes.selection.gate import GatePicker
from mininet_ros.keyframes.selection.requests import RequestPicker, Unanswered
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom, seconds
from mininet_ros.keyframes.selection.windows import WindowPicker


class Picker(Protocol):
    """One way of choosing frames; it works on the waiting frames of the selector."""

    def add(self, frame: Candidate) -> list[Decision]:
        """Process the next frame and return the decisions that are due."""
        ...

    def settle(self) -> list[Decision]:
        """Decide on waiting frames as far as possible, because the stream is interrupted."""
        ...


_PICKERS: Mapping[Mode, Callable[[WaitingRoom], Picker]] = {
    Mode.WINDOW: WindowPicker,
    Mode.REQUEST: RequestPicker,
    Mode.GATE: GatePicker,
}


# Largest number of unanswered requests that the caller has not fetched; the oldest are forgotten.
MAX_UNTOLD = 64


@dataclass(frozen=True)
class SelectorStatistics:
    """Counts since the selector was made.

    Attributes:
        decided: number of decisions for each reason that occurred.
        waiting: number of frames without a decision at present.
        restarts: number of times that time jumped back.
        requests: number of requests received.
        unanswered: number of requests for which there was no frame to forward.
        last_unanswered: reason for the last of them, as a sentence; empty if there was none.
    """

    decided: Mapping[Reason, int]
    waiting: int
    restarts: int
    requests: int
    unanswered: int
    last_unanswered: str


class KeyframeSelector:
    """Takes scored frames in order and returns decisions.

    Every frame gets exactly one decision, at once or later. The caller keeps the messages of a
    frame until then and may release them afterwards. The stamps of forwarded frames always
    increase, except when time itself jumps back, which restarts the selector. The selector reads no
    clock.

    Args:
        config: settings of the selector.
    """

    def __init__(self, config: SelectorConfig) -> None:
        self._config = config
        self._decided: Counter[Reason] = Counter()
        self._restarts = 0
        self._requests = 0
        self._unanswered = 0
        self._last_unanswered = ""
        self._untold: deque[Unanswered] = deque(maxlen=MAX_UNTOLD)
        self._begin()

    def _begin(self) -> None:
        self._room = WaitingRoom(self._config)
        self._picker = _PICKERS[self._config.mode](self._room)
        self._newest: int | None = None
        self._size: tuple[int, int] | None = None

    @property
    def config(self) -> SelectorConfig:
        """Return the present settings."""
        return self._config

    def refuse(self, stamp_ns: int) -> Decision | None:
        """Check, before scoring, whether a stamp is unusable.

        Returns:
            The decision to drop a frame with a repeated, late or unset stamp; None if the frame may
            be scored and added.
        """
        newest = self._newest
        if newest is None or stamp_ns > newest:
            return None
        if stamp_ns == 0:
            reason, sentence = Reason.UNSET_STAMP, "The stamp is zero: its sender did not set it."
        elif stamp_ns == newest:
            reason, sentence = Reason.REPEATED_STAMP, "A frame with this stamp came just before."
        elif newest - stamp_ns <= self._config.reorder_ns:
            reason = Reason.OUT_OF_ORDER
            sentence = f"It comes after a frame that is {seconds(newest - stamp_ns)} newer."
        else:
            return None
        refusal = Decision(stamp_ns, reason, sentence)
        self._count([refusal])
        return refusal

    def add(self, scores: FrameScores) -> Step:
        """Process the next frame, whose stamp ``refuse`` has accepted.

        Args:
            scores: scores of the frame, with its stamp.

        Returns:
            The results of the frame.
        """
        outdated, decisions = self._interrupted(scores)
        self._newest = scores.stamp_ns
        self._size = (scores.width, scores.height)
        stamp = scores.stamp_ns
        worth = worth_of(scores, self._config.base_content)
        decisions += self._picker.add(Candidate(scores, worth, stamp, stamp))
        self._count([*(outdated or ()), *decisions])
        return Step(outdated=outdated, decisions=tuple(decisions))

    def request(self, stamp_ns: int) -> list[Decision]:
        """Request the best frame around a stamp, in mode ``request``.

        Returns:
            The decisions that are due now. The answer may come later, with a following frame.
        """
        self._requests += 1
        if not isinstance(self._picker, RequestPicker):
            self._note_unanswered(
                Unanswered(
                    stamp_ns,
                    f"The request for {seconds(stamp_ns)} has no answer: the selector runs in mode "
                    f"{self._config.mode.value}.",
                )
            )
            return []
        return self._counted(self._picker.request(stamp_ns))

    def take_unanswered(self) -> list[Unanswered]:
        """Return the requests that turned out to have no answer since the last call."""
        untold = list(self._untold)
        self._untold.clear()
        return untold

    def tick(self, now_ns: int) -> list[Decision]:
        """Note that time passes while no frame comes.

        A silence longer than ``pause_s`` ends the window. The next frame would end it too, so this
        call makes decisions earlier but not different.
        """
        silence = now_ns - self._newest if self._newest is not None else 0
        if silence <= self._config.pause_ns:
            return []
        return self._counted(self._picker.settle())

    def finish(self) -> list[Decision]:
        """End the stream: decide on every waiting frame, then restart."""
        decisions = self._picker.settle()
        decisions += self._room.empty(Reason.STREAM_ENDED, "The stream ended before its turn.")
        decisions = self._counted(decisions)
        self._begin()
        return decisions

    def configure(self, config: SelectorConfig) -> list[Decision]:
        """Change the settings while the stream runs. A change of mode first settles the frames."""
        decisions: list[Decision] = []
        if config.mode is not self._config.mode:
            decisions = self._picker.settle()
            decisions += self._room.empty(Reason.MODE_CHANGED, "The selector changed its mode.")
            decisions = self._counted(decisions)
            self._picker = _PICKERS[config.mode](self._room)
        self._config = self._room.config = config
        return decisions

    def statistics(self) -> SelectorStatistics:
        """Return the counts since the selector was made."""
        return SelectorStatistics(
            decided=dict(self._decided),
            waiting=len(self._room),
            restarts=self._restarts,
            requests=self._requests,
            unanswered=self._unanswered,
            last_unanswered=self._last_unanswered,
        )

    def _interrupted(
        self, scores: FrameScores
    ) -> tuple[tuple[Decision, ...] | None, list[Decision]]:
        """Handle a jump back in time, a pause or another image size.

        Returns:
            The decisions on frames from before a jump back, None without a jump; then the decisions
            on frames of a stream that continues.
        """
        if self._newest is None:
            return None, []
        if scores.stamp_ns < self._newest:
            self._restarts += 1
            step = seconds(self._newest - scores.stamp_ns)
            outdated = self._room.empty(
                Reason.TIME_JUMPED, f"Time jumped back by {step} while it waited."
            )
            if isinstance(self._picker, RequestPicker):
                self._picker.give_up_all("time jumped back")
            self._count_unanswered()
            self._begin()
            return tuple(outdated), []
        silence = scores.stamp_ns - self._newest
        resized = (scores.width, scores.height) != self._size
        decisions = self._picker.settle() if resized or silence > self._config.pause_ns else []
        self._room.resized |= resized
        return None, decisions

    def _count(self, decisions: list[Decision]) -> None:
        self._decided.update(decision.reason for decision in decisions)
        self._count_unanswered()

    def _counted(self, decisions: list[Decision]) -> list[Decision]:
        self._count(decisions)
        return decisions

    def _count_unanswered(self) -> None:
        if isinstance(self._picker, RequestPicker) and self._picker.unanswered:
            for request in self._picker.unanswered:
                self._note_unanswered(request)
            self._picker.unanswered.clear()

    def _note_unanswered(self, request: Unanswered) -> None:
        self._unanswered += 1
        self._last_unanswered = request.sentence
        self._untold.append(request)


def worth_of(scores: FrameScores, base_content: float) -> float:
    """Return the value to maximise, at least 0: ``quality * (base_content + content)``.

    ``base_content`` stands for the view itself. It does not count where the view was already
    forwarded on an earlier visit.
    """
    return scores.quality * (base_content * (1.0 - scores.known) + scores.content)
