"""A network written as an ONNX graph: a uint8 picture in, uint8 mask and confidence out.

The graph follows the network's table of stages, one function a layer. Batch norms are folded into
the convolutions before them, through the concatenation of a downsampling too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from mininet_ros.network.layers import (
    Downsampling,
    MultiDilationModule,
    SeparableModule,
    TransposedConvolution,
    Upsampling,
)
from mininet_ros.network.stages import IMAGE, StagedNetwork

OPSET = 17
IR_VERSION = 8
LOGITS = "logits"


class Graph:
    """Nodes and weights of an ONNX graph under construction; values are named by strings."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: np.ndarray) -> str:
        """Add a constant and return its name."""
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        """Add a node of one output and return that output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def conv(
        self, x: str, output: str, weight: np.ndarray, bias: np.ndarray | None, **attributes: object
    ) -> str:
        """Add a convolution whose weight is (out, in / group, kh, kw)."""
        inputs = [x, self.weight(f"{output}.weight", weight)]
        if bias is not None:
            inputs.append(self.weight(f"{output}.bias", bias))
        return self.node("Conv", inputs, output, **attributes)


def build_graph(
    network: StagedNetwork, width: int, height: int, scale: float, offset: float
) -> onnx.ModelProto:
    """The whole way from a picture to its labels.

    Input ``image``: uint8 (1, height, width, 3) BGR. Outputs ``mask`` and ``confidence``: uint8
    (1, height, width). The value ``logits``, float (1, classes, h, w), lies between them.

    Args:
        network: in evaluation mode; its layers must be among those of :data:`EMITTERS`.
        width, height: of the picture in pixels, multiples of the network's ``multiple``.
        scale, offset: pixel value v enters the network as ``v * scale + offset``.

    Raises:
        ValueError: a side is no multiple, or a layer has no ONNX form here.
    """
    if width % network.multiple or height % network.multiple:
        raise ValueError(
            f"input of {width}x{height} pixels: both sides must be multiples of {network.multiple}"
        )
    graph = Graph()
    values = {IMAGE: _normalise(graph, scale, offset)}
    for stage in network.table:
        x = values[stage.inputs[0]]
        for number, other in enumerate(stage.inputs[1:]):
            x = graph.node("Add", [x, values[other]], f"{stage.name}.sum{number}")
        emit = EMITTERS.get(stage.layer)
        if emit is None:
            raise ValueError(f"layer {stage.layer.__name__} has no ONNX form")
        values[stage.name] = emit(graph, network.stages[stage.name], x, stage.name)
    graph.node("Identity", [values[network.table[-1].name]], LOGITS)
    _label(graph, width, height)
    return _finish(graph, network, width, height)


def batch_norm_affine(norm: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    """Factor and summand per channel, float64, that a batch norm applies in evaluation."""
    gamma, beta, mean, variance = (
        tensor.detach().double().cpu().numpy()
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    )
    factor = gamma / np.sqrt(variance + norm.eps)
    return factor, beta - mean * factor


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias, float32, of a bias-free convolution and the batch norm after it."""
    factor, summand = batch_norm_affine(norm)
    weight = conv.weight.detach().double().cpu().numpy() * factor[:, None, None, None]
    return weight.astype(np.float32), summand.astype(np.float32)


def _downsampling(graph: Graph, layer: Downsampling, x: str, name: str) -> str:
    factor, summand = batch_norm_affine(layer.norm)
    convolved = layer.conv.out_channels
    weight = (
        layer.conv.weight.detach().double().cpu().numpy() * factor[:convolved, None, None, None]
    )
    left = graph.conv(
        x,
        f"{name}.conv",
        weight.astype(np.float32),
        summand[:convolved].astype(np.float32),
        strides=[2, 2],
        pads=[0, 0, 1, 1],
    )
    pooled = graph.node("MaxPool", [x], f"{name}.pool", kernel_shape=[2, 2], strides=[2, 2])
    channels = len(factor) - convolved
    right = graph.conv(
        pooled,
        f"{name}.pool_norm",
        factor[convolved:].astype(np.float32).reshape(channels, 1, 1, 1),
        summand[convolved:].astype(np.float32),
        group=channels,
    )
    joined = graph.node("Concat", [left, right], f"{name}.concat", axis=1)
    return graph.node("Relu", [joined], name)


def _separable(graph: Graph, layer: SeparableModule, x: str, name: str) -> str:
    channels = layer.depthwise.out_channels
    spatial = graph.conv(
        x,
        f"{name}.depthwise",
        layer.depthwise.weight.detach().cpu().numpy(),
        None,
        group=channels,
        pads=[1] * 4,
    )
    projected = graph.conv(spatial, f"{name}.pointwise", *folded(layer.pointwise, layer.norm))
    return graph.node("Relu", [graph.node("Add", [projected, x], f"{name}.residual")], name)


