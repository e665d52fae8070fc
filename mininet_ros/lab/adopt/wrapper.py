"""The graph around an adopted network: a uint8 picture in, uint8 mask and confidence out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, compose, helper, numpy_helper

from mininet_ros.lab.adopt.foreign import ForeignNetwork, Preparation
from mininet_ros.lab.adopt.outputs import OutputKind

PREFIX = "adopted/"
PICTURE = "image"
IR_VERSION = 8
FULL = np.float32(255)


class _Nodes:
    """Nodes and constants that stand before and behind the adopted graph."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: np.ndarray | np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def top(self, x: str, count: str, output: str) -> str:
        names = [output, f"{output}.index"]
        self.nodes.append(helper.make_node("TopK", [x, count], names, name=output, axis=1))
        return output


def wrap(
    foreign: ForeignNetwork, preparation: Preparation, width: int, height: int
) -> onnx.ModelProto:
    """The whole way from a picture to its labels, with the adopted graph in the middle.

    Input ``image``: uint8 (1, height, width, 3) BGR. Outputs ``mask`` and ``confidence``: uint8
    (1, height, width). Scores are enlarged bilinearly with half-pixel centres, labels by the
    nearest. A network that gives labels alone says nothing of its confidence, which is 255 then.

    Args:
        foreign: the adopted network.
        preparation: of its input.
        width, height: of the picture in pixels.

    Raises:
        onnx.checker.ValidationError: the graph is not valid.
    """
    inner = compose.add_prefix(foreign.graph, PREFIX)
    before, behind = _Nodes(), _Nodes()
    _prepare(before, foreign, preparation, PREFIX + foreign.input)
    size = (height, width)
    if foreign.form.kind is OutputKind.LABELS:
        _from_labels(behind, PREFIX + foreign.output, foreign.form.size, size)
    else:
        _from_scores(behind, foreign, PREFIX + foreign.output, size)
    graph = helper.make_graph(
        [*before.nodes, *inner.graph.node, *behind.nodes],
        "adopted",
        [helper.make_tensor_value_info(PICTURE, TensorProto.UINT8, [1, height, width, 3])],
        [
            helper.make_tensor_value_info(name, TensorProto.UINT8, [1, height, width])
            for name in ("mask", "confidence")
        ],
        [*before.constants, *inner.graph.initializer, *behind.constants],
    )
    model = helper.make_model(graph, opset_imports=inner.opset_import, functions=inner.functions)
    model.ir_version = max(IR_VERSION, inner.ir_version)
    model.producer_name = "mininet_ros"
    onnx.checker.check_model(model)
    return model


def _prepare(nodes: _Nodes, foreign: ForeignNetwork, preparation: Preparation, output: str) -> None:
    value = PICTURE
    if preparation.order == "rgb":
        swap = nodes.constant("image.order", np.array([2, 1, 0], np.int64))
        value = nodes.node("Gather", [value, swap], "image.rgb", axis=3)
    last = preparation.layout == "nhwc"
    if not last:
        value = nodes.node("Transpose", [value], "image.planes", perm=[0, 3, 1, 2])
    if foreign.dtype is np.uint8:
        nodes.node("Identity", [value], output)
        return
    channels = (1, 1, 1, 3) if last else (1, 3, 1, 1)
    std = np.array(preparation.std, np.float64)
    factor = (preparation.scale / std).astype(np.float32).reshape(channels)
    summand = (-np.array(preparation.mean) / std).astype(np.float32).reshape(channels)
    value = nodes.node("Cast", [value], "image.float", to=TensorProto.FLOAT)
    value = nodes.node("Mul", [value, nodes.constant("image.factor", factor)], "image.scaled")
    value = nodes.node("Add", [value, nodes.constant("image.summand", summand)], "image.normalised")
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(foreign.dtype))
    nodes.node("Cast", [value], output, to=kind)


def _from_scores(
    nodes: _Nodes, foreign: ForeignNetwork, scores: str, size: tuple[int, int]
) -> None:
    form = foreign.form
    value = nodes.node("Cast", [scores], "scores.float", to=TensorProto.FLOAT)
    whole = nodes.constant("scores.shape", np.array(form.shape, np.int64))
    value = nodes.node("Reshape", [value, whole], "scores.whole")
    if form.is_channels_last:
        value = nodes.node("Transpose", [value], "scores.planes", perm=[0, 3, 1, 2])
    if form.is_single:
        # The first class has what is left of 1; as logits (0, z), whose softmax is (1 - s, s)
        # with s the sigmoid of z.
        kind = "Sub" if form.kind is OutputKind.PROBABILITIES else "Mul"
        start = nodes.constant("scores.start", np.float32(kind == "Sub"))
        other = nodes.node(kind, [start, value], "scores.other")
        value = nodes.node("Concat", [other, value], "scores.both", axis=1)
    if form.size != size:
        sizes = nodes.constant("scores.size", np.array([1, foreign.classes, *size], np.int64))
        value = nodes.node(
            "Resize",
            [value, "", "", sizes],
            "scores.enlarged",
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )
    winner = nodes.node("ArgMax", [value], "winner", axis=1, keepdims=0)
    nodes.node("Cast", [winner], "mask", to=TensorProto.UINT8)
    shares = value
    if form.kind is OutputKind.LOGITS:
        shares = nodes.node("Softmax", [value], "shares", axis=1)
    # TopK has had one form since operator set 11, where ReduceMax changed in 18.
    one = nodes.constant("share.count", np.array([1], np.int64))
    best = nodes.top(shares, one, "share.largest")
    scaled = nodes.node("Mul", [best, nodes.constant("share.full", FULL)], "share.scaled")
    limits = (nodes.constant("share.none", np.float32(0)), "share.full")
    clipped = nodes.node("Clip", [scaled, *limits], "share.clipped")
    rounded = nodes.node("Round", [clipped], "share.rounded")
    shape = nodes.constant("share.shape", np.array([1, *size], np.int64))
    plane = nodes.node("Reshape", [rounded, shape], "share.plane")
    nodes.node("Cast", [plane], "confidence", to=TensorProto.UINT8)


def _from_labels(nodes: _Nodes, labels: str, given: tuple[int, int], size: tuple[int, int]) -> None:
    shape = nodes.constant("labels.shape", np.array([1, 1, *given], np.int64))
    value = nodes.node("Reshape", [labels, shape], "labels.plane")
    value = nodes.node("Cast", [value], "labels.byte", to=TensorProto.UINT8)
    if given != size:
        sizes = nodes.constant("labels.enlarged_size", np.array([1, 1, *size], np.int64))
        value = nodes.node(
            "Resize",
            [value, "", "", sizes],
            "labels.enlarged",
            mode="nearest",
            coordinate_transformation_mode="half_pixel",
            nearest_mode="round_prefer_floor",
        )
    full = nodes.constant("labels.size", np.array([1, *size], np.int64))
    nodes.node("Reshape", [value, full], "mask")
    certain = numpy_helper.from_array(np.array([255], np.uint8))
    nodes.node("ConstantOfShape", ["labels.size"], "confidence", value=certain)
