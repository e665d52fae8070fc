"""The end of an exported graph: from logits to label mask and confidence.

Logits are enlarged bilinearly with half-pixel centres by an even ``factor``. The ``factor`` x
``factor`` pixels between four neighbouring logits are a *cell*. They are weighted means of these
four logits, with the same weights in every cell. Cells at the border use their outer logits twice.
Along each axis there is one more cell than logits, and half of each outermost cell is outside the
image.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from mininet_ros.lab.training.export.builder import Graph, PixelTable


def add_mask(graph: Graph, table: PixelTable, size: tuple[int, int]) -> None:
    """Add the output ``mask``: the class of the largest enlarged logit at each pixel.

    If one class has the largest logit at all four corners of a cell, it has the largest logit at
    all pixels of the cell. Most cells are of this kind and directly get their label. Only the
    other cells, at the borders between classes, are interpolated. The enlarged logits of the whole
    image are never computed.

    Args:
        graph: graph that the nodes are added to.
        table: logits, float.
        size: height and width of the image in pixels.

    Raises:
        ValueError: the image size is not that of the logits or an even multiple of it.
    """
    height, width = table.height, table.width
    factor = _factor(height, width, size)
    winner = graph.node("ArgMax", [table.value], "winner", axis=1, keepdims=0)
    small = graph.node("Cast", [winner], "label", to=TensorProto.UINT8)
    plane = _plane_of_labels(graph, table, small)
    if factor == 1:
        graph.reshape(plane, "mask", 1, height, width)
        return
    floats = graph.node("Cast", [plane], "label.float", to=TensorProto.FLOAT)
    negative = graph.node("Neg", [floats], "label.negative")
    highest, lowest = (
        graph.node("MaxPool", [x], name, kernel_shape=[2, 2], strides=[1, 1], pads=[1] * 4)
        for x, name in ((floats, "cell.highest"), (negative, "cell.negative_lowest"))
    )
    # Zero if all four logits have the same class; the indices are those of the other cells.
    differing = graph.node("Add", [highest, lowest], "cell.differing")
    cells = graph.reshape(differing, "cell.list", -1)
    border = graph.node("NonZero", [cells], "border")
    whole = _uniform_cells(graph, highest, factor)
    labels = _border_labels(graph, table, border, factor)
    row = (width + 1) * factor
    # Cell (k, l) starts at row k * factor and column l * factor.
    inside = np.arange(factor)
    lines = (np.arange(height + 1)[None, :] * factor + np.repeat(inside, factor)[:, None]) * row
    columns = np.arange(width + 1)[None, :] * factor + np.tile(inside, factor)[:, None]
    where = _numbers(graph, "border.places", lines, columns, border)
    flat_places = graph.reshape(where, "border.flat", -1)
    refined = graph.node("ScatterElements", [whole, flat_places, labels], "refined")
    canvas = graph.reshape(refined, "refined.table", 1, (height + 1) * factor, row)
    _cropped(graph, canvas, "mask", factor // 2, size)


def add_confidence(
    graph: Graph, logits: str, logits_size: tuple[int, int, int], size: tuple[int, int]
) -> None:
    """Add the output ``confidence``: the softmax of the largest enlarged logit, times 255.

    It takes a fifth of the time, and most robots never read it. The mask does not depend on these
    nodes, so a runtime that computes only the mask can skip them.

    Args:
        graph: graph that the nodes are added to.
        logits: name of the logits, float (1, classes, h, w).
        logits_size: height, width and number of classes of the logits.
        size: height and width of the image in pixels.

    Raises:
        ValueError: see :func:`add_mask`.
    """
    height, width, classes = logits_size
    factor = _factor(height, width, size)
    cells = (height + 1) * (width + 1)
    if factor == 1:
        each = graph.reshape(logits, "enlarged.table", classes, height * width)
    else:
        edges = graph.integers("logits.edges", 0, 0, 1, 1, 0, 0, 1, 1)
        padded = graph.node("Pad", [logits, edges], "logits.padded", mode="edge")
        weights = np.tile(_cell_weights(factor), (classes, 1)).reshape(-1, 1, 2, 2)
        enlarged = graph.conv(padded, "enlarged", weights, None, group=classes)
        each = graph.reshape(enlarged, "enlarged.table", classes, factor**2 * cells)
    # One maximum after the other takes half the time of ReduceMax.
    parts = graph.split(each, [f"enlarged.{number}" for number in range(classes)])
    below = graph.node("Sub", [each, graph.node("Max", parts, "largest")], "below")
    odds = graph.node("Exp", [below], "odds")
    first = graph.integers("classes.axis", 0)
    total = graph.node("ReduceSum", [odds, first], "odds.total", keepdims=1)
    scaled = graph.node("Div", [graph.weight("full", np.float32(255)), total], "share")
    rounded = graph.node("Round", [scaled], "share.rounded")
    if factor == 1:
        table = graph.reshape(rounded, "share.table", 1, height, width)
    else:
        phases = graph.reshape(rounded, "share.phases", 1, factor**2, height + 1, width + 1)
        joined = graph.node("DepthToSpace", [phases], "share.cells", blocksize=factor)
        shape = (1, (height + 1) * factor, (width + 1) * factor)
        whole = graph.reshape(joined, "share.whole", *shape)
        table = _cropped(graph, whole, "share.cropped", factor // 2, size)
    graph.node("Cast", [table], "confidence", to=TensorProto.UINT8)


def _factor(height: int, width: int, size: tuple[int, int]) -> int:
    factor = size[1] // width
    if (height * factor, width * factor) != size or (factor != 1 and factor % 2):
        raise ValueError(
            f"logits of {width}x{height} cannot be enlarged to {size[1]}x{size[0]} pixels: the "
            f"factor must be 1 or even"
        )
    return factor


def _cell_weights(factor: int) -> np.ndarray:
    """Return the weights of a cell's four logits for each pixel, float32 (factor^2, 4)."""
    second = (np.arange(factor) + 0.5) / factor
    line = np.stack([1 - second, second], axis=1)
    return np.einsum("ya,xb->yxab", line, line).reshape(-1, 4).astype(np.float32)


