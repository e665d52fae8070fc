"""Completes a segmentation network in an ONNX file, so that it does the same work as ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference

from mininet_ros.lab.benchmark.engine import Engine

OPSET = 17


def peer_engine(name: str, source: Path, width: int, height: int, folder: Path) -> Engine:
    """Build an engine from an ONNX file; it takes an image and returns a label mask of its size.

    Missing steps are added, so that all engines do the same work. A float (1, 3, H, W) input gets
    a conversion from a uint8 image. Logits (1, C, h, w) get bilinear upsampling and an argmax. A
    file that already maps uint8 (1, H, W, 3) to integer labels is used unchanged.

    Args:
        name: name in the tables.
        source: the ONNX file.
        width, height: size of the image in pixels.
        folder: folder that the completed file is written to.

    Raises:
        ValueError: the file is not an ONNX model, or has other inputs or outputs.
    """
    try:
        model = onnx.load(source)
    except Exception as error:  # the protobuf decoder's errors share no public base class
        raise ValueError(f"{source} is no ONNX file: {error}") from error
    parameters = count_parameters(model)
    (taken, *more), (given, *_) = model.graph.input, model.graph.output
    if more:
        raise ValueError(f"{source} has {1 + len(more)} inputs; a segmentation network has one")
    kind = taken.type.tensor_type.elem_type
    dims = [dim.dim_value for dim in taken.type.tensor_type.shape.dim]
    if kind == TensorProto.FLOAT and len(dims) == 4 and dims[1] in (0, 3):
        _fix_shape(source, taken, [1, 3, height, width])
        _take_picture(model, width, height)
    elif not (kind == TensorProto.UINT8 and len(dims) == 4 and dims[3] in (0, 3)):
        raise ValueError(f"{source} takes neither float (1, 3, H, W) nor uint8 (1, H, W, 3)")
    else:
        _fix_shape(source, taken, [1, height, width, 3])
    if given.type.tensor_type.elem_type == TensorProto.FLOAT:
        _give_labels(model, given.name, width, height)
    del model.graph.value_info[:]
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    return Engine(name, "onnxruntime", str(path), macs=count_macs(model), parameters=parameters)


def count_macs(model: onnx.ModelProto) -> int:
    """Count multiply-accumulates of convolutions and matrix products with constant weights."""
    inferred = shape_inference.infer_shapes(model)
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*inferred.graph.value_info, *inferred.graph.input, *inferred.graph.output)
    }
    weights = {weight.name: list(weight.dims) for weight in inferred.graph.initializer}
    macs = 0
    for node in inferred.graph.node:
        if node.op_type in ("Conv", "Gemm", "MatMul") and node.input[1] in weights:
            weight = weights[node.input[1]]
            pixels = np.prod(shapes.get(node.output[0], [0])[2:] or [1])
            macs += int(pixels * np.prod(weight))
        elif node.op_type == "ConvTranspose" and node.input[1] in weights:
            pixels = np.prod(shapes.get(node.input[0], [0])[2:])
            macs += int(pixels * np.prod(weights[node.input[1]]))
    return macs


def _fix_shape(source: Path, taken: onnx.ValueInfoProto, shape: list[int]) -> None:
    dims = taken.type.tensor_type.shape.dim
    for dim, side in zip(dims, shape, strict=True):
        if dim.dim_value not in (0, side):
            raise ValueError(
                f"{source} is fixed at {[dim.dim_value for dim in dims]}, but the benchmark runs "
                f"at {shape}: export it at that size"
            )
        dim.Clear()
        dim.dim_value = side


def _take_picture(model: onnx.ModelProto, width: int, height: int) -> None:
    name = model.graph.input[0].name
    weights = (("peer.scale", 1 / 255), ("peer.offset", -0.5))
    model.graph.initializer.extend(
        numpy_helper.from_array(np.array(value, np.float32), key) for key, value in weights
    )
    nodes = [
        helper.make_node("Cast", ["peer.picture"], ["peer.float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["peer.float"], ["peer.planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Mul", ["peer.planes", "peer.scale"], ["peer.scaled"]),
        helper.make_node("Add", ["peer.scaled", "peer.offset"], [name]),
    ]
    rest = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])
    del model.graph.input[:]
    shape = [1, height, width, 3]
    model.graph.input.append(
        helper.make_tensor_value_info("peer.picture", TensorProto.UINT8, shape)
    )


def _give_labels(model: onnx.ModelProto, logits: str, width: int, height: int) -> None:
    model.graph.initializer.append(
        numpy_helper.from_array(np.array([height, width], np.int64), "peer.size")
    )
    model.graph.node.extend(
        [
            helper.make_node("Shape", [logits], ["peer.channels"], start=0, end=2),
            helper.make_node("Concat", ["peer.channels", "peer.size"], ["peer.shape"], axis=0),
            helper.make_node(
                "Resize", [logits, "", "", "peer.shape"], ["peer.enlarged"], mode="linear"
            ),
            helper.make_node("ArgMax", ["peer.enlarged"], ["peer.winner"], axis=1, keepdims=0),
            helper.make_node("Cast", ["peer.winner"], ["peer.mask"], to=TensorProto.UINT8),
        ]
    )
    del model.graph.output[:]
    model.graph.output.append(
        helper.make_tensor_value_info("peer.mask", TensorProto.UINT8, [1, height, width])
    )
    (opset,) = (entry for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    if opset.version < 15:
        model.CopyFrom(onnx.version_converter.convert_version(model, OPSET))


def count_parameters(model: onnx.ModelProto) -> int:
    """Count the values of constants in float and in 8 bits, which the weights are."""
    kinds = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT8, TensorProto.UINT8)
    return sum(int(np.prod(w.dims)) for w in model.graph.initializer if w.data_type in kinds)
