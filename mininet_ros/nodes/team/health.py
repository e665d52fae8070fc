"""Diagnostics of the team base node on ``/diagnostics``."""

from __future__ import annotations

from collections import Counter

from mininet_ros.nodes.common.diagnostics import OK, WARN, Status
from mininet_ros.nodes.common.recent_values import quantile
from mininet_ros.team.base import BaseLink, RobotRecord

# Above this offset of a robot's clock, its stamps cannot be compared with the local time.
CLOCK_S = 2.0


def status(link: BaseLink, before: Counter[str]) -> tuple[Status, Counter[str]]:
    """Return the present status.

    Args:
        link: link to the robots.
        before: counts that the last call returned.
    """
    counts = Counter(link.counts)
    values: dict[str, object] = {
        "robots": len(link.robots),
        "robots_in_contact": sum(bool(record.senders) for record in link.robots.values()),
        "connections": link.connections(),
        **dict(sorted(link.counts.items())),
    }
    for robot, record in sorted(link.robots.items()):
        counts.update({f"{robot}/{what}": count for what, count in record.counts.items()})
        values.update(_robot_values(robot, record))
    recent = counts - before
    problems = [
        problem
        for robot, record in sorted(link.robots.items())
        if (problem := _robot_problem(robot, record, recent)) is not None
    ]
    if recent["overrun"]:
        problems.append(f"{recent['overrun']} messages were dropped: they come too fast")
    if recent["refused_keys"]:
        problems.append("a robot was refused: its name is none, or there are too many robots")
    if problems:
        return Status(WARN, "; ".join(problems), values), counts
    contact = values["robots_in_contact"]
    message = f"in contact with {contact} robots" if contact else "waiting for robots"
    return Status(OK, message, values), counts


def _robot_values(robot: str, record: RobotRecord) -> dict[str, object]:
    values: dict[str, object] = {
        "in_contact": bool(record.senders),
        "messages": record.counts["messages"],
        "bytes": record.bytes,
        "repeated": record.counts["repeated"],
        "unusable": record.counts["unusable"],
        "delay_median_s": quantile(list(record.delays_s), 0.5),
    }
    return {f"{robot}/{name}": value for name, value in values.items()}


def _robot_problem(robot: str, record: RobotRecord, recent: Counter[str]) -> str | None:
    if len(record.senders) > 1:
        return (
            f"{len(record.senders)} robots are called {robot}: frames of the one that came first "
            "are taken, set the parameter robot_name of the others"
        )
    if recent[f"{robot}/unusable"]:
        return f"messages of {robot} cannot be read"
    behind = record.clock_behind_s
    if behind is not None and abs(behind) > CLOCK_S:
        way = "behind" if behind > 0 else "ahead of"
        return (
            f"the clock of {robot} is {abs(behind):.0f} s {way} this machine's: stamps are passed "
            "on as they are, set its clock (chrony)"
        )
    return None
