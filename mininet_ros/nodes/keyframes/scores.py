"""Message with all scores of one frame and the decision on it."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from mininet_ros.keyframes import Decision
from mininet_ros.keyframes.cues.scores import score_text, score_texts


@dataclass(frozen=True)
class FrameReport:
    """Outcome of one frame, or of a request that no frame answers.

    Attributes:
        forwarded: whether the frame was forwarded.
        reason: reason for programs: a :class:`~mininet_ros.keyframes.Reason`, ``rejected`` for an
            image that cannot be used, ``overrun`` for one that there was no time for, or
            ``unanswered_request``.
        sentence: reason for people.
        decision: decision of the selector; None where the frame did not reach it.
    """

    forwarded: bool
    reason: str
    sentence: str
    decision: Decision | None = None


def scores_message(report: FrameReport, header: Header, node: str) -> DiagnosticArray:
    """Return the report as a message with numbers that plotting tools can read.

    Args:
        report: report on one frame.
        header: header of the frame; the message copies stamp and frame_id.
        node: full name of the node, used in the name of the status.
    """
    values: dict[str, object] = {"forwarded": int(report.forwarded), "reason": report.reason}
    values |= _figures(report.decision)
    status = DiagnosticStatus(
        level=DiagnosticStatus.OK,
        name=f"{node}: frame",
        message=report.sentence,
        hardware_id=header.frame_id,
        values=[KeyValue(key=name, value=score_text(value)) for name, value in values.items()],
    )
    return DiagnosticArray(header=header, status=[status])


def _figures(decision: Decision | None) -> dict[str, object]:
    """Return the numbers behind a decision, by name."""
    if decision is None:
        return {}
    values: dict[str, object] = {"worth": decision.worth}
    if decision.scores is not None:
        values |= score_texts(decision.scores)
    if decision.request_ns is not None:
        values["requested_stamp"] = f"{decision.request_ns / 1e9:.9f}"
    return values
