"""The pipeline at the fastest rate that it holds, with bad messages in between: ``make soak``.

Each good image is sent as soon as the mask of the one before has come; between them go images
that contradict themselves. Loopback only, in a ROS domain of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from bad_messages import bad_messages
from hypothesis import HealthCheck, Phase, given, seed, settings

from mininet_ros.demo.graph import Graph, NodeProcess
from mininet_ros.share import share_folder

WIDTH, HEIGHT = 640, 480
BAD_MESSAGES = 300
GOOD_BETWEEN_BAD = 3
START_S = 60.0
LOST_AFTER_S = 5.0
WARM_UP_SHARE, WARM_UP_S = 0.2, 60.0


@dataclass
class Figures:
    """What is measured of one process.

    Attributes:
        first, last: memory (kB), threads and file descriptors after the warm-up and at the end.
    """

    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)


def state_of(process: NodeProcess) -> dict[str, int]:
    """Resident memory (kB), threads and open file descriptors of a process."""
    folder = Path("/proc") / str(process.pid)
    status = (folder / "status").read_text()
    found = {key: int(re.search(rf"{key}:\s+(\d+)", status)[1]) for key in ("VmRSS", "Threads")}
    return {**found, "descriptors": len(list((folder / "fd").iterdir()))}


def some_bad_messages(count: int) -> list[Any]:
    """Raw image messages that contradict themselves, the same ones every time."""
    from sensor_msgs.msg import Image

    found: list[Any] = []

    @seed(1)
    @settings(
        max_examples=4 * count, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(bad_messages)
    def collect(message: Any) -> None:
        if hasattr(message, "encoding") and len(found) < count and message.encoding.isascii():
            found.append(
                Image(
                    data=message.data.tobytes(), encoding=message.encoding, width=message.width,
                    height=message.height, step=message.step,
                    is_bigendian=message.is_bigendian,
                )
            )  # fmt: skip

    collect()
    return found


def soak(seconds: float, model: str) -> dict[str, Any]:
    """Run the pipeline and return its figures.

    Args:
        seconds: of the run, its start not counted.
        model: of the segmentation node.

    Raises:
        RuntimeError: a process ended, or no mask came.
    """
    with Graph() as graph:
        # Before ROS starts in this process: its domain, and no other machine.
        os.environ.update(graph.environment)
        nodes = {
            "segmentation": graph.start("segmentation_node", {"model": model, "backend": "cpu"}),
            "selector": graph.start(
                "keyframe_selector_node",
                {"model": model},
                share_folder() / "config" / "keyframes_slam.yaml",
            ),
        }
        return _drive(nodes, seconds)


def _drive(nodes: dict[str, NodeProcess], seconds: float) -> dict[str, Any]:
    import numpy as np
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.qos import QoSProfile
    from sensor_msgs.msg import Image

    from mininet_ros.nodes.common.image_messages import image_message
    from mininet_ros.nodes.common.transport import use_image_profile

    use_image_profile()
    rclpy.init()
    node = rclpy.create_node("soak")
    publisher = node.create_publisher(Image, "image", QoSProfile(depth=5))
    masks: dict[int, float] = {}
    scored: set[int] = set()

    def stamp_of(message: Any) -> int:
        return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec

    node.create_subscription(
        Image, "segmentation/mask", lambda m: masks.setdefault(stamp_of(m), time.monotonic()), 50
    )
    node.create_subscription(
        DiagnosticArray, "keyframe/scores", lambda m: scored.add(stamp_of(m)), 500
    )
    bad = some_bad_messages(BAD_MESSAGES)
    pixels = [
        np.random.default_rng(index).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        for index in range(8)
    ]
    figures = {name: Figures() for name in nodes}
    sent, lost, sent_bad, latencies = 0, 0, 0, []
    started, warm_up = None, min(WARM_UP_S, WARM_UP_SHARE * seconds)
    waiting_since = time.monotonic()
    while started is None or time.monotonic() - started < seconds:
        for name, process in nodes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with status {process.returncode}")
        header_time = node.get_clock().now()
        message = image_message(pixels[sent % len(pixels)], "bgr8", _header(header_time))
        stamp, began = stamp_of(message), time.monotonic()
        publisher.publish(message)
        while stamp not in masks and time.monotonic() - began < LOST_AFTER_S:
            rclpy.spin_once(node, timeout_sec=0.05)
        came = masks.pop(stamp, None)
        if started is None:
            if came is not None:
                started = time.monotonic()
            elif time.monotonic() - waiting_since > START_S:
                raise RuntimeError(f"no mask came within {START_S:.0f} s")
            continue
        sent += 1
        lost += came is None
        if came is not None:
            latencies.append((began - started, 1e3 * (came - began)))
        if sent % GOOD_BETWEEN_BAD == 0:
            message = bad[sent_bad % len(bad)]
            message.header = _header(node.get_clock().now())
            publisher.publish(message)
            sent_bad += 1
        for name, process in nodes.items():
            if not figures[name].first and began - started > warm_up:
                figures[name].first = state_of(process)
    settle = time.monotonic() + 3.0
    while time.monotonic() < settle:
        rclpy.spin_once(node, timeout_sec=0.1)
    for name, process in nodes.items():
        figures[name].last = state_of(process)
    node.destroy_node()
    rclpy.try_shutdown()
    return _results(figures, sent, lost, sent_bad, len(scored), latencies, seconds)


def _header(now: Any) -> Any:
    from std_msgs.msg import Header

    return Header(stamp=now.to_msg(), frame_id="camera_optical_frame")


def _results(
    figures: dict[str, Figures],
    sent: int,
    lost: int,
    sent_bad: int,
    scored: int,
    latencies: list[tuple[float, float]],
    seconds: float,
) -> dict[str, Any]:
    half = seconds / 2
    early, late = (
        [ms for at, ms in latencies if (at < half) == is_early] for is_early in (True, False)
    )
    return {
        "seconds": seconds,
        "good": sent,
        "lost": lost,
        "bad": sent_bad,
        "scored": scored,
        "rate_hz": round(sent / seconds, 1),
        "latency_ms": round(statistics.median(ms for _, ms in latencies), 1) if latencies else None,
        "latency_drift_ms": (
            round(statistics.median(late) - statistics.median(early), 1) if early and late else None
        ),
        "processes": {
            name: {
                "memory_mb": [
                    round(found.get("VmRSS", 0) / 1024, 1) for found in (f.first, f.last)
                ],
                "threads": [found.get("Threads") for found in (f.first, f.last)],
                "descriptors": [found.get("descriptors") for found in (f.first, f.last)],
            }
            for name, f in figures.items()
        },
    }


def main() -> int:
    """Run it; the exit status is 1 where a good image was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="(default: 10)")
    parser.add_argument("--model", default="camvid", help="(default: camvid)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    found = soak(60 * arguments.minutes, arguments.model)
    if arguments.json:
        print(json.dumps(found))
        return 1 if found["lost"] else 0
    print(
        f"{found['good']} good images in {found['seconds']:.0f} s ({found['rate_hz']} Hz), "
        f"{found['lost']} lost; {found['bad']} bad ones between them; latency "
        f"{found['latency_ms']} ms, drift {found['latency_drift_ms']} ms; "
        f"{found['scored']} images scored by the selector"
    )
    print(f"{'after the warm-up, and at the end':>34} {'MB':>16} {'threads':>10} {'files':>10}")
    for name, values in found["processes"].items():
        cells = ["{} -> {}".format(*values[key]) for key in ("memory_mb", "threads", "descriptors")]
        print(f"{name:>34} {cells[0]:>16} {cells[1]:>10} {cells[2]:>10}")
    return 1 if found["lost"] else 0


if __name__ == "__main__":
    sys.exit(main())
