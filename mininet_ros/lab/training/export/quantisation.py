"""Quantises an exported graph to 8-bit integers, calibrated on images.

Selected stages are converted to the form that ONNX Runtime and OpenVINO execute in integers. Every
value passes a ``QuantizeLinear`` and a ``DequantizeLinear``. Weights have one scale per filter. A
ReLU becomes the lower limit of its value's range. The labels are selected in float.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from mininet_ros.lab.training.export.ranges import (
    ACTIVATION_STEPS,
    KINDS,
    MOVES,
    SMALLEST_SCALE,
    Range,
)

# Seven bits: processors without VNNI add two products in 16 bits, which would overflow with eight
# bits. It changes 0.1 % of the labels.
WEIGHT_LIMIT = 63
ROUNDED = ".rounded"
STEPS = ".steps"
# Operators at the end of the graph: they give the same result on bytes as on floats.
READERS_OF_STEPS = ("ArgMax", "Gather")


def quantised(
    graph: onnx.ModelProto, ranges: Mapping[str, Range], stages: Collection[str]
) -> onnx.ModelProto:
    """Return a graph with some of its stages in 8-bit integers.

    Args:
        graph: graph in float.
        ranges: ranges of all values inside the graph, see
            :func:`mininet_ros.lab.training.export.ranges.value_ranges`.
        stages: names of the stages; the name of a node begins with that of its stage.
    """
    return _Quantisation(graph, ranges, stages).result()


def ranges_of(graph: onnx.ModelProto) -> tuple[dict[str, Range], tuple[str, ...]]:
    """Return ranges and stages of a quantised graph, for the same network at another size."""
    constants = {weight.name: weight for weight in graph.graph.initializer}
    ranges: dict[str, Range] = {}
    stages: dict[str, None] = {}
    for node in graph.graph.node:
        if node.op_type == "QuantizeLinear":
            scale, zero = (float(numpy_helper.to_array(constants[x])) for x in node.input[1:])
            ranges[node.input[0].removesuffix(".list")] = (
                -zero * scale,
                (ACTIVATION_STEPS - zero) * scale,
            )
        elif node.op_type == "Conv" and node.input[1].endswith(ROUNDED):
            stages[_stage(node)] = None
    return ranges, tuple(stages)


def _stage(node: onnx.NodeProto) -> str:
    return node.name.split(".")[0]


class _Quantisation:
    def __init__(
        self, graph: onnx.ModelProto, ranges: Mapping[str, Range], stages: Collection[str]
    ) -> None:
        self._source = graph
        self._weights = {
            weight.name: numpy_helper.to_array(weight) for weight in graph.graph.initializer
        }
        nodes = {
            node.output[0]: node
            for node in graph.graph.node
            if node.op_type in KINDS and _stage(node) in stages
        }
        self._activations = self._folded_activations(nodes)
        self._chosen = self._with_ranges(nodes, ranges)
        self._ranges = self._shared_ranges(ranges)
        self._shapes = {
            value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            for value in onnx.shape_inference.infer_shapes(graph).graph.value_info
        }
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def result(self) -> onnx.ModelProto:
        """Return the graph; the selected nodes read and write quantised values."""
        done: dict[str, str] = {}
        for node in self._source.graph.node:
            if node.output[0] in self._activations.values():
                continue
            added = onnx.NodeProto()
            added.CopyFrom(node)
            chosen = node.output[0] in self._chosen
            if node.op_type in READERS_OF_STEPS and node.input[0] in done and not chosen:
                self._read_steps(added, done[node.input[0]])
                continue
            for number, name in enumerate(node.input):
                if name in done and (chosen or name in self._chosen):
                    added.input[number] = done[name]
                elif chosen and name in self._ranges:
                    added.input[number] = done[name] = self._entering(name)
            if chosen and node.op_type == "Conv":
                self._round_weights(added, node.input[0])
            output = self._activations.get(node.output[0], node.output[0])
            added.output[0] = output
            self._nodes.append(added)
            if chosen:
                done[output] = self._rounded(output)
        return self._assembled()

    def _folded_activations(self, nodes: Mapping[str, onnx.NodeProto]) -> dict[str, str]:
        """Map the output of the node before each ReLU to the ReLU's output, which replaces it.

        The node's own output no longer exists then, so nothing else may read it.
        """
        readers = Counter(name for node in self._source.graph.node for name in node.input)
        return {
            node.input[0]: output
            for output, node in nodes.items()
            if node.op_type == "Relu" and node.input[0] in nodes and readers[node.input[0]] == 1
        }

    def _with_ranges(
        self, nodes: Mapping[str, onnx.NodeProto], ranges: Mapping[str, Range]
    ) -> dict[str, onnx.NodeProto]:
        """Return nodes whose output has a range, its own or that of the value that it moves."""
        chosen: dict[str, onnx.NodeProto] = {}
        for name, node in nodes.items():
            moved = node.op_type in MOVES and (node.input[0] in chosen or node.input[0] in ranges)
            if name in ranges or self._activations.get(name) in ranges or moved:
                chosen[name] = node
        return chosen

    def _shared_ranges(self, ranges: Mapping[str, Range]) -> dict[str, Range]:
        """Return the ranges of the values; a moved value has the range of its destination."""
        shared = dict(ranges)
        moves = [
            node
            for node in self._source.graph.node
            if node.output[0] in self._chosen and node.op_type in MOVES
        ]
        for node in reversed(moves):
            for name in node.input:
                if name in self._chosen and node.output[0] in shared:
                    shared[name] = shared[node.output[0]]
        for node in moves:
            if node.op_type != "Concat":
                shared[node.output[0]] = shared[node.input[0]]
        return shared

    def _rounded(self, name: str) -> str:
        """Add the nodes that quantise and dequantise a value; return the name of the output."""
        parameters = self._parameters(name)
        steps, rounded = f"{name}{STEPS}", f"{name}{ROUNDED}"
        self._add("QuantizeLinear", [name, *parameters], steps)
        return self._add("DequantizeLinear", [steps, *parameters], rounded)

    def _entering(self, name: str) -> str:
        """Like :meth:`_rounded`, for planes from a part in float.

        The values are brought to pixel order before they become bytes. Float convolutions write
        blocks of channels; with as many channels as one block these are already in pixel order.
        Integer convolutions read pixel order. Otherwise the runtime converts to planes of floats,
        which takes 0.3 ms for 16 channels of 256x128. The Flatten keeps the runtime from
        exchanging the two steps.
        """
        shape = self._shapes.get(name, [])
        if len(shape) != 4:
            return self._rounded(name)
        parameters = self._parameters(name)
        steps, rounded = f"{name}{STEPS}", f"{name}{ROUNDED}"
        batch, channels, height, width = shape
        whole = self._constant(f"{name}.whole", np.array([batch, height, width, channels]))
        value = self._add("Transpose", [name], f"{name}.pixels", perm=[0, 2, 3, 1])
        value = self._add("Flatten", [value], f"{name}.list")
        value = self._add("QuantizeLinear", [value, *parameters], f"{name}.list{STEPS}")
        value = self._add("Reshape", [value, whole], f"{name}.pixels{STEPS}")
        self._add("Transpose", [value], steps, perm=[0, 3, 1, 2])
        return self._add("DequantizeLinear", [steps, *parameters], rounded)

    def _read_steps(self, node: onnx.NodeProto, rounded: str) -> None:
        """Let a node that only compares or selects values work on bytes."""
        name = rounded.removesuffix(ROUNDED)
        node.input[0] = f"{name}{STEPS}"
        self._nodes.append(node)
        if node.op_type == "Gather":
            output = node.output[0]
            node.name = node.output[0] = f"{output}{STEPS}"
            self._add("DequantizeLinear", [node.output[0], *self._parameters(name)], output)

    def _parameters(self, name: str) -> list[str]:
        scale = self._scale(name)
        zero = np.round(-self._ranges[name][0] / scale)
        return [
            self._constant(f"{name}.scale", np.array(scale, np.float32)),
            self._constant(f"{name}.zero", np.array(zero, np.uint8)),
        ]

    def _add(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def _scale(self, name: str) -> float:
        low, high = self._ranges[name]
        return max((high - low) / ACTIVATION_STEPS, SMALLEST_SCALE)

    def _round_weights(self, conv: onnx.NodeProto, x: str) -> None:
        weight = self._weights[conv.input[1]]
        scale = np.abs(weight).reshape(len(weight), -1).max(axis=1) / WEIGHT_LIMIT
        scale = np.maximum(scale, SMALLEST_SCALE).astype(np.float32)
        steps = np.round(weight / scale[:, None, None, None]).astype(np.int8)
        conv.input[1] = self._dequantised(conv.input[1], steps, scale)
        if len(conv.input) > 2:
            product = (scale * self._scale(x)).astype(np.float32)
            bias = np.round(self._weights[conv.input[2]] / product.astype(np.float64))
            limits = np.iinfo(np.int32)
            steps = bias.clip(limits.min, limits.max).astype(np.int32)
            conv.input[2] = self._dequantised(conv.input[2], steps, product)

    def _dequantised(self, name: str, steps: np.ndarray, scale: np.ndarray) -> str:
        inputs = [
            self._constant(f"{name}.steps", steps),
            self._constant(f"{name}.scale", scale),
            self._constant(f"{name}.zero", np.zeros(len(scale), steps.dtype)),
        ]
        output = f"{name}{ROUNDED}"
        return self._add("DequantizeLinear", inputs, output, axis=0)

    def _constant(self, name: str, value: np.ndarray) -> str:
        self._constants[name] = numpy_helper.from_array(value, name)
        return name

    def _assembled(self) -> onnx.ModelProto:
        model = onnx.ModelProto()
        model.CopyFrom(self._source)
        del model.graph.node[:], model.graph.initializer[:]
        model.graph.node.extend(self._nodes)
        used = {name for node in self._nodes for name in node.input}
        model.graph.initializer.extend(
            weight for weight in self._source.graph.initializer if weight.name in used
        )
        model.graph.initializer.extend(self._constants.values())
        onnx.checker.check_model(model, full_check=True)
        return model
