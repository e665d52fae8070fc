"""The layers of MiniNet-v2 as ONNX nodes, in the forms that runtimes execute fastest.

Runtimes store values in blocks of channels. Convolutions, pooling and sums keep this order. Other
operations, such as a concatenation within a block, need additional passes over memory. Times in
the comments were measured in ONNX Runtime on one core, for 19 classes at 512x256.
"""

from __future__ import annotations

import numpy as np

from mininet_ros.lab.training.export.builder import (
    Graph,
    PixelTable,
    as_array,
    batch_norm_affine,
    folded,
)
from mininet_ros.network.layers import (
    Downsampling,
    MultiDilationModule,
    SeparableModule,
    TransposedConvolution,
    Upsampling,
)

CHANNEL_BLOCK = 16
TO_PLANES = [0, 3, 1, 2]
TO_PIXELS = [0, 2, 3, 1]
# A stride-2 transposed convolution cropped at bottom and right: output row 2i takes kernel row 2
# from input row i - 1 and kernel row 0 from input row i; output row 2i + 1 takes kernel row 1
# from input row i. Columns likewise.
TAPS = ((2, 0), (1,))


def downsampling(graph: Graph, layer: Downsampling, x: str, name: str) -> str:
    """Strided convolution and max-pool, concatenated, with their batch norm folded."""
    factor, summand = (value.astype(np.float32) for value in batch_norm_affine(layer.norm))
    convolved, channels = layer.conv.out_channels, layer.norm.num_features
    weight = layer.conv.weight.detach().cpu().numpy() * factor[:convolved, None, None, None]
    strided = {"strides": [2, 2], "pads": [0, 0, 1, 1]}
    halved = {"kernel_shape": [2, 2], "strides": [2, 2]}
    if convolved % CHANNEL_BLOCK:
        # The stems have 13 + 3 channels. Each branch gets all 16 channels, with zeros for those
        # of the other branch, and both are added: 0.4 ms instead of 0.9 ms for a concatenation.
        wide = np.zeros((channels, *weight.shape[1:]), np.float32)
        wide[:convolved] = weight
        side = np.zeros((channels, channels - convolved, 1, 1), np.float32)
        side[convolved:, :, 0, 0] = np.diag(factor[convolved:])
        left = graph.conv(x, f"{name}.conv", wide, None, **strided)
        # Both stems pool the image.
        pooled = graph.shared_node("MaxPool", [x], f"{x}.pool", **halved)
        right = graph.conv(pooled, f"{name}.pool_norm", side, summand)
        return graph.node("Relu", [graph.node("Add", [left, right], f"{name}.sum")], name)
    left = graph.conv(x, f"{name}.conv", weight, summand[:convolved], **strided)
    pooled = graph.node("MaxPool", [x], f"{name}.pool", **halved)
    right = graph.conv(
        pooled,
        f"{name}.pool_norm",
        factor[convolved:].reshape(-1, 1, 1, 1),
        summand[convolved:],
        group=channels - convolved,
    )
    sides = [graph.node("Relu", [side], f"{side}_relu") for side in (left, right)]
    return graph.node("Concat", sides, name, axis=1)


def separable(graph: Graph, layer: SeparableModule, x: str, name: str) -> str:
    """Depthwise and pointwise convolution with a residual."""
    spatial = graph.conv(
        x,
        f"{name}.depthwise",
        layer.depthwise.weight.detach().cpu().numpy(),
        None,
        group=layer.depthwise.out_channels,
        pads=[1] * 4,
    )
    projected = graph.conv(spatial, f"{name}.pointwise", *folded(layer.pointwise, layer.norm))
    return graph.node("Relu", [graph.node("Add", [projected, x], f"{name}.residual")], name)


def multi_dilation(graph: Graph, layer: MultiDilationModule, x: str, name: str) -> str:
    """Sum of two depthwise convolutions with different rates, pointwise convolution, residual."""
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


def transposed(graph: Graph, layer: TransposedConvolution, x: str, name: str) -> str:
    """Transposed convolution with bias."""
    return to_planes(graph, transposed_table(graph, layer, x, name), name)


def transposed_table(graph: Graph, layer: TransposedConvolution, x: str, name: str) -> PixelTable:
    """Transposed convolution with bias as a table, for readers of single pixels."""
    weight, bias = (as_array(value) for value in (layer.deconv.weight, layer.deconv.bias))
    phases = _phases(graph, x, name, weight, bias)
    return _block_table(graph, phases, name, graph.sizes[name])


