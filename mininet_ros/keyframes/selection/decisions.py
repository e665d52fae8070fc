"""Decisions of the selector on frames, with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mininet_ros.keyframes.cues.scores import FrameScores


class Reason(str, Enum):
    """Reason why a frame was forwarded or dropped, for programs."""

    BEST_OF_WINDOW = "best_of_window"
    BEST_FOR_REQUEST = "best_for_request"
    PASSED_GATE = "passed_gate"
    MAX_GAP = "max_gap"
    KEPT_OVERLAP = "kept_overlap"
    HEARTBEAT = "heartbeat"
    IN_SET = "in_set"

    NOT_BEST = "not_best"
    AT_REST = "at_rest"
    KNOWN_VIEW = "known_view"
    NOT_IN_SET = "not_in_set"
    NOT_REQUESTED = "not_requested"
    BELOW_GATE = "below_gate"
    BELOW_QUALITY = "below_quality"
    BELOW_CONTENT = "below_content"
    BELOW_PARALLAX = "below_parallax"
    MIN_GAP = "min_gap"
    ROOM_FULL = "room_full"
    REPEATED_STAMP = "repeated_stamp"
    OUT_OF_ORDER = "out_of_order"
    UNSET_STAMP = "unset_stamp"
    TIME_JUMPED = "time_jumped"
    MODE_CHANGED = "mode_changed"
    STREAM_ENDED = "stream_ended"


FORWARDING = frozenset(
    {
        Reason.BEST_OF_WINDOW,
        Reason.BEST_FOR_REQUEST,
        Reason.PASSED_GATE,
        Reason.MAX_GAP,
        Reason.KEPT_OVERLAP,
        Reason.HEARTBEAT,
        Reason.IN_SET,
    }
)
"""The reasons for which a frame is forwarded; all others are reasons for dropping it."""


@dataclass(frozen=True)
class Decision:
    """Final decision on a frame, whose messages may be released afterwards.

    Attributes:
        stamp_ns: stamp of the frame, nanoseconds.
        reason: reason of the decision, for programs.
        sentence: reason of the decision, for people.
        scores: scores of the frame; None where it was refused before it was scored.
        worth: value that the selector maximises, at least 0.
        request_ns: stamp of the request that the frame answers, or None.
    """

    stamp_ns: int
    reason: Reason
    sentence: str
    scores: FrameScores | None = None
    worth: float = 0.0
    request_ns: int | None = None

    @property
    def forwarded(self) -> bool:
        """Return whether the frame is forwarded."""
        return self.reason in FORWARDING


@dataclass(frozen=True)
class Step:
    """Results of one frame. At most one of ``refused`` and ``outdated`` is given.

    Attributes:
        refused: decision to refuse the frame itself, because its stamp cannot be used; else None.
        outdated: decisions on the frames before a jump back in time, which restarted the selector.
            Carry them out before the new frame is stored, because it may have the stamp of an old
            one. None where time did not jump.
        decisions: decisions on this frame and on earlier ones, in the order to carry them out.
    """

    refused: Decision | None = None
    outdated: tuple[Decision, ...] | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def restarted(self) -> bool:
        """Return whether the selector restarted with this frame."""
        return self.outdated is not None

    @property
    def all(self) -> tuple[Decision, ...]:
        """Return every decision that the frame caused, on this or any other frame."""
        refused = () if self.refused is None else (self.refused,)
        return (*refused, *(self.outdated or ()), *self.decisions)
