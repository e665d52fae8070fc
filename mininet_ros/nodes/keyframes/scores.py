"""The message that tells all that is known of one frame, and what was decided on it."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from mininet_ros.keyframes import Decision
from mininet_ros.keyframes.cues.scores import score_text, score_texts


@dataclass(frozen=True)
class FrameReport:
    """What became of one frame, or of a request that no frame answers.

    Attributes:
        forwarded: whether it was.
        reason: why, for machines: a :class:`~mininet_ros.keyframes.Reason`, ``rejected`` for an
            image that cannot be used, ``overrun`` for one that there was no time for, or
            ``unanswered_request``.
        sentence: why, for people.
        decision: the selector's; None where it did not see the frame.
    """

    forwarded: bool
    reason: str
    sentence: str
    decision: Decision | None = None


def scores_message(report: FrameReport, header: Header, node: str) -> DiagnosticArray:
    """Return the report as a message, whose numbers plotting tools read.

    Args:
        report: of one frame.
        header: the frame's own; the message copies stamp and frame_id.
        node: full name of the node, for the status's name.
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
    """The numbers behind a decision, by name."""
    if decision is None:
        return {}
    values: dict[str, object] = {"worth": decision.worth}
    if decision.scores is not None:
        values |= score_texts(decision.scores)
    if decision.request_ns is not None:
        values["requested_stamp"] = f"{decision.request_ns / 1e9:.9f}"
    return values
