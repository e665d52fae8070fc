"""Computes values inside an ONNX graph for an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from mininet_ros.inference.onnx_runtime import INPUT, open_session, run_session


def graph_runner(
    graph: onnx.ModelProto, names: Sequence[str]
) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Return a function that computes values of a graph in ONNX Runtime on the CPU.

    Args:
        graph: graph from :func:`mininet_ros.lab.training.export.graph.build_graph`.
        names: names of outputs, or of float values inside the graph.

    Returns:
        A function of an image uint8 (height, width, 3) BGR at the graph's input size.
    """
    opened = onnx.ModelProto()
    opened.CopyFrom(graph)
    outputs = {output.name for output in graph.graph.output}
    opened.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in names
        if name not in outputs
    )
    session = open_session(opened.SerializeToString(), threads=0)
    return lambda image: run_session(session, names, {INPUT: image[None]})
