"""Engines of a benchmark: each turns an image into a label mask of the same size."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mininet_ros.inference.segmenter import fit_input
from mininet_ros.sequences import open_sequence

GEMM_SIDE = 1024
GEMM, TRAINING = "gemm", "training"
RUNTIMES = ("onnxruntime", "openvino", "pytorch", TRAINING, GEMM)


@dataclass(frozen=True)
class Engine:
    """One entry of a benchmark.

    Attributes:
        name: name in the tables.
        runtime: ``onnxruntime``, ``openvino`` or ``pytorch``; ``gemm`` is a plain matrix product,
            ``training`` a training step in PyTorch.
        path: ONNX file; for ``pytorch`` and ``training`` a model folder; unused for ``gemm``.
        precision: precision of the arithmetic, such as ``float32`` or ``int8``.
        macs: multiply-accumulates of one run, as the paper counts them; None if unknown.
        parameters: number of trainable parameters; None if unknown.
        miou: mIoU of the engine's masks, 0 to 1; None if unknown.
    """

    name: str
    runtime: str
    path: str = ""
    precision: str = "float32"
    macs: int | None = None
    parameters: int | None = None
    miou: float | None = None
    batch: int = 1
    processes: int = 1

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as plain values, for JSON."""
        return asdict(self)


def make_runner(engine: Engine, width: int, height: int, threads: int) -> Callable[[], object]:
    """Return a function that runs the engine once on a fixed image.

    The measuring process calls it.

    Raises:
        ValueError: the runtime is unknown, or the engine does not accept this image size.
    """
    if engine.runtime == GEMM:
        return _product_runner(threads)
    if engine.runtime == TRAINING:
        from mininet_ros.lab.benchmark.training_step import training_runner

        crops = (engine.batch, threads, engine.processes)
        return training_runner(Path(engine.path), width, height, *crops)
    picture = street(width, height)
    if engine.runtime == "onnxruntime":
        return _onnx_runner(Path(engine.path), picture, threads)
    if engine.runtime == "openvino":
        return _openvino_runner(Path(engine.path), picture, threads)
    if engine.runtime == "pytorch":
        return _pytorch_runner(Path(engine.path), picture, threads)
    raise ValueError(f"unknown runtime {engine.runtime!r}: choose one of {', '.join(RUNTIMES)}")


def _product_runner(threads: int) -> Callable[[], object]:
    """Return a function that computes a matrix product; every thread computes some of the rows.

    Each thread calls the library with one thread. The library's own threads wait for each other in
    busy loops many times during a product. On a machine with other load this takes several times
    as long.
    """
    left, right = (np.ones((GEMM_SIDE, GEMM_SIDE), np.float32) for _ in range(2))
    shares = list(
        zip(
            np.array_split(left, threads),
            np.array_split(np.empty_like(left), threads),
            strict=True,
        )
    )
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(lambda share: np.matmul(share[0], right, out=share[1]), shares))


def street(width: int, height: int) -> np.ndarray:
    """Return a street image, uint8 (height, width, 3) BGR.

    A real scene is needed because the time for the labels grows with the borders between classes.
    """
    with open_sequence("generated") as street:
        return fit_input(next(iter(street)).image, width, height)


def _onnx_runner(path: Path, picture: np.ndarray, threads: int) -> Callable[[], object]:
    from mininet_ros.inference.onnx_runtime import open_session, run_mask

    session = open_session(path, threads, first_output_only=True)
    (taken,) = session.get_inputs()
    if taken.shape != [1, *picture.shape]:
        raise ValueError(f"{path} takes {taken.shape}, not {[1, *picture.shape]}")
    return lambda: run_mask(session, picture)


def _openvino_runner(path: Path, picture: np.ndarray, threads: int) -> Callable[[], object]:
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    mask = openvino.Model([model.outputs[0]], model.get_parameters())
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        # By default OpenVINO uses bfloat16 where the processor has it; the others use float32.
        "INFERENCE_PRECISION_HINT": "f32",
    }
    request = core.compile_model(mask, "CPU", options).create_infer_request()
    return lambda: request.infer({0: picture[None]}, share_inputs=True)


def _pytorch_runner(path: Path, picture: np.ndarray, threads: int) -> Callable[[], object]:
    from dataclasses import replace

    import torch

    from mininet_ros.inference.pytorch import PyTorchSegmenter
    from mininet_ros.models import load_model

    torch.set_num_threads(threads)
    height, width = picture.shape[:2]
    segmenter = PyTorchSegmenter(replace(load_model(path), width=width, height=height), "cpu")
    return lambda: segmenter.infer(picture, with_confidence=False)
