"""Exports a network as an ONNX graph: uint8 image in, uint8 mask and confidence out.

The graph follows the network's table of stages.
:mod:`mininet_ros.lab.training.export.layers` has one function for each kind of layer.
:mod:`mininet_ros.lab.training.export.labels` adds the end of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper
from torch import nn

from mininet_ros.lab.training.export.builder import Graph, batch_norm_affine, folded
from mininet_ros.lab.training.export.labels import add_confidence, add_mask
from mininet_ros.lab.training.export.layers import (
    TO_PLANES,
    downsampling,
    from_planes,
    multi_dilation,
    separable,
    to_planes,
    transposed,
    transposed_table,
    upsampling,
)
from mininet_ros.lab.training.export.study_layers import STUDY_EMITTERS
from mininet_ros.network.layers import (
    Downsampling,
    MultiDilationModule,
    SeparableModule,
    TransposedConvolution,
    Upsampling,
)
from mininet_ros.network.profile import profile_network
from mininet_ros.network.stages import IMAGE, Stage, StagedNetwork

OPSET = 17
IR_VERSION = 8
LOGITS = "logits"

# The layer has the type that the emitter is registered for.
Emitter = Callable[[Graph, Any, str, str], str]

# From (graph, layer, name of the input value, name of the stage) to the output value's name.
EMITTERS: dict[type[nn.Module], Emitter] = {
    Downsampling: downsampling,
    SeparableModule: separable,
    MultiDilationModule: multi_dilation,
    Upsampling: upsampling,
    TransposedConvolution: transposed,
    **STUDY_EMITTERS,
}


def build_graph(
    network: StagedNetwork, width: int, height: int, scale: float, offset: float
) -> onnx.ModelProto:
    """Build the complete graph from an image to its labels.

    Input ``image``: uint8 (1, height, width, 3) BGR. Outputs ``mask`` and ``confidence``: uint8
    (1, height, width). Inner value ``logits``: float (1, classes, h, w).

    Args:
        network: network in evaluation mode; its layers must be in :data:`EMITTERS`.
        width, height: size of the image in pixels, multiples of the network's ``multiple``.
        scale, offset: normalisation; a pixel value v is changed to ``v * scale + offset``.

    Raises:
        ValueError: a side is not such a multiple, or a layer has no ONNX form here.
    """
    profile = profile_network(network, width, height)
    sizes = {stage.name: (stage.height, stage.width, stage.channels) for stage in profile.stages}
    graph = Graph(sizes)
    values = {IMAGE: _normalised(graph, scale, offset)}
    for stage in network.table:
        x = _joined(graph, stage, values)
        emit = EMITTERS.get(stage.layer)
        if emit is None:
            raise ValueError(f"layer {stage.layer.__name__} has no ONNX form")
        layer = network.stages[stage.name]
        if stage is network.table[-1] and isinstance(layer, TransposedConvolution):
            table = transposed_table(graph, layer, x, stage.name)
        else:
            values[stage.name] = emit(graph, layer, x, stage.name)
            if stage is network.table[-1]:
                table = from_planes(graph, values[stage.name], stage.name, sizes[stage.name])
    add_mask(graph, table, (height, width))
    logits = to_planes(graph, table, LOGITS)
    add_confidence(graph, logits, sizes[network.table[-1].name], (height, width))
    return _finished(graph, width, height)


def _joined(graph: Graph, stage: Stage, values: Mapping[str, str]) -> str:
    first, *others = (values[name] for name in stage.inputs)
    if stage.concatenates:
        return graph.node("Concat", [first, *others], f"{stage.name}.inputs", axis=1)
    for number, other in enumerate(others):
        first = graph.node("Add", [first, other], f"{stage.name}.sum{number}")
    return first


def _normalised(graph: Graph, scale: float, offset: float) -> str:
    # The transposition is done on bytes, before the conversion to floats of four times the size.
    planes = graph.node("Transpose", ["image"], "image.planes", perm=TO_PLANES)
    pixels = graph.node("Cast", [planes], "image.float", to=TensorProto.FLOAT)
    factor = graph.weight("image.scale", np.float32(scale))
    scaled = graph.node("Mul", [pixels, factor], "image.scaled")
    summand = graph.weight("image.offset", np.float32(offset))
    return graph.node("Add", [scaled, summand], "image.normalised")


def _finished(graph: Graph, width: int, height: int) -> onnx.ModelProto:
    proto = helper.make_graph(
        graph.nodes,
        "mininet",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, height, width, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.UINT8, [1, height, width])
            for name in ("mask", "confidence")
        ],
        graph.weights,
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    model.producer_name = "mininet_ros"
    onnx.checker.check_model(model, full_check=True)
    return model


__all__ = [
    "EMITTERS",
    "IR_VERSION",
    "LOGITS",
    "OPSET",
    "Emitter",
    "Graph",
    "batch_norm_affine",
    "build_graph",
    "folded",
]
