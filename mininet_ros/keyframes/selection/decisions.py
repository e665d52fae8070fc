"""What the selector decided on a frame, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from mininet_ros.keyframes.cues.scores import FrameScores


class Reason(str, Enum):
    """Why a frame was forwarded or dropped, for machines."""

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
    """The one and final decision on a frame. Its messages may be released afterwards.

    Attributes:
        stamp_ns: the frame's stamp, nanoseconds.
        reason: why, for machines.
        sentence: why, for people.
        scores: the frame's scores; None where it was refused before it was scored.
        worth: what the selector maximises, at least 0.
        request_ns: the requested stamp that the frame answers, or None.
    """

    stamp_ns: int
    reason: Reason
    sentence: str
    scores: FrameScores | None = None
    worth: float = 0.0
    request_ns: int | None = None

    @property
    def forwarded(self) -> bool:
        """Whether the frame is forwarded."""
        return self.reason in FORWARDING


@dataclass(frozen=True)
class Step:
    """What one frame brought about. At most one of the first two is there.

    Attributes:
        refused: the decision on the frame itself, where its stamp cannot be used.
        outdated: where time jumped back and all began anew: the decisions on the frames that were
            left behind, to be carried out before the new frame is noted, which may have the stamp
            of one of them. None where time did not jump.
        decisions: those on this frame and on earlier ones, in the order in which they are to be
            carried out.
    """

    refused: Decision | None = None
    outdated: tuple[Decision, ...] | None = None
    decisions: tuple[Decision, ...] = ()

    @property
    def restarted(self) -> bool:
        """Whether all began anew with this frame."""
        return self.outdated is not None

    @property
    def all(self) -> tuple[Decision, ...]:
        """Every decision that the frame brought about, on whatever frame."""
        refused = () if self.refused is None else (self.refused,)
        return (*refused, *(self.outdated or ()), *self.decisions)
