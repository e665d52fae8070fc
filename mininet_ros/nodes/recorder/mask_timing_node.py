"""Measures mask latencies of several cameras over the same seconds, once all run."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import Finish, run_node
from mininet_ros.nodes.common.stamps import stamp_of
from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.nodes.common.topics import create_subscription
from mininet_ros.parameters import parameter


@dataclass(frozen=True)
class MaskTimingParameters:
    """Parameters that select the cameras and the duration."""

    namespaces: tuple[str, ...] = parameter(
        ("camera",), "Namespaces of the segmentation nodes, one for each camera."
    )
    output_file: str = parameter("masks.json", "JSON file that the figures are written to.")
    seconds: float = parameter(10.0, "Duration of the timing, seconds.", 0.1, 3600.0)
    timeout: float = parameter(
        30.0,
        "Longest wait for every camera, at the start and at the end, seconds.",
        1.0,
        3600.0,
    )


LOOK_PERIOD_S = 0.1
# Delay after the first masks of the last camera, until the machine has finished starting processes.
WARM_UP_S = 2.0
# Deep and reliable, so that late messages are still timed.
TIMING_QOS = QoSProfile(depth=1000)
REPORTS = Topic("/diagnostics", DiagnosticArray, "counts of the segmentation nodes", TIMING_QOS)
MASK = Topic("segmentation/mask", Image, "timed", TIMING_QOS)
COUNTS = ("received", "replaced", "lost")


@dataclass
class CameraRecord:
    """Messages from one camera, with arrival times in seconds of a monotonic clock.

    Attributes:
        latencies_ms: times from the stamp of an image to the arrival of its mask here,
            milliseconds.
        reports: counts from the diagnostics of the segmentation node.
    """

    latencies_ms: list[tuple[float, float]] = field(default_factory=list)
    reports: list[tuple[float, dict[str, int]]] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        """Return whether masks and reports arrive."""
        return bool(self.latencies_ms and self.reports)

    def figures(self, begin_s: float, end_s: float) -> dict[str, object]:
        """Return the latencies of an interval, and the counts of the reports that enclose it."""
        before = [counts for when, counts in self.reports if when <= begin_s][-1]
        after = next(counts for when, counts in self.reports if when >= end_s)
        return {
            "latencies_ms": [ms for when, ms in self.latencies_ms if begin_s <= when < end_s],
            **{name: after[name] - before[name] for name in COUNTS},
        }


class MaskTimingNode(Node):
    """Waits for the masks of all cameras, times them, then writes the results.

    Args:
        finish: called when the results are written, with an error if a camera gave no masks.
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
    """

    def __init__(self, finish: Finish, **node_options: Any) -> None:
        super().__init__("mask_timing", **node_options)
        self._finish = finish
        self._settings = NodeParameters(self, MaskTimingParameters)
        self._cameras = {
            name.strip("/"): CameraRecord() for name in self._settings.values.namespaces
        }
        self._started = time.monotonic()
        self._begin: float | None = None
        create_subscription(self, REPORTS, self._take_reports)
        for namespace, camera in self._cameras.items():
            create_subscription(self, MASK.in_namespace(namespace), self._take_mask_of(camera))
        self._timer = steady_timer(self, LOOK_PERIOD_S, self._look)

    def close(self) -> None:
        """Do nothing: there is nothing to release."""

    def _take_mask_of(self, camera: CameraRecord) -> Callable[[Image], None]:
        def take(mask: Image) -> None:
            age_ns = self.get_clock().now().nanoseconds - stamp_of(mask.header)
            camera.latencies_ms.append((time.monotonic(), age_ns / 1e6))

        return take

    def _take_reports(self, reports: DiagnosticArray) -> None:
        for status in reports.status:
            node, _, task = status.name.partition(": ")
            camera = self._cameras.get(node.strip("/").rpartition("/")[0])
            if camera is not None and task == "segmentation":
                values = {pair.key: pair.value for pair in status.values}
                counts = {name: int(values[name]) for name in COUNTS}
                camera.reports.append((time.monotonic(), counts))

    def _look(self) -> None:
        now = time.monotonic()
        if self._begin is None:
            silent = [name for name, camera in self._cameras.items() if not camera.runs]
            if not silent:
                self._begin = now + WARM_UP_S
            elif now > self._started + self._settings.values.timeout:
                self._end(
                    f"no masks came of {', '.join(silent)}: a camera and a segmentation node must "
                    "run in each of the namespaces"
                )
            return
        end = self._begin + self._settings.values.seconds
        silent = [name for name, camera in self._cameras.items() if camera.reports[-1][0] < end]
        if not silent:
            self._write(self._begin, end)
            self._end()
        elif now > end + self._settings.values.timeout:
            self._end(f"the segmentation node of {', '.join(silent)} has fallen silent")

    def _end(self, error: str | None = None) -> None:
        self._timer.cancel()
        self._finish(error)

    def _write(self, begin_s: float, end_s: float) -> None:
        figures = {name: camera.figures(begin_s, end_s) for name, camera in self._cameras.items()}
        Path(self._settings.values.output_file).write_text(json.dumps(figures), encoding="utf-8")


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "mask_timing_node",
        "Times the masks of several cameras, all over the same seconds.",
        MaskTimingParameters,
        MaskTimingNode,
    )


if __name__ == "__main__":
    sys.exit(main())
