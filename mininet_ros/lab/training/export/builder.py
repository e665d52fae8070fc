"""Builds ONNX graphs from nodes and weights, and folds batch norms into convolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper
from torch import Tensor, nn

# Weight decay drives the weights of unused channels towards zero, down to numbers so small that
# processors are several times slower with them.
SMALLEST_WEIGHT = 1e-20


@dataclass(frozen=True)
class PixelTable:
    """An image as a table with one row per pixel: block by block, and row by row in each block.

    Attributes:
        value: name of the table (height * width, channels).
        height, width: size of the image in pixels.
        channels: number of channels.
        block: side of the square blocks in pixels; 1 means the usual order of image rows.
    """

    value: str
    height: int
    width: int
    channels: int
    block: int = 1

    def rows_of(self, y: np.ndarray) -> np.ndarray:
        """Return the part of the table row index that depends on the image row ``y``, int32."""
        across = self.width * self.block
        return (y // self.block * across + y % self.block * self.block).astype(np.int32)

    def rows_of_columns(self, x: np.ndarray) -> np.ndarray:
        """Return the part that depends on the column ``x``, int32; the row index is the sum."""
        return (x // self.block * self.block**2 + x % self.block).astype(np.int32)


class Graph:
    """Collects the nodes and weights of an ONNX graph; values are identified by their names.

    Args:
        sizes: height, width and channels of each stage's output, by the name of the stage.
    """

    def __init__(self, sizes: Mapping[str, tuple[int, int, int]]) -> None:
        self.sizes = sizes
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: np.ndarray | np.float32) -> str:
        """Add a constant and return its name; vanished numbers become zero."""
        constant = np.array(value, order="C")
        if constant.dtype.kind == "f":
            # Batch norms that are folded in make small weights smaller yet.
            constant = np.where(np.abs(constant) < SMALLEST_WEIGHT, 0, constant).astype(
                constant.dtype
            )
        self.weights.append(numpy_helper.from_array(constant, name))
        return name

    def integers(self, name: str, *values: int) -> str:
        """Add a constant list of integers, such as a shape or axes, and return its name."""
        return self.weight(name, np.array(values, np.int64))

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a node with one output and return the name of the output."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def shared_node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Like :meth:`node`, but reuse an existing output of the same name."""
        if any(node.name == output for node in self.nodes):
            return output
        return self.node(kind, inputs, output, **attributes)

    def reshape(self, x: str, output: str, *shape: int) -> str:
        """Add a node that reshapes a value; one side may be -1. Return the output's name."""
        return self.node("Reshape", [x, self.integers(f"{output}.shape", *shape)], output)

    def split(self, x: str, outputs: Sequence[str], axis: int = 0) -> Sequence[str]:
        """Add a node that splits a value along an axis; return the names of the parts."""
        self.nodes.append(helper.make_node("Split", [x], outputs, name=f"{x}.split", axis=axis))
        return outputs

    def conv(
        self, x: str, output: str, weight: np.ndarray, bias: np.ndarray | None, **attributes: Any
    ) -> str:
        """Add a convolution with a weight (out, in / group, kh, kw); return the output's name."""
        inputs = [x, self.weight(f"{output}.weight", weight)]
        if bias is not None:
            inputs.append(self.weight(f"{output}.bias", bias))
        return self.node("Conv", inputs, output, **attributes)


def as_array(tensor: Tensor | None, dtype: type[np.floating[Any]] = np.float32) -> np.ndarray:
    """Return the weights of a layer as an array.

    Raises:
        ValueError: the layer does not have them, such as a convolution without bias.
    """
    if tensor is None:
        raise ValueError("a layer of the network lacks weights that its ONNX form needs")
    return tensor.detach().cpu().numpy().astype(dtype)


def batch_norm_affine(norm: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and offset per channel, float64, of a batch norm in evaluation mode."""
    gamma, beta, mean, variance = (
        as_array(tensor, np.float64)
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    )
    factor = gamma / np.sqrt(variance + norm.eps)
    return factor, beta - mean * factor


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    """Fold a batch norm into the convolution before it; return weight and bias, float32."""
    factor, summand = batch_norm_affine(norm)
    weight = conv.weight.detach().double().cpu().numpy() * factor[:, None, None, None]
    return weight.astype(np.float32), summand.astype(np.float32)
