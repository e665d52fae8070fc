"""The message that tells all that is known of one frame, and what was decided on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from mininet_ros.keyframes import Decision
from mininet_ros.keyframes.cues.scores import score_text, score_texts


@dataclass(frozen=True)
class FrameReport:
    """What became of one frame.

    Attributes:
        forwarded: whether it was.
        reason: why, for machines: a :class:`~mininet_ros.keyframes.Reason`, ``rejected`` for an
            image that cannot be used, or ``overrun`` for one that there was no time for.
        sentence: why, for people.
        values: figures by name.
    """

    forwarded: bool
    reason: str
    sentence: str
    values: Mapping[str, object]


def decision_report(decision: Decision, note: str) -> FrameReport:
    """Return the report of a decision.

    Args:
        decision: the selector's.
        note: a further sentence on how the frame was scored, or "".
    """
    values: dict[str, object] = {"worth": decision.worth}
    if decision.scores is not None:
        values |= score_texts(decision.scores)
    if decision.request_ns is not None:
        values["requested_stamp"] = f"{decision.request_ns / 1e9:.9f}"
    sentence = f"{decision.sentence} {note}".rstrip()
    return FrameReport(decision.forwarded, decision.reason.value, sentence, values)


def scores_message(report: FrameReport, header: Header, node: str) -> DiagnosticArray:
    """Return the report as a message, whose numbers plotting tools read.

    Args:
        report: of one frame.
        header: the frame's own; the message copies stamp and frame_id.
        node: full name of the node, for the status's name.
    """
    values = {"forwarded": int(report.forwarded), "reason": report.reason, **report.values}
    status = DiagnosticStatus(
        level=DiagnosticStatus.OK,
        name=f"{node}: frame",
        message=report.sentence,
        hardware_id=header.frame_id,
        values=[KeyValue(key=name, value=score_text(value)) for name, value in values.items()],
    )
    return DiagnosticArray(header=header, status=[status])
