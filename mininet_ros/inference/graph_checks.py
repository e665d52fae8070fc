"""Checks of a model's graph before a robot runs it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import onnxruntime

from mininet_ros.inference.partial_graph import fields
from mininet_ros.models import Model, ModelError

# Messages of an ONNX file that lead to tensors: the kind of each by its field number. Source:
# onnx.proto of ONNX 1.19.
_CHILDREN: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {
        5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse",
    },
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}  # fmt: skip
_TENSOR_NAME, _EXTERNAL_DATA, _DATA_LOCATION = 8, 13, 14
_MAX_DEPTH = 64


def refuse_external_data(path: Path, content: bytes) -> None:
    """Refuse a graph that keeps weights in other files, because no hash covers those.

    Args:
        path: path of the file, for the message.
        content: content of the file.

    Raises:
        ModelError: the graph keeps weights elsewhere, or the file is not an ONNX file.
    """
    try:
        name = _external_tensor(content, "model", 0)
    except ValueError as error:
        raise ModelError(f"{path} cannot be read: {error}") from error
    if name is not None:
        raise ModelError(
            f"{path} keeps {name} in another file (external data): save the graph with all "
            "weights inside"
        )


def require_outputs(path: Path, session: onnxruntime.InferenceSession, model: Model) -> None:
    """Check by a trial run that the outputs of a graph are a mask and its confidence.

    Args:
        path: path of the graph, for the message.
        session: session of the whole graph.
        model: model whose size and classes the outputs must have.

    Raises:
        ModelError: an output is missing, has another type or size, or contains ids without a class.
    """
    picture = np.random.default_rng(0).integers(0, 256, (1, model.height, model.width, 3), np.uint8)
    try:
        outputs = cast("list[np.ndarray]", session.run(["mask", "confidence"], {"image": picture}))
    # ONNX Runtime's errors have no public base class.
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path} cannot label a picture: {reason}") from error
    expected = (1, model.height, model.width)
    for name, output in zip(("mask", "confidence"), outputs, strict=True):
        if output.dtype != np.uint8 or output.shape != expected:
            raise ModelError(
                f"{path}: output {name} is {output.dtype} {output.shape}, not uint8 {expected}"
            )
    largest = int(outputs[0].max())
    if largest >= len(model.classes):
        raise ModelError(
            f"{path} gives class id {largest}, but the model's card names only "
            f"{len(model.classes)} classes"
        )


def _external_tensor(message: bytes, kind: str, depth: int) -> str | None:
    """Return the name of a tensor whose data are in another file; None if there is none."""
    if depth > _MAX_DEPTH:
        raise ValueError("its graphs are nested too deeply")
    children = _CHILDREN[kind]
    name, is_external = "a tensor", False
    for number, whole, content in fields(message):
        if number in children:
            found = _external_tensor(content, children[number], depth + 1)
            if found is not None:
                return found
        elif kind == "tensor" and number == _TENSOR_NAME:
            name = f"tensor {content.decode(errors='replace')!r}"
        elif kind == "tensor" and number == _EXTERNAL_DATA:
            is_external = True
        elif kind == "tensor" and number == _DATA_LOCATION:
            is_external |= whole[-1] == 1
    return name if is_external else None
