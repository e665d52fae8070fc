"""Diagnostics of the segmentation node on ``/diagnostics``."""

from __future__ import annotations

from rclpy.node import Node

from mininet_ros.inference import Segmenter
from mininet_ros.nodes.common.diagnostics import ERROR, OK, WARN, clock_problem, input_problem
from mininet_ros.nodes.common.stream_statistics import StreamStatistics
from mininet_ros.nodes.common.topics import OnDemandSubscription
from mininet_ros.nodes.segmentation.familiarity import FamiliarityMonitor


def judgement(
    node: Node,
    statistics: StreamStatistics,
    images: OnDemandSubscription,
    familiarity: FamiliarityMonitor,
) -> tuple[bytes, str]:
    """Return the level of an active node's health and the reasons, the worst first."""
    if statistics.recent_failures:
        return ERROR, f"images fail: {statistics.last_failure}"
    if statistics.recent_rejections:
        return WARN, f"images are rejected: {statistics.last_rejection}"
    if not images.active:
        return OK, "idle: nobody subscribes to an output"
    problem = input_problem(node, images) or clock_problem(node)
    if problem:
        return WARN, problem
    if statistics.foreign_clock:
        return WARN, (
            f"the stamps are {statistics.latency_s:.0f} s behind this node's clock: "
            "set use_sim_time, or synchronise the clocks of the machines"
        )
    if warning := familiarity.warning:
        return WARN, warning
    return OK, f"segmenting {images.topic}"


def running(segmenter: Segmenter) -> dict[str, object]:
    """Return model, backend and device in use, by name."""
    reason = segmenter.precision_reason
    return {
        "model": segmenter.model.name,
        "network": segmenter.model.network,
        "backend": segmenter.backend,
        "runtime": segmenter.runtime,
        "providers": ", ".join(segmenter.providers),
        "precision": f"{segmenter.precision} ({reason})" if reason else segmenter.precision,
        "device": segmenter.device,
    }
