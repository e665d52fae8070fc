"""The engines of a benchmark: ways to turn a picture into a label mask of the same size."""

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
        runtime: ``onnxruntime``, ``openvino`` or ``pytorch``; ``gemm`` is the machine's own matrix
            product, ``training`` a training step in PyTorch.
        path: an ONNX file, a model folder for ``pytorch`` and ``training``, nothing for GEMM.
        precision: precision of the arithmetic.
        macs: multiply-accumulates of one run, as the paper counts them; None where unknown.
        parameters: trainable parameters; None where unknown.
        miou: mIoU where known, 0 to 1.
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
        """Plain values."""
        return asdict(self)


def make_runner(engine: Engine, width: int, height: int, threads: int) -> Callable[[], object]:
    """A function that runs the engine once on a fixed picture; for the measuring process.

    Raises:
        ValueError: the runtime is unknown, or the engine does not take such a picture.
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
    """A matrix product of which every thread computes its share of the rows.

    Each share is a product of one thread: the library's own threads wait for each other many times
    a product, busily, which on a machine with other work takes several times as long.
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
    """A picture, uint8 (height, width, 3): labels cost more the more borders lie between them."""
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
        # Else it takes bfloat16 where the processor has it, which is not what it is compared with.
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
