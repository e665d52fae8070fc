"""The segmentation node in a real graph: from an image message to its mask."""

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
# The camera's own start, before the node's is timed; and how long it then runs.
CAMERA_START_S = 3.0
START_S = 8.0


@dataclass(frozen=True)
class NodeTiming:
    """What the node did with a camera's stream.

    Attributes:
        width, height, rate_hz: image size in pixels and rate of the camera.
        published, masks, replaced, lost: number of images, and what became of them. An image that
            waits while the network is busy is replaced by a newer one.
        latency_ms, latency_p95_ms: median and 95th percentile of the time from the stamp of an
            image to the arrival of its mask in another process.
        inference_ms: the node's median time in the network, resizing included.
        start_to_first_mask_s: from the start of the process, with the camera running already.
        resident_mb: memory of the node's process in 10^6 bytes, shared memory included.
        shared_mb: the part of it that is shared, such as the transport's segments.
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
        """Latency beyond the inference: both ways through the middleware, and conversion."""
        return self.latency_ms - self.inference_ms

    def as_dict(self) -> dict[str, float]:
        """Plain values."""
        return asdict(self) | {"overhead_ms": self.overhead_ms}


def measure_node(
    model: str, width: int, height: int, rate_hz: float, seconds: float, threads: int
) -> NodeTiming:
    """Run camera, node and listener as three processes, and see what the node does.

    The camera sends one picture of the generated street again and again, read from an
    uncompressed file, so that it costs the node's cores little. It runs twice: before the node,
    to time the node's start, and then after it, so that every image counts.

    Args:
        model: value of the node's parameter ``model``.
        width, height, rate_hz: image size in pixels and rate of the camera.
        seconds: length of the stream.
        threads: CPU threads of the node's inference; 0 for one for each core.

    Raises:
        GraphError: a process failed, or no mask came.
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
    """Write a picture of the generated street that costs little to read again and again."""
    path = folder / "street.bmp"
    with open_sequence("generated") as street:
        cv2.imwrite(str(path), cv2.resize(next(iter(street)).image, (width, height)))
    return path


def _run(
    record: Path, camera: dict[str, Any], node: dict[str, Any], camera_first: bool
) -> tuple[float, dict[str, Any], dict[str, int]]:
    """One graph: seconds from the node's start to its first mask, the summary, the memory."""
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
    """The figures for people."""
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
    """Memory of a process in bytes, by name, from ``smaps_rollup``; empty once it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in text.splitlines())
    return {key: 1024 * int(value.split()[0]) for key, value in pairs if "kB" in value}
