"""Measures several cameras on one machine, with one process for each node or one for all."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mininet_ros.demo.graph import Graph, GraphError
from mininet_ros.lab.benchmark.node import write_street

TIMEOUT_S = 60.0
MEMORY_PERIOD_S = 1.0
WAYS = ("a process each", "one process")


@dataclass(frozen=True)
class CamerasTiming:
    """Counts, latency and memory of several cameras in one run, over the same seconds.

    Attributes:
        way: distribution of the segmentation nodes over processes, one of ``WAYS``; each camera has
            its own process.
        width, height, rate_hz: image size in pixels and rate of each camera.
        threads: CPU threads of each node's inference; 0 means one for each core.
        seconds: length of the measurement in seconds; it begins when all cameras have started.
        masks: number of masks of each camera.
        received, replaced, lost: number of images of all cameras. The nodes report it once a
            second, so it covers up to two more seconds. An image that waits while the network is
            busy is replaced by a newer one; the middleware reports a lost image.
        latency_ms, latency_p95_ms: median and 95th percentile, over all masks, of the time from
            the stamp of an image to the arrival of its mask in another process.
        resident_mb: sum of the resident memory (RSS) of the segmentation processes, 10^6 bytes;
            shared memory counts fully in each process.
        proportional_mb: sum of the proportional memory (PSS), 10^6 bytes; memory that N processes
            share counts 1/N in each.
    """

    way: str
    width: int
    height: int
    rate_hz: float
    threads: int
    seconds: float
    masks: tuple[int, ...]
    received: int
    replaced: int
    lost: int
    latency_ms: float
    latency_p95_ms: float
    resident_mb: float
    proportional_mb: float

    @property
    def masks_per_s(self) -> float:
        """Total number of masks per second of all cameras."""
        return sum(self.masks) / self.seconds

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as plain values, for JSON."""
        return asdict(self) | {"cameras": len(self.masks), "masks_per_s": self.masks_per_s}


def measure_cameras(
    model: str,
    cameras: int,
    width: int,
    height: int,
    rate_hz: float,
    seconds: float,
    threads: int,
) -> list[CamerasTiming]:
    """Run the same cameras with one process for each node, and then with one process for all.

    The precision is fixed to float32. Otherwise each node would choose its precision by a
    measurement under load.

    Args:
        model: value of the nodes' parameter ``model``.
        cameras: number of cameras.
        width, height, rate_hz: image size in pixels and rate of each camera.
        seconds: length of the measurement in each run, in seconds.
        threads: CPU threads of each node's inference; 0 means one for each core.

    Raises:
        ValueError: the number of cameras is less than 1.
        GraphError: a process failed, a camera gave no masks, or the time was too short for any.
    """
    if cameras < 1:
        raise ValueError(f"there must be 1 camera or more, not {cameras}")
    node = {"model": model, "backend": "cpu", "precision": "float32", "threads": threads}
    namespaces = tuple(f"camera{number}" for number in range(cameras))
    timings = []
    with TemporaryDirectory() as name:
        camera = {"source": str(write_street(Path(name), width, height)), "rate": float(rate_hz)}
        for way in WAYS:
            record = Path(name) / "masks.json"
            memory = _run(way, namespaces, camera, node, float(seconds), record)
            seen = json.loads(record.read_text(encoding="utf-8")).values()
            latencies_ms = np.concatenate([figures["latencies_ms"] for figures in seen])
            if not len(latencies_ms):
                raise GraphError(f"no mask came in {seconds:g} s: measure for longer")
            timings.append(
                CamerasTiming(
                    way=way,
                    width=width,
                    height=height,
                    rate_hz=rate_hz,
                    threads=threads,
                    seconds=seconds,
                    masks=tuple(len(figures["latencies_ms"]) for figures in seen),
                    **{key: sum(f[key] for f in seen) for key in ("received", "replaced", "lost")},
                    latency_ms=float(np.quantile(latencies_ms, 0.5)),
                    latency_p95_ms=float(np.quantile(latencies_ms, 0.95)),
                    resident_mb=memory["Rss"] / 1e6,
                    proportional_mb=memory["Pss"] / 1e6,
                )
            )
    return timings


def _run(
    way: str,
    namespaces: tuple[str, ...],
    camera: dict[str, Any],
    node: dict[str, Any],
    seconds: float,
    record: Path,
) -> dict[str, int]:
    """Run one graph, which writes the record; return the memory of the segmentation processes."""
    with Graph() as graph:
        if way == "one process":
            nodes = [graph.start("segmentation_group", node | {"namespaces": namespaces})]
        else:
            nodes = [graph.start("segmentation_node", node, namespace=f"/{n}") for n in namespaces]
        for namespace in namespaces:
            graph.start("image_stream_node", camera | {"loop": True}, namespace=f"/{namespace}")
        listener = graph.start(
            "mask_timing_node",
            {
                "namespaces": namespaces,
                "output_file": str(record),
                "seconds": seconds,
                "timeout": TIMEOUT_S,
            },
        )
        memory = {}
        while listener.poll() is None:
            graph.require_success()
            # The node has just ended; the next check reports the reason.
            with contextlib.suppress(ProcessLookupError):
                memory = _memory(nodes)
            time.sleep(MEMORY_PERIOD_S)
        graph.wait(listener)
    return memory


def _memory(processes: Sequence[subprocess.Popen]) -> dict[str, int]:
    """Total memory of all processes in bytes (``Rss``, ``Pss``), from ``smaps_rollup``."""
    total = {"Rss": 0, "Pss": 0}
    for process in processes:
        text = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
        for line in text.splitlines():
            key, _, value = line.partition(":")
            if key in total:
                total[key] += 1024 * int(value.split()[0])
    return total


def as_table(timings: list[CamerasTiming]) -> str:
    """Return the figures as a text table."""
    lines = [
        f"{'cameras':>22}{'threads':>9}  {'nodes in':16}{'latency':>11}{'p95':>12}{'masks/s':>10}"
        f"{'replaced':>16}{'lost':>6}{'resident':>11}{'proportional':>14}"
    ]
    for timing in timings:
        cameras = f"{len(timing.masks)}x {timing.width}x{timing.height}@{timing.rate_hz:g}"
        replaced = f"{timing.replaced}/{timing.received}"
        lines.append(
            f"{cameras:>22}{timing.threads:>9}  {timing.way:16}{timing.latency_ms:>8.1f} ms"
            f"{timing.latency_p95_ms:>9.1f} ms{timing.masks_per_s:>10.1f}{replaced:>16}"
            f"{timing.lost:>6}{timing.resident_mb:>8.0f} MB{timing.proportional_mb:>11.0f} MB"
        )
    return "\n".join(lines)