def _plane_of_labels(graph: Graph, table: PixelTable, labels: str) -> str:
    """Add nodes that reorder labels from table order to a plane (1, 1, h, w)."""
    block = table.block
    if block > 1:
        across, down = table.width // block, table.height // block
        blocks = graph.reshape(labels, "label.blocks", down, across, block, block)
        labels = graph.node("Transpose", [blocks], "label.rows", perm=[0, 2, 1, 3])
    return graph.reshape(labels, "label.plane", 1, 1, table.height, table.width)


def _uniform_cells(graph: Graph, label: str, factor: int) -> str:
    """Add nodes that copy each cell's label to all its pixels, as a flat list."""
    small = graph.node("Cast", [label], "cell.label", to=TensorProto.UINT8)
    scales = graph.weight("cell.scales", np.array([1, 1, factor, factor], np.float32))
    large = graph.node(
        "Resize",
        [small, "", scales],
        "cell.pixels",
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return graph.reshape(large, "cell.flat", -1)


def _border_labels(graph: Graph, table: PixelTable, border: str, factor: int) -> str:
    """Add labels of all pixels of the cells ``border``, (1, n), grouped by position in the cell."""
    # Cell (k, l) lies between rows k - 1 and k; outside the image the outermost row is used.
    lines = (
        np.arange(-1, table.height).clip(0),
        np.arange(table.height + 1).clip(max=table.height - 1),
    )
    columns = (
        np.arange(-1, table.width).clip(0),
        np.arange(table.width + 1).clip(max=table.width - 1),
    )
    corner = _numbers(
        graph,
        "corner",
        table.rows_of(np.stack([lines[0], lines[0], lines[1], lines[1]])),
        table.rows_of_columns(np.stack([columns[0], columns[1]] * 2)),
        border,
    )
    logits = graph.node("Gather", [table.value, corner], "corner.logits", axis=0)
    corners = graph.reshape(logits, "corner.table", 4, -1)
    weights = graph.weight("corner.weights", _cell_weights(factor))
    means = graph.node("MatMul", [weights, corners], "border.logits")
    means = graph.reshape(means, "border.pixels", -1, table.channels)
    winner = graph.node("ArgMax", [means], "border.winner", axis=1, keepdims=0)
    return graph.node("Cast", [winner], "border.label", to=TensorProto.UINT8)


def _numbers(graph: Graph, output: str, lines: np.ndarray, columns: np.ndarray, cells: str) -> str:
    """Add nodes that look up indices, int32 (places, 1, n), for places in the cells ``cells``.

    Runtimes add up the constants when they load the graph, so each index is only one look-up.

    Args:
        lines: part of the index from the cell's row, (places, h + 1).
        columns: part of the index from the cell's column, (places, w + 1).
    """
    parts = [
        graph.weight(f"{output}.of_lines", lines.T[:, None, :].astype(np.int32)),
        graph.weight(f"{output}.of_columns", columns.T[None, :, :].astype(np.int32)),
    ]
    every = graph.node("Add", parts, f"{output}.of_cells")
    rows = graph.reshape(every, f"{output}.list", -1, len(lines))
    chosen = graph.node("Gather", [rows, cells], f"{output}.rows", axis=0)
    return graph.node("Transpose", [chosen], output, perm=[2, 0, 1])


def _cropped(graph: Graph, table: str, output: str, margin: int, size: tuple[int, int]) -> str:
    begin = graph.integers(f"{output}.begin", margin, margin)
    end = graph.integers(f"{output}.end", margin + size[0], margin + size[1])
    sides = graph.integers(f"{output}.sides", 1, 2)
    return graph.node("Slice", [table, begin, end, sides], output)
