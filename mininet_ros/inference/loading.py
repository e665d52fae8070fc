"""The choice of a backend, and of the network that suits it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from mininet_ros.inference.precision import PRECISIONS, open_on_cpu
from mininet_ros.inference.segmenter import Segmenter
from mininet_ros.models import Model, ModelError, load_model

BACKENDS = ("auto", "cpu", "gpu")
# Of a desktop, a Jetson, and Windows' Linux.
DRIVER_DEVICES = ("/dev/nvidiactl", "/dev/nvmap", "/dev/dxg")
NETWORK_OF_BACKEND = {"cpu": "mininet_v2_cpu", "gpu": "mininet_v2"}


class BackendError(RuntimeError):
    """The backend asked for is not to be had here; one sentence says why and what to do."""


def load_segmenter(
    model: str | Path | Model = "camvid",
    backend: str = "auto",
    network: str = "auto",
    threads: int = 0,
    precision: str = "float32",
) -> Segmenter:
    """A segmenter for a model on a backend.

    ``cpu`` runs MiniNet-v2-cpu with ONNX Runtime and ``gpu`` runs MiniNet-v2 with PyTorch on CUDA,
    where ``network`` and the model's name leave the choice. ``auto`` takes the GPU where there is
    one with a model for it, and the CPU otherwise; the result's ``backend``, ``runtime``,
    ``device`` and ``model`` say what was picked.

    Args:
        model: see :func:`mininet_ros.models.load_model`, or a model already loaded.
        backend: ``auto``, ``cpu`` or ``gpu``.
        network: name of a network, or ``auto``.
        threads: CPU threads of one inference; 0 for one a core.
        precision: of the CPU: ``float32``, ``int8`` (for a model with ``model.int8.onnx``), or
            ``auto``: measured once, the faster of the two on this machine is taken, and
            ``precision_reason`` of the result says so.

    Raises:
        BackendError: unknown backend or precision, ``gpu`` without PyTorch or without a CUDA
            device, or ``int8`` there.
        ModelError: the model can't be used.
    """
    if backend not in BACKENDS:
        raise BackendError(f"unknown backend {backend!r}: choose one of {', '.join(BACKENDS)}")
    if precision not in PRECISIONS:
        raise BackendError(
            f"unknown precision {precision!r}: choose one of {', '.join(PRECISIONS)}"
        )
    if backend == "auto":
        backend = "gpu" if _can_run_on_gpu(model, network) else "cpu"
    if backend == "gpu" and (reason := why_no_gpu()):
        raise BackendError(f"backend gpu can't run here: {reason}")
    if backend == "gpu" and precision == "int8":
        raise BackendError("precision int8 runs on backend cpu alone: choose one or the other")
    if not isinstance(model, Model):
        model = load_model(model, network, prefer=NETWORK_OF_BACKEND[backend])
    if backend == "gpu":
        from mininet_ros.inference.pytorch import PyTorchSegmenter

        return PyTorchSegmenter(model)
    return open_on_cpu(model, threads, precision)


def why_no_gpu() -> str | None:
    """Why PyTorch can't use a CUDA device here, with what to do; None where it can."""
    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            return (
                f"package {package} is not installed for this Python; install mininet_ros[gpu], "
                f"or choose backend cpu"
            )
    import torch

    if not torch.cuda.is_available():
        return "PyTorch finds no CUDA device; check the driver (nvidia-smi), or choose backend cpu"
    return None


def _can_run_on_gpu(model: str | Path | Model, network: str) -> bool:
    # Asking PyTorch costs seconds and hundreds of megabytes: only where there is a driver.
    if not any(Path(device).exists() for device in DRIVER_DEVICES) or why_no_gpu():
        return False
    if isinstance(model, Model):
        return True
    try:
        load_model(model, network, prefer=NETWORK_OF_BACKEND["gpu"])
    except ModelError:
        return False
    return True
