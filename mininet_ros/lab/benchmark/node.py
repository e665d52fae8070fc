"""Measures the segmentation node in a real ROS graph, from an image message to its mask."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2

from mininet_ros.demo.graph import Graph
from mininet_ros.sequences import open_sequence

START_TIMEOUT_S = 60.0
# Time for the camera to start before the node's start is timed, and how long the camera then runs.
CAMERA_START_S = 3.0
START_S = 8.0


@dataclass(frozen=True)
class NodeTiming:
    """Counts, latency and memory of the node on a camera stream.

    Attributes:
        width, height, rate_hz: image size in pixels and rate of the camera.
        published: number of images that the camera published.
        masks: number of masks that arrived.
        replaced: number of images that were replaced by a newer one while the network was busy.
        lost: number of images that did not reach the node.
        latency_ms, latency_p95_ms: median and 95th percentile of the time from the stamp of an
            image to the arrival of its mask in another process.
        inference_ms: median time of the inference in ms, resizing included.
        start_to_first_mask_s: time in seconds from the start of the node's process to its first
            mask, with the camera already running.
        resident_mb: memory of the node's process in 10^6 bytes, shared memory included.
        shared_mb: shared memory of the node's process in 10^6 bytes, such as segments of the DDS
            transport.
    """

    width: int
    height: int
    rate_hz: float
    published: int
    masks: int
    replaced: int
    lost: int
    latency_ms: float
    latency_p95_ms: float
    inference_ms: float
    start_to_first_mask_s: float
    resident_mb: float
    shared_mb: float

    @property
    def overhead_ms(self) -> float:
        """Latency minus inference time in ms: two transports by the middleware, and conversion."""
        return self.latency_ms - self.inference_ms

    def as_dict(self) -> dict[str, float]:
        """Return all figures as plain values, for JSON."""
        return asdict(self) | {"overhead_ms": self.overhead_ms}


def measure_node(
    model: str, width: int, height: int, rate_hz: float, seconds: float, threads: int
) -> NodeTiming:
    """Run camera, node and listener as three processes, and measure the node.

    The camera sends the same image of the generated street repeatedly. It reads an uncompressed
    file and so takes little CPU time from the node. It runs twice: first it starts before the
    node, to time the node's start; then it starts after the node, so that every image counts.

    Args:
        model: value of the node's parameter ``model``.
        width, height, rate_hz: image size in pixels and rate of the camera.
        seconds: length of the stream in seconds.
        threads: CPU threads of the node's inference; 0 means one for each core.

    Raises:
        GraphError: a process failed, or no mask arrived.
    """
    with TemporaryDirectory() as name:
        camera = {"source": str(write_street(Path(name), width, height)), "rate": float(rate_hz)}
        node = {"model": model, "backend": "cpu", "threads": threads}
        early = camera | {"max_images": round((CAMERA_START_S + START_S) * rate_hz)}
        start_s, _, _ = _run(Path(name) / "start", early, node, camera_first=True)
        steady = camera | {
            "max_images": max(1, round(seconds * rate_hz)),
            "wait_for_subscribers": 2,
        }
        _, summary, memory = _run(Path(name) / "steady", steady, node, camera_first=False)
    return NodeTiming(
        width=width,
        height=height,
        rate_hz=rate_hz,
        **{key: summary[key] for key in ("published", "masks", "replaced", "lost")},
        latency_ms=summary["latency_ms"]["median"],
        latency_p95_ms=summary["latency_ms"]["p95"],
        inference_ms=summary["inference_ms"],
        start_to_first_mask_s=start_s,
        resident_mb=memory["VmRSS"] / 1e6,
        shared_mb=memory["RssShmem"] / 1e6,
    )


def write_street(folder: Path, width: int, height: int) -> Path:
    """Write an uncompressed image of the generated street, which is fast to read repeatedly."""
    path = folder / "street.bmp"
    with open_sequence("generated") as street:
        cv2.imwrite(str(path), cv2.resize(next(iter(street)).image, (width, height)))
    return path


def _run(
    record: Path, camera: dict[str, Any], node: dict[str, Any], camera_first: bool
) -> tuple[float, dict[str, Any], dict[str, int]]:
    """Run one graph; return seconds from the node's start to its first mask, summary and memory."""
    with Graph() as graph:
        listener = graph.start(
            "stream_recorder_node",
            {"output_dir": str(record), "max_pictures": 0, "start_timeout": START_TIMEOUT_S},
        )
        if camera_first:
            graph.start("image_stream_node", camera | {"loop": True})
            time.sleep(CAMERA_START_S)
        started = time.monotonic()
        process = graph.start("segmentation_node", node)
        if not camera_first:
            graph.start("image_stream_node", camera | {"loop": True})
        memory: dict[str, int] = {}
        while listener.poll() is None:
            memory = _memory(process.pid) or memory
            time.sleep(0.2)
        graph.wait(listener)
    summary = json.loads((record / "summary.json").read_text(encoding="utf-8"))
    return summary["first_mask_monotonic_s"] - started, summary, memory


def as_table(timings: list[NodeTiming]) -> str:
    """Return the figures as a text table."""
    lines = [
        f"{'camera':>18}{'masks':>12}{'replaced':>10}{'lost':>6}{'latency':>11}{'p95':>10}"
        f"{'inference':>11}{'beyond':>10}{'first mask':>12}{'resident':>10}{'shared':>9}"
    ]
    for timing in timings:
        camera = f"{timing.width}x{timing.height}@{timing.rate_hz:g}"
        lines.append(
            f"{camera:>18}{timing.masks:>6}/{timing.published:<5}{timing.replaced:>10}"
            f"{timing.lost:>6}{timing.latency_ms:>8.1f} ms{timing.latency_p95_ms:>7.1f} ms"
            f"{timing.inference_ms:>8.1f} ms{timing.overhead_ms:>7.1f} ms"
            f"{timing.start_to_first_mask_s:>10.2f} s{timing.resident_mb:>7.0f} MB"
            f"{timing.shared_mb:>6.0f} MB"
        )
    return "\n".join(lines)


def _memory(pid: int) -> dict[str, int]:
    """Memory of a process in bytes by name, from ``smaps_rollup``; empty if it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in text.splitlines())
    return {key: 1024 * int(value.split()[0]) for key, value in pairs if "kB" in value}
