"""An exported graph in 8-bit integers, calibrated on pictures.

Stages of the network are turned one by one into the form that ONNX Runtime and OpenVINO execute in
integers: every value passes a QuantizeLinear and a DequantizeLinear, weights have one scale a
filter, and a ReLU is the lower end of its value's range. The labels are chosen in float.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

Range = tuple[float, float]

# What moves values keeps their scale, and is moved as bytes.
MOVES = ("MaxPool", "Concat", "Transpose", "Reshape")
KINDS = ("Conv", "Add", "Relu", *MOVES)
ACTIVATION_STEPS = 255
# Seven bits: processors without VNNI add two products in 16 bits, which eight would overflow. It
# costs 0.1 % of the labels.
WEIGHT_LIMIT = 63
SMALLEST_SCALE = 1e-9
ROUNDED = ".rounded"


def value_ranges(graph: onnx.ModelProto, images: Iterable[np.ndarray]) -> dict[str, Range]:
    """Smallest and largest number of every value inside a graph, over some pictures.

    Args:
        graph: as from :func:`mininet_ros.lab.training.export.graph.build_graph`.
        images: uint8 (height, width, 3) BGR of the graph's input size.

    Returns:
        By the values' names.
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
    opened = onnx.ModelProto()
    opened.CopyFrom(graph)
    opened.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        opened.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    ranges: dict[str, Range] = {}
    for image in images:
        for name, value in zip(names, session.run(names, {"image": image[None]}), strict=True):
            low, high = ranges.get(name, (0.0, 0.0))
            ranges[name] = (min(low, float(value.min())), max(high, float(value.max())))
    return ranges


def quantised(
    graph: onnx.ModelProto, ranges: Mapping[str, Range], stages: Collection[str]
) -> onnx.ModelProto:
    """A graph with some of its stages in 8-bit integers.

    Args:
        graph: in float.
        ranges: of all values inside it, see :func:`value_ranges`.
        stages: names of the stages; a node belongs to the stage that its name begins with.
    """
    return _Quantisation(graph, ranges, stages).result()


def ranges_of(graph: onnx.ModelProto) -> tuple[dict[str, Range], tuple[str, ...]]:
    """Ranges and stages that a graph was quantised with, for the same network at another size."""
    constants = {weight.name: weight for weight in graph.graph.initializer}
    ranges: dict[str, Range] = {}
    stages: dict[str, None] = {}
    for node in graph.graph.node:
        if node.op_type == "QuantizeLinear":
            scale, zero = (float(numpy_helper.to_array(constants[x])) for x in node.input[1:])
            ranges[node.input[0]] = (-zero * scale, (ACTIVATION_STEPS - zero) * scale)
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
        self._chosen = {
            name: node
            for name, node in nodes.items()
            if name in ranges or self._activations.get(name) in ranges
        }
        self._ranges = self._shared_ranges(ranges)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def result(self) -> onnx.ModelProto:
        """The whole graph; its chosen nodes read rounded values and leave such behind them."""
        done: dict[str, str] = {}
        for node in self._source.graph.node:
            if node.output[0] in self._activations.values():
                continue
            added = onnx.NodeProto()
            added.CopyFrom(node)
            chosen = node.output[0] in self._chosen
            for number, name in enumerate(node.input):
                if name in done and (chosen or name in self._chosen):
                    added.input[number] = done[name]
                elif chosen and name in self._ranges:
                    added.input[number] = done[name] = self._rounded(name)
            if chosen and node.op_type == "Conv":
                self._round_weights(added, node.input[0])
            output = self._activations.get(node.output[0], node.output[0])
            added.output[0] = output
            self._nodes.append(added)
            if chosen:
                done[output] = self._rounded(output)
        return self._assembled()

    def _folded_activations(self, nodes: Mapping[str, onnx.NodeProto]) -> dict[str, str]:
        """Output of each ReLU by that of the node before it, which takes its place.

        That node's own value is then nowhere, so nothing else may read it.
        """
        readers = Counter(name for node in self._source.graph.node for name in node.input)
        return {
            node.input[0]: output
            for output, node in nodes.items()
            if node.op_type == "Relu" and node.input[0] in nodes and readers[node.input[0]] == 1
        }

    def _shared_ranges(self, ranges: Mapping[str, Range]) -> dict[str, Range]:
        """Ranges of the values; those that are only moved have the range of where they end."""
        shared = dict(ranges)
        for node in reversed(self._source.graph.node):
            if node.output[0] in self._chosen and node.op_type in MOVES:
                for name in node.input:
                    if name in shared and name in self._chosen:
                        shared[name] = shared[node.output[0]]
        for node in self._source.graph.node:
            if (
                node.output[0] in self._chosen
                and node.op_type in MOVES
                and node.op_type != "Concat"
            ):
                shared[node.output[0]] = shared[node.input[0]]
        return shared

    def _rounded(self, name: str) -> str:
        """Add the pair that makes a value one of 256; returns the name of its output."""
        scale = self._scale(name)
        zero = np.round(-self._ranges[name][0] / scale)
        parameters = [
            self._constant(f"{name}.scale", np.array(scale, np.float32)),
            self._constant(f"{name}.zero", np.array(zero, np.uint8)),
        ]
        steps, rounded = f"{name}.steps", f"{name}{ROUNDED}"
        self._nodes += [
            helper.make_node("QuantizeLinear", [name, *parameters], [steps], name=steps),
            helper.make_node("DequantizeLinear", [steps, *parameters], [rounded], name=rounded),
        ]
        return rounded

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
        self._nodes.append(
            helper.make_node("DequantizeLinear", inputs, [output], name=output, axis=0)
        )
        return output

    def _constant(self, name: str, value: np.ndarray) -> str:
        self._constants[name] = numpy_helper.from_array(value, name)
        return name

    def _assembled(self) -> onnx.ModelProto:
        model = onnx.ModelProto()
        model.CopyFrom(self._source)
        del model.graph.node[:], model.graph.initializer[:]
        model.graph.node.extend(self._nodes)
        used = {name for node in self._nodes for name in node.input}
        used |= {name for node in self._nodes for name in _names_in_branches(node)}
        model.graph.initializer.extend(
            weight for weight in self._source.graph.initializer if weight.name in used
        )
        model.graph.initializer.extend(self._constants.values())
        onnx.checker.check_model(model, full_check=True)
        return model


def _names_in_branches(node: onnx.NodeProto) -> set[str]:
    return {
        name for attribute in node.attribute for inner in attribute.g.node for name in inner.input
    }