def _multi_dilation(graph: Graph, layer: MultiDilationModule, x: str, name: str) -> str:
    branches = []
    for branch, conv, norm in (
        ("local", layer.local_depthwise, layer.local_norm),
        ("dilated", layer.dilated_depthwise, layer.dilated_norm),
    ):
        (rate, _) = conv.dilation
        spatial = graph.conv(
            x,
            f"{name}.{branch}",
            *folded(conv, norm),
            group=conv.out_channels,
            pads=[rate] * 4,
            dilations=[rate] * 2,
        )
        branches.append(graph.node("Relu", [spatial], f"{name}.{branch}_relu"))
    summed = graph.node("Add", branches, f"{name}.sum")
    projected = graph.conv(summed, f"{name}.pointwise", *folded(layer.pointwise, layer.norm))
    return graph.node("Relu", [graph.node("Add", [projected, x], f"{name}.residual")], name)


def _transposed(graph: Graph, layer: TransposedConvolution, x: str, name: str) -> str:
    weight = layer.deconv.weight.detach().cpu().numpy()
    return _deconvolution(graph, x, name, weight, layer.deconv.bias.detach().cpu().numpy())


def _upsampling(graph: Graph, layer: Upsampling, x: str, name: str) -> str:
    factor, summand = batch_norm_affine(layer.norm)
    weight = layer.deconv.weight.detach().double().cpu().numpy() * factor[None, :, None, None]
    bias = layer.deconv.bias.detach().double().cpu().numpy() * factor + summand
    enlarged = _deconvolution(
        graph, x, f"{name}.deconv", weight.astype(np.float32), bias.astype(np.float32)
    )
    return graph.node("Relu", [enlarged], name)


def _deconvolution(graph: Graph, x: str, name: str, weight: np.ndarray, bias: np.ndarray) -> str:
    """Stride-2 transposed convolution cropped at bottom and right to twice the input's size.

    As a convolution of the small picture that gives the four pixels of each 2x2 block as
    channels, then a rearrangement: runtimes have fast convolutions and slow transposed ones.
    Output row 2i takes kernel row 0 from input row i and kernel row 2 from input row i - 1;
    output row 2i + 1 takes kernel row 1 from input row i. Columns likewise.
    """
    taps = {0: {1: 0, 0: 2}, 1: {1: 1}}
    in_channels, out_channels = weight.shape[:2]
    blocks = np.zeros((2, 2, out_channels, in_channels, 2, 2), weight.dtype)
    for row, rows in taps.items():
        for column, columns in taps.items():
            for y, kernel_y in rows.items():
                for x_tap, kernel_x in columns.items():
                    blocks[row, column, :, :, y, x_tap] = weight[:, :, kernel_y, kernel_x].T
    small = graph.conv(
        x,
        f"{name}.blocks",
        blocks.reshape(4 * out_channels, in_channels, 2, 2),
        np.tile(bias, 4),
        pads=[1, 1, 0, 0],
    )
    return graph.node("DepthToSpace", [small], name, blocksize=2, mode="DCR")


EMITTERS: dict[type[nn.Module], Callable[[Graph, nn.Module, str, str], str]] = {
    Downsampling: _downsampling,
    SeparableModule: _separable,
    MultiDilationModule: _multi_dilation,
    Upsampling: _upsampling,
    TransposedConvolution: _transposed,
}


def _normalise(graph: Graph, scale: float, offset: float) -> str:
    pixels = graph.node("Cast", ["image"], "image.float", to=TensorProto.FLOAT)
    planes = graph.node("Transpose", [pixels], "image.planes", perm=[0, 3, 1, 2])
    scaled = graph.node(
        "Mul", [planes, graph.weight("image.scale", np.float32(scale))], "image.scaled"
    )
    return graph.node(
        "Add", [scaled, graph.weight("image.offset", np.float32(offset))], "image.normalised"
    )


def _label(graph: Graph, width: int, height: int) -> None:
    """Logits enlarged to the picture; the largest wins, its softmax is the confidence."""
    shape = graph.node("Shape", [LOGITS], "logits.channels", start=0, end=2)
    size = graph.weight("image.size", np.array([height, width], np.int64))
    enlarged = graph.node(
        "Resize",
        [LOGITS, "", "", graph.node("Concat", [shape, size], "image.shape", axis=0)],
        "enlarged",
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
    winner = graph.node("ArgMax", [enlarged], "winner", axis=1, keepdims=0)
    graph.node("Cast", [winner], "mask", to=TensorProto.UINT8)
    largest = graph.node("ReduceMax", [enlarged], "largest", axes=[1], keepdims=1)
    below = graph.node("Sub", [enlarged, largest], "below")
    axis = graph.weight("class_axis", np.array([1], np.int64))
    total = graph.node("ReduceSum", [graph.node("Exp", [below], "odds"), axis], "total", keepdims=0)
    share = graph.node("Div", [graph.weight("full", np.float32(255)), total], "share")
    rounded = graph.node("Round", [share], "rounded")
    graph.node("Cast", [rounded], "confidence", to=TensorProto.UINT8)


def _finish(graph: Graph, network: StagedNetwork, width: int, height: int) -> onnx.ModelProto:
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
