"""Selection of the backend, a suitable network, and the library that runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from mininet_ros.extras import missing_extra
from mininet_ros.inference.onnx_runtime import (
    CPU,
    GPU_PROVIDERS,
    OnnxRuntimeSegmenter,
    gpu_providers,
    require_providers,
)
from mininet_ros.inference.precision import PRECISIONS, open_on_cpu
from mininet_ros.inference.segmenter import BackendError, Segmenter
from mininet_ros.models import Model, ModelError, load_model

AUTO = "auto"
BACKENDS = ("auto", "cpu", "gpu")
RUNTIMES = ("auto", "onnxruntime", "pytorch")
# GPU drivers of a desktop, a Jetson, and Linux on Windows.
DRIVER_DEVICES = ("/dev/nvidiactl", "/dev/nvmap", "/dev/dxg")
NETWORK_OF_BACKEND = {"cpu": "mininet_v2_cpu", "gpu": "mininet_v2"}


def load_segmenter(
    model: str | Path | Model = "camvid",
    backend: str = "auto",
    network: str = "auto",
    threads: int = 0,
    precision: str = "float32",
    runtime: str = "auto",
    providers: Sequence[str] = (AUTO,),
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Segmenter:
    """Load a segmenter for a model on a backend.

    ``cpu`` runs MiniNet-v2-cpu with ONNX Runtime. ``gpu`` runs MiniNet-v2 with PyTorch on CUDA, or
    with a GPU provider of ONNX Runtime where PyTorch is not available. These networks apply only if
    ``network`` and the model's name leave the choice. ``auto`` uses the GPU if there is one and a
    model for it, and the CPU otherwise. The attributes ``backend``, ``runtime``, ``device``,
    ``providers`` and ``model`` of the result show what was selected.

    Args:
        model: loaded model, or a name or path as for :func:`mininet_ros.models.load_model`.
        backend: ``auto``, ``cpu`` or ``gpu``.
        network: name of a network, or ``auto``.
        threads: CPU threads of one inference in ONNX Runtime; 0 for one thread per core.
        precision: precision in ONNX Runtime: ``float32``, ``int8`` (for a model with
            ``model.int8.onnx``), or ``auto``. With ``auto``, both are timed once on this machine
            and the faster one is used; ``precision_reason`` of the result reports it.
        runtime: ``auto``, ``onnxruntime`` or ``pytorch``.
        providers: names of ONNX Runtime's execution providers, in the order of preference; ``auto``
            alone uses those of the backend. A GPU provider requires the backend gpu.
        groups: names of classes that masks merge, by the name of the merged class. None uses the
            groups of the model's card, and an empty mapping merges none. The confidence stays that
            of the class that won.

    Raises:
        BackendError: the backend, runtime or precision is unknown; a backend, runtime or provider
            cannot run here; or the combination is not supported.
        ModelError: the model cannot be used.
        ValueError: the number of threads is negative.
    """
    _require_one_of("backend", backend, BACKENDS)
    _require_one_of("precision", precision, PRECISIONS)
    _require_one_of("runtime", runtime, RUNTIMES)
    providers = [name for name in providers if name != AUTO]
    if providers:
        if runtime == "pytorch":
            raise BackendError("providers are of runtime onnxruntime: leave one of the two out")
        require_providers(providers)
        runtime = "onnxruntime"
        asked = "gpu" if providers[0] in GPU_PROVIDERS else "cpu"
        if backend not in ("auto", asked):
            raise BackendError(
                f"provider {providers[0]} runs on backend {asked}, not {backend}: choose one"
            )
        backend = asked
    if backend == "auto":
        backend = "gpu" if _can_run_on_gpu(model, network, runtime) else "cpu"
    runtime = _runtime_of(backend, runtime)
    if precision == "int8" and (backend == "gpu" or runtime == "pytorch"):
        raise BackendError(
            "precision int8 runs on backend cpu with runtime onnxruntime alone: choose float32"
        )
    if not isinstance(model, Model):
        model = load_model(model, network, prefer=NETWORK_OF_BACKEND[backend])
    chosen_groups = model.grouped(groups)
    segmenter = _open(model, backend, threads, precision, runtime, providers)
    if chosen_groups is not None:
        segmenter.merge_classes(chosen_groups)
    return segmenter


def _open(
    model: Model,
    backend: str,
    threads: int,
    precision: str,
    runtime: str,
    providers: Sequence[str],
) -> Segmenter:
    """Make the segmenter of a runtime that can run here."""
    if runtime == "pytorch":
        from mininet_ros.inference.pytorch import PyTorchSegmenter

        return PyTorchSegmenter(model, "cuda" if backend == "gpu" else "cpu")
    if backend == "gpu":
        chosen = providers or gpu_providers()[:1]
        return OnnxRuntimeSegmenter(model, threads, "float32", chosen)
    return open_on_cpu(model, threads, precision, providers or (CPU,))


def _require_one_of(what: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise BackendError(f"unknown {what} {value!r}: choose one of {', '.join(choices)}")


def _runtime_of(backend: str, runtime: str) -> str:
    """Return the library that runs a backend.

    Raises:
        BackendError: no library can run it here, or the requested one cannot.
    """
    if backend == "cpu":
        if runtime == "pytorch" and (package := _missing_package()):
            raise BackendError(f"runtime pytorch cannot run here: {package}")
        return "onnxruntime" if runtime == "auto" else runtime
    reason = None if runtime == "onnxruntime" else why_no_gpu()
    if runtime != "onnxruntime" and reason is None:
        return "pytorch"
    if runtime != "pytorch" and gpu_providers():
        return "onnxruntime"
    reasons = [reason] if reason else []
    if runtime != "pytorch":
        reasons.append(
            "the installed ONNX Runtime has no provider for a GPU (onnxruntime-gpu has CUDA's and "
            "TensorRT's)"
        )
    raise BackendError(f"backend gpu cannot run here: {'; and '.join(reasons)}")


def why_no_gpu() -> str | None:
    """Return why PyTorch cannot use a CUDA device here, with advice; None where it can."""
    if missing := _missing_package():
        return missing
    import torch

    if not torch.cuda.is_available():
        return "PyTorch finds no CUDA device; check the driver (nvidia-smi), or choose backend cpu"
    return None


def _missing_package() -> str | None:
    for package in ("torch", "safetensors"):
        if find_spec(package) is None:
            return f"choose backend cpu, or: {missing_extra('backend gpu', 'gpu')}"
    return None


def _can_run_on_gpu(model: str | Path | Model, network: str, runtime: str) -> bool:
    # Importing PyTorch costs seconds and hundreds of megabytes, so it needs a driver first.
    if not any(Path(device).exists() for device in DRIVER_DEVICES):
        return False
    by_pytorch = runtime != "onnxruntime" and why_no_gpu() is None
    if not by_pytorch and (runtime == "pytorch" or not gpu_providers()):
        return False
    if isinstance(model, Model):
        return True
    try:
        load_model(model, network, prefer=NETWORK_OF_BACKEND["gpu"])
    except ModelError:
        return False
    return True
