"""ONNX forms of the layers that only networks of the study have.

Batch norms are folded into the convolutions before them.
:mod:`mininet_ros.lab.training.export.graph` registers these functions in addition to its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mininet_ros.lab.training.export.builder import Graph, as_array
from mininet_ros.lab.training.export.layers import transposed
from mininet_ros.network.layers import NormRelu
from mininet_ros.network.mininet_v1 import (
    SeluDownsampling,
    SeluModule,
    SeluSeparable,
    SeluUpsampling,
)
from mininet_ros.network.study_layers import (
    AtrousSeparableModule,
    FactorisedModule,
    FactorisedSeparableModule,
    PixelDoubling,
    ResidualModule,
    StandardModule,
)


def _residual(graph: Graph, layer: ResidualModule, x: str, name: str) -> str:
    """Residual branch with its last batch norm folded, sum and ReLU."""
    residual = x
    steps = [*_steps(layer.convolution), layer.norm]
    for number, step in enumerate(steps):
        output = f"{name}.step{number}"
        following = steps[number + 1] if number + 1 < len(steps) else None
        if isinstance(step, nn.Conv2d):
            if isinstance(following, nn.BatchNorm2d):
                step = fuse_conv_bn_eval(step, following)
            residual = _convolution(graph, step, residual, output)
        elif isinstance(step, (NormRelu, nn.ReLU)):
            residual = graph.node("Relu", [residual], output)
    return graph.node("Relu", [graph.node("Add", [residual, x], f"{name}.residual")], name)


def _steps(module: nn.Module) -> list[nn.Module]:
    """Return the layers of a chain in order; they were registered in the order of their use."""
    children = list(module.children())
    return [step for child in children for step in _steps(child)] if children else [module]


def _pixel_doubling(graph: Graph, layer: PixelDoubling, x: str, name: str) -> str:
    """1x1 convolution to the four pixels of each 2x2 block as channels, then rearrangement."""
    weight = as_array(layer.deconv.weight)
    in_channels, out_channels = weight.shape[:2]
    blocks = weight.transpose(2, 3, 1, 0).reshape(4 * out_channels, in_channels, 1, 1)
    bias = np.tile(as_array(layer.deconv.bias), 4)
    small = graph.conv(x, f"{name}.blocks", blocks, bias)
    return graph.node("DepthToSpace", [small], name, blocksize=2, mode="DCR")


def _selu_downsampling(graph: Graph, layer: SeluDownsampling, x: str, name: str) -> str:
    return graph.node("Selu", [_separable(graph, layer, x, f"{name}.separable")], name)


def _selu_module(graph: Graph, layer: SeluModule, x: str, name: str) -> str:
    y = _separable(graph, layer.near_row, x, f"{name}.near_row")
    y = graph.node("Selu", [y], f"{name}.near_row_selu")
    near = _separable(graph, layer.near_column, y, f"{name}.near_column")
    y = graph.node("Selu", [near], f"{name}.near_selu")
    y = _separable(graph, layer.far_column, y, f"{name}.far_column")
    y = graph.node("Selu", [y], f"{name}.far_column_selu")
    far = _separable(graph, layer.far_row, y, f"{name}.far_row")
    channels = layer.near_row.pointwise.out_channels
    if channels != layer.near_row.pointwise.in_channels:
        bounds = {"start": 0, "end": channels, "axis": 1}
        constants = [
            graph.weight(f"{name}.{key}", np.array([value], np.int64))
            for key, value in bounds.items()
        ]
        x = graph.node("Slice", [x, *constants], f"{name}.first_channels")
    residual = graph.node("Add", [far, near], f"{name}.residual")
    return graph.node("Selu", [graph.node("Add", [residual, x], f"{name}.sum")], name)


def _selu_upsampling(graph: Graph, layer: SeluUpsampling, x: str, name: str) -> str:
    return graph.node("Selu", [transposed(graph, layer, x, name)], f"{name}.selu")


def _separable(graph: Graph, layer: SeluSeparable, x: str, name: str) -> str:
    spatial = _convolution(graph, layer.depthwise, x, f"{name}.depthwise")
    return _convolution(graph, layer.pointwise, spatial, f"{name}.pointwise")


def _convolution(graph: Graph, conv: nn.Conv2d, x: str, name: str) -> str:
    # The layer of a strided convolution pads it at the bottom and at the right.
    pads = [*conv.padding, *conv.padding] if conv.stride == (1, 1) else [0, 0, 1, 1]
    return graph.conv(
        x,
        name,
        conv.weight.detach().cpu().numpy(),
        None if conv.bias is None else conv.bias.detach().cpu().numpy(),
        strides=list(conv.stride),
        pads=pads,
        dilations=list(conv.dilation),
        group=conv.groups,
    )


STUDY_EMITTERS: dict[type[nn.Module], Callable[[Graph, Any, str, str], str]] = {
    StandardModule: _residual,
    AtrousSeparableModule: _residual,
    FactorisedModule: _residual,
    FactorisedSeparableModule: _residual,
    PixelDoubling: _pixel_doubling,
    SeluDownsampling: _selu_downsampling,
    SeluModule: _selu_module,
    SeluUpsampling: _selu_upsampling,
}
