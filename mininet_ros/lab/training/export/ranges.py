"""Finds the range of numbers that each value of a graph keeps in 8-bit integers.

The largest number of a value over many images is an outlier, often twice as large as all others. A
range that holds it has steps twice as wide as needed, and most numbers are small: they are rounded
to zero, and weak evidence is lost. So each range is the one with the smallest squared error, and
numbers beyond it are cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto

from mininet_ros.lab.training.export.runner import graph_runner

Range = tuple[float, float]

# Operators that only move values keep their scale and run on bytes.
MOVES = ("MaxPool", "Concat", "Transpose", "Reshape")
KINDS = ("Conv", "Add", "Relu", *MOVES)
ACTIVATION_STEPS = 255
SMALLEST_SCALE = 1e-9
BINS = 1024
SAMPLE = 100_000  # about how many numbers of each value an image adds to the histogram
SHARES = np.linspace(1.0, 0.2, 33)  # shares of the extremes that are tried


def value_ranges(graph: onnx.ModelProto, images: Sequence[np.ndarray]) -> dict[str, Range]:
    """Find the range of every value inside a graph over some images.

    Args:
        graph: graph from :func:`mininet_ros.lab.training.export.graph.build_graph`.
        images: images uint8 (height, width, 3) BGR at the graph's input size.

    Returns:
        Ranges by the names of the values.
    """
    inferred = onnx.shape_inference.infer_shapes(graph)
    floats = {
        value.name
        for value in inferred.graph.value_info
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }
    names = [
        node.output[0]
        for node in graph.graph.node
        if node.op_type in KINDS and node.output[0] in floats
    ]
    run = graph_runner(graph, names)
    extremes = dict.fromkeys(names, (0.0, 0.0))
    for image in images:
        for name, value in zip(names, run(image), strict=True):
            low, high = extremes[name]
            extremes[name] = (min(low, float(value.min())), max(high, float(value.max())))
    counts = {name: np.zeros(BINS) for name in names}
    for image in images:
        for name, value in zip(names, run(image), strict=True):
            numbers = value.ravel()[:: max(1, value.size // SAMPLE)]
            counts[name] += np.histogram(numbers, BINS, _not_empty(extremes[name]))[0]
    return {name: best_range(counts[name], extremes[name]) for name in names}


def best_range(counts: np.ndarray, extremes: Range) -> Range:
    """Return the range with the smallest squared error in 8-bit integers.

    Args:
        counts: histogram (bins,) of a value's numbers between its extremes.
        extremes: smallest and largest number, at most 0 and at least 0.
    """
    low, high = _not_empty(extremes)
    edges = np.linspace(low, high, len(counts) + 1)
    numbers = (edges[1:] + edges[:-1]) / 2
    occurring = counts > 0
    numbers, counts = numbers[occurring], counts[occurring]
    lows = low * SHARES if low < 0 else np.zeros(1)
    ranges = [(float(a), float(b)) for a in lows for b in high * SHARES]
    return min(ranges, key=lambda limits: _error(numbers, counts, limits), default=extremes)


def _error(numbers: np.ndarray, counts: np.ndarray, limits: Range) -> float:
    low, high = limits
    scale = max((high - low) / ACTIVATION_STEPS, SMALLEST_SCALE)
    zero = np.round(-low / scale)
    rounded = (np.clip(np.round(numbers / scale) + zero, 0, ACTIVATION_STEPS) - zero) * scale
    return float((rounded - numbers) ** 2 @ counts)


def _not_empty(extremes: Range) -> Range:
    """Return the extremes, apart from each other where a value is always 0."""
    low, high = extremes
    return (low, high) if high > low else (low, low + SMALLEST_SCALE)