def upsampling(graph: Graph, layer: Upsampling, x: str, name: str) -> str:
    """Transposed convolution with its batch norm folded, and ReLU."""
    factor, summand = batch_norm_affine(layer.norm)
    weight = as_array(layer.deconv.weight, np.float64) * factor[:, None, None]
    bias = as_array(layer.deconv.bias, np.float64) * factor + summand
    phases = _phases(graph, x, name, weight.astype(np.float32), bias.astype(np.float32))
    activated = [graph.node("Relu", [phase], f"{phase}_relu") for phase in phases]
    table = _block_table(graph, activated, f"{name}.planes", graph.sizes[name])
    planes = to_planes(graph, table, f"{name}.planes")
    # A convolution with ones returns to blocks of channels, where it fuses with the next sum.
    channels = weight.shape[1]
    return graph.conv(planes, name, np.ones((channels, 1, 1, 1), np.float32), None, group=channels)


def _phases(graph: Graph, x: str, name: str, weight: np.ndarray, bias: np.ndarray) -> list[str]:
    """Stride-2 transposed convolution, cropped to twice the input's size, as convolutions.

    Each convolution gives the pixels at one position in the 2x2 blocks of the output, row by row
    of the block. Alternatively one convolution gives all four positions as groups of channels.
    """
    in_channels, out_channels = weight.shape[:2]
    kernels = {
        (row, column): weight[:, :, rows][..., columns].swapaxes(0, 1)
        for row, rows in enumerate(TAPS)
        for column, columns in enumerate(TAPS)
    }
    if out_channels % CHANNEL_BLOCK == 0:
        return [
            graph.conv(
                x,
                f"{name}.phase{row}{column}",
                kernel,
                bias,
                pads=[kernel.shape[2] - 1, kernel.shape[3] - 1, 0, 0],
            )
            for (row, column), kernel in kernels.items()
        ]
    # Each of four results would be padded to whole blocks, so one convolution computes all four.
    blocks = np.zeros((2, 2, out_channels, in_channels, 2, 2), np.float32)
    for (row, column), kernel in kernels.items():
        blocks[row, column, :, :, -kernel.shape[2] :, -kernel.shape[3] :] = kernel
    kernel = blocks.reshape(4 * out_channels, in_channels, 2, 2)
    return [graph.conv(x, f"{name}.phases", kernel, np.tile(bias, 4), pads=[1, 1, 0, 0])]


def _block_table(
    graph: Graph, phases: list[str], name: str, size: tuple[int, int, int]
) -> PixelTable:
    """Return the table of 2x2 blocks from their four positions, (1, C, h, w) each or all in one."""
    height, width, channels = size
    joined = phases[0]
    if len(phases) > 1:
        joined = graph.node("Concat", phases, f"{name}.joined", axis=1)
    pixels = graph.node("Transpose", [joined], f"{name}.pixels", perm=TO_PIXELS)
    table = graph.reshape(pixels, f"{name}.table", height * width, channels)
    return PixelTable(table, height, width, channels, block=2)


def to_planes(graph: Graph, table: PixelTable, output: str) -> str:
    """Convert a table to planes (1, C, H, W).

    Whole pixels with all their channels are moved. This takes 0.4 ms for the first of the two
    upsamplings; the operator ``DepthToSpace`` takes 1.4 ms.
    """
    height, width, channels, block = table.height, table.width, table.channels, table.block
    whole = table.value
    if block > 1:
        lines = (height // block, width // block, block, block * channels)
        blocks = graph.reshape(whole, f"{output}.blocks", *lines)
        whole = graph.node("Transpose", [blocks], f"{output}.rows", perm=[0, 2, 1, 3])
    pixels = graph.reshape(whole, f"{output}.whole", 1, height, width, channels)
    return graph.node("Transpose", [pixels], output, perm=TO_PLANES)


def from_planes(graph: Graph, planes: str, output: str, size: tuple[int, int, int]) -> PixelTable:
    """Convert planes (1, C, H, W) to a table."""
    height, width, channels = size
    pixels = graph.node("Transpose", [planes], f"{output}.pixels", perm=TO_PIXELS)
    return PixelTable(graph.reshape(pixels, f"{output}.table", height * width, channels), *size)
