"""Choice between a model's float32 and int8 graphs on the CPU."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from mininet_ros.inference.onnx_runtime import CPU, OnnxRuntimeSegmenter
from mininet_ros.models import INT8_GRAPH, Model

PRECISIONS = ("auto", "float32", "int8")
# int8 costs accuracy, so it must need less than this share of the time of float32.
WORTHWHILE = 0.95
TRIALS = 4


def open_on_cpu(
    model: Model, threads: int, precision: str, providers: Sequence[str] = (CPU,)
) -> OnnxRuntimeSegmenter:
    """Open a model in ONNX Runtime in the requested precision; ``auto`` uses the faster one.

    Args:
        model, threads, providers: as for :class:`OnnxRuntimeSegmenter`.
        precision: precision, one of :data:`PRECISIONS`.

    Raises:
        BackendError: a provider is not available here.
        ModelError: there is no graph of that precision, or it cannot be loaded.
        ValueError: the number of threads is negative.
    """
    if precision != "auto":
        return OnnxRuntimeSegmenter(model, threads, precision, providers)
    exact = OnnxRuntimeSegmenter(model, threads, "float32", providers)
    if not model.has(INT8_GRAPH):
        exact.precision_reason = f"the model has no {INT8_GRAPH}"
        return exact
    rounded = OnnxRuntimeSegmenter(model, threads, "int8", providers)
    exact_ms, rounded_ms = _best_times_ms(exact, rounded)
    chosen = rounded if rounded_ms < WORTHWHILE * exact_ms else exact
    chosen.precision_reason = f"measured here: int8 {rounded_ms:.1f} ms, float32 {exact_ms:.1f} ms"
    return chosen


def _best_times_ms(*segmenters: OnnxRuntimeSegmenter) -> list[float]:
    """Return the shortest time of each, run in turns; the first turn is a warm-up."""
    model = segmenters[0].model
    picture = np.random.default_rng(0).integers(0, 256, (model.height, model.width, 3), np.uint8)
    times: list[list[float]] = [[] for _ in segmenters]
    for _ in range(1 + TRIALS):
        for segmenter, taken in zip(segmenters, times, strict=True):
            started = time.perf_counter()
            segmenter.infer(picture, with_confidence=False)
            taken.append(1e3 * (time.perf_counter() - started))
    return [min(taken[1:]) for taken in times]
