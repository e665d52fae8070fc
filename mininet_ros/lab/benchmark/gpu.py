"""Times a model on a GPU: single images, batches, transfers to the host, and plain PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from mininet_ros.inference import BackendError
from mininet_ros.inference.loading import NETWORK_OF_BACKEND, why_no_gpu
from mininet_ros.inference.pytorch import PyTorchSegmenter
from mininet_ros.lab.benchmark.engine import street
from mininet_ros.models import load_model

WARM_UP = 20
ROUNDS = 10
RUNS = 20


@dataclass(frozen=True)
class GpuTiming:
    """Median times of a model on a device; each includes the mask at input size.

    Attributes:
        model: name of the model.
        device: name of the device, with a note if no CUDA graph could be recorded.
        precision: precision of the network, such as ``float16``.
        width, height: size of the input in pixels.
        device_ms: time in ms from an image to its mask, both in device memory.
        host_ms: time in ms from an image to its mask, both in host memory.
        eager_ms: time in ms from an image to its mask, both in host memory, with PyTorch in eager
            mode and float32.
        batch: number of images in a batch of the throughput measurement.
        batch_images_per_s: images per second in batches, images and masks in device memory.
        peak_mb: peak memory that PyTorch held on the device, in 10^6 bytes; 0 on a CPU.
    """

    model: str
    device: str
    precision: str
    width: int
    height: int
    device_ms: float
    host_ms: float
    eager_ms: float
    batch: int
    batch_images_per_s: float
    peak_mb: float

    def as_dict(self) -> dict[str, float | str]:
        """Return all figures as plain values, and the ratio of ``eager_ms`` to ``host_ms``."""
        return asdict(self) | {"times_eager": self.eager_ms / self.host_ms}


def measure_gpu(
    name: str, size: tuple[int, int] | None, batch: int, device: str = "cuda"
) -> GpuTiming:
    """Time a model and plain PyTorch in alternating blocks.

    Args:
        name: name or path of a model; a family's name selects its MiniNet-v2.
        size: width and height of the input in pixels; None means the model's own input size.
        batch: number of images in a batch of the throughput measurement, at least 1.
        device: PyTorch device, such as ``cuda``.

    Raises:
        BackendError: there is no CUDA device.
        ModelError: the model cannot be used.
        ValueError: ``batch`` is less than 1.
    """
    if batch < 1:
        raise ValueError(f"a batch needs at least one picture, not {batch}")
    if device.startswith("cuda") and (reason := why_no_gpu()):
        raise BackendError(f"there is no GPU to measure: {reason}")
    model = load_model(name, prefer=NETWORK_OF_BACKEND["gpu"])
    width, height = size or (model.width, model.height)
    model = replace(model, width=width, height=height)
    fast = PyTorchSegmenter(model, device)
    plain = PyTorchSegmenter(model, device, torch.float32, recorded=False)
    picture = street(width, height)
    pixels = torch.from_numpy(picture[None]).to(device)
    many = pixels.expand(batch, -1, -1, -1).contiguous()
    recorded = fast.replay(with_confidence=False)
    runs: dict[str, Callable[[], object]] = {
        "device": recorded.run_on_device if recorded else lambda: fast.on_device(pixels, False),
        "host": lambda: fast.infer(picture, with_confidence=False),
        "eager": lambda: plain.infer(picture, with_confidence=False),
        "batch": lambda: fast.on_device(many, False),
    }
    medians = _median_ms(runs, torch.device(device))
    on_gpu = device.startswith("cuda")
    return GpuTiming(
        model=model.name,
        device=fast.device,
        precision=fast.precision,
        width=width,
        height=height,
        device_ms=medians["device"],
        host_ms=medians["host"],
        eager_ms=medians["eager"],
        batch=batch,
        batch_images_per_s=1e3 * batch / medians["batch"],
        peak_mb=torch.cuda.max_memory_allocated(device) / 1e6 if on_gpu else 0.0,
    )


def as_table(timings: list[GpuTiming]) -> str:
    """Return the figures as a text table."""
    lines = [
        f"{'model':26}{'input':>11}{'precision':>11}{'device':>11}{'host':>11}{'eager':>11}"
        f"{'x faster':>10}{'batch':>7}{'images/s':>10}{'peak MB':>9}  device"
    ]
    for timing in timings:
        lines.append(
            f"{timing.model:26}{f'{timing.width}x{timing.height}':>11}{timing.precision:>11}"
            f"{timing.device_ms:>8.3f} ms{timing.host_ms:>8.3f} ms{timing.eager_ms:>8.2f} ms"
            f"{timing.eager_ms / timing.host_ms:>10.1f}{timing.batch:>7}"
            f"{timing.batch_images_per_s:>10.0f}{timing.peak_mb:>9.0f}  {timing.device}"
        )
    return "\n".join(lines)


def _median_ms(runs: dict[str, Callable[[], object]], device: torch.device) -> dict[str, float]:
    """Median time of each function in ms, in alternating blocks.

    Each block waits for the device before it ends.
    """
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        for _ in range(WARM_UP if device.type == "cuda" else 1):
            run()
    wait()
    for _ in range(ROUNDS):
        for name, run in runs.items():
            started = time.perf_counter()
            for _ in range(RUNS):
                run()
            wait()
            times[name].append(1e3 * (time.perf_counter() - started) / RUNS)
    return {name: float(np.median(taken)) for name, taken in times.items()}
