"""The end of an exported graph: from logits to a label mask and a confidence.

Logits are enlarged bilinearly with half-pixel centres. Enlarged an even number of times, the
``factor`` x ``factor`` pixels between the same four logits, a *cell*, are means of these four with
weights that are the same in every cell; cells at the border have their outer logits twice. There is
one cell more than logits along each axis, and half of each outermost cell is outside the picture.
"""

from __future__ import annotations

import numpy as np
from onnx import TensorProto, numpy_helper

from mininet_ros.lab.training.export.builder import Graph

WITH_CONFIDENCE = "with_confidence"


def add_mask(
    graph: Graph, pixels: str, logits_size: tuple[int, int, int], size: tuple[int, int]
) -> None:
    """Add the output ``mask``: at each pixel the class whose enlarged logit is the largest.

    A class that has the largest of all four logits of a cell has it everywhere in the cell: such
    cells, most of them, take its label. Only the others, along the borders of what is seen, are
    interpolated, and the enlarged logits of a whole picture never exist.

    Args:
        graph: is added to.
        pixels: name of the logits, float (1, h, w, classes), channels last.
        logits_size: h, w and number of classes.
        size: height and width of the picture.

    Raises:
        ValueError: the picture is neither as large as the logits nor an even multiple of them.
    """
    factor = _factor(logits_size, size)
    winner = graph.node("ArgMax", [pixels], "winner", axis=3, keepdims=0)
    if factor == 1:
        graph.node("Cast", [winner], "mask", to=TensorProto.UINT8)
        return
    height, width, _ = logits_size
    label = graph.node("Cast", [winner], "label", to=TensorProto.FLOAT)
    plane = graph.reshape(label, "label.plane", 1, 1, height, width)
    negative = graph.node("Neg", [plane], "label.negative")
    highest, lowest = (
        graph.node("MaxPool", [x], name, kernel_shape=[2, 2], strides=[1, 1], pads=[1] * 4)
        for x, name in ((plane, "cell.highest"), (negative, "cell.negative_lowest"))
    )
    # Zero where all four are one class: the cells' coordinates are those of the others.
    differing = graph.node("Add", [highest, lowest], "cell.differing")
    cells = graph.reshape(differing, "cell.table", height + 1, width + 1)
    border = graph.node("NonZero", [cells], "border")
    whole = _uniform_cells(graph, highest, factor)
    labels = _border_labels(graph, pixels, border, logits_size, factor)
    row = (width + 1) * factor
    places = [row * y + x for y in range(factor) for x in range(factor)]
    # Cell (k, l) begins at row k * factor and column l * factor.
    first = _flat_index(graph, border, "border.first", (factor * row, factor))
    offsets = graph.weight("border.offsets", np.array(places, np.int64)[:, None])
    where = graph.node("Add", [first, offsets], "border.places")
    flat_places = graph.reshape(where, "border.flat", -1)
    refined = graph.node("ScatterElements", [whole, flat_places, labels], "refined")
    table = graph.reshape(refined, "refined.table", 1, (height + 1) * factor, row)
    _cropped(graph, table, "mask", factor // 2, size)


def add_confidence(
    graph: Graph, logits: str, logits_size: tuple[int, int, int], size: tuple[int, int]
) -> None:
    """Add the output ``confidence``: the softmax of the largest enlarged logit, times 255.

    It is computed where the optional input ``with_confidence`` is true, which is its default, and
    zero elsewhere: it takes a fifth of the time, and most robots never read it.

    Args:
        graph, logits_size, size: as for :func:`add_mask`.
        logits: name of the logits, float (1, classes, h, w).

    Raises:
        ValueError: as :func:`add_mask`.
    """
    graph.optional_input(WITH_CONFIDENCE, np.array(True))
    computed = Graph(graph.sizes)
    _confidence(computed, logits, logits_size, size)
    absent = Graph(graph.sizes)
    shape = absent.integers("confidence.shape", 1, *size)
    zero = numpy_helper.from_array(np.zeros(1, np.uint8))
    absent.node("ConstantOfShape", [shape], "confidence.absent", value=zero)
    graph.choice(
        WITH_CONFIDENCE,
        (computed, "confidence.computed"),
        (absent, "confidence.absent"),
        "confidence",
    )


def _confidence(
    graph: Graph, logits: str, logits_size: tuple[int, int, int], size: tuple[int, int]
) -> None:
    factor = _factor(logits_size, size)
    height, width, classes = logits_size
    cells = (height + 1) * (width + 1)
    if factor == 1:
        each = graph.reshape(logits, "enlarged.table", classes, height * width)
    else:
        edges = graph.integers("logits.edges", 0, 0, 1, 1, 0, 0, 1, 1)
        padded = graph.node("Pad", [logits, edges], "logits.padded", mode="edge")
        weights = np.tile(_cell_weights(factor), (classes, 1)).reshape(-1, 1, 2, 2)
        enlarged = graph.conv(padded, "enlarged", weights, None, group=classes)
        each = graph.reshape(enlarged, "enlarged.table", classes, factor**2 * cells)
    # One by one: half the time of ReduceMax.
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
    graph.node("Cast", [table], "confidence.computed", to=TensorProto.UINT8)


def _factor(logits_size: tuple[int, int, int], size: tuple[int, int]) -> int:
    height, width, _ = logits_size
    factor = size[1] // width
    if (height * factor, width * factor) != size or (factor != 1 and factor % 2):
        raise ValueError(
            f"logits of {width}x{height} can't be enlarged to {size[1]}x{size[0]} pixels: the "
            f"factor must be 1 or even"
        )
    return factor


def _cell_weights(factor: int) -> np.ndarray:
    """Weights of a cell's four logits for each of its pixels, float32 (factor^2, 4)."""
    second = (np.arange(factor) + 0.5) / factor
    line = np.stack([1 - second, second], axis=1)
    return np.einsum("ya,xb->yxab", line, line).reshape(-1, 4).astype(np.float32)


def _uniform_cells(graph: Graph, label: str, factor: int) -> str:
    """Each cell's label at all its pixels, flat."""
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


def _border_labels(
    graph: Graph, pixels: str, border: str, logits_size: tuple[int, int, int], factor: int
) -> str:
    """Labels of all pixels of the cells ``border``, (2, n): flat, the n of one place together."""
    height, width, classes = logits_size
    edges = graph.integers("edges", 0, 1, 1, 0, 0, 1, 1, 0)
    padded = graph.node("Pad", [pixels, edges], "padded", mode="edge")
    rows = graph.reshape(padded, "padded.rows", (height + 2) * (width + 2), classes)
    first = _flat_index(graph, border, "corner.first", (width + 2, 1))
    beside = np.array([0, 1, width + 2, width + 3], np.int64)[:, None]
    corner = graph.node("Add", [first, graph.weight("corner.offsets", beside)], "corner")
    logits = graph.node("Gather", [rows, corner], "corner.logits", axis=0)
    table = graph.reshape(logits, "corner.table", 4, -1)
    weights = graph.weight("corner.weights", _cell_weights(factor))
    means = graph.node("MatMul", [weights, table], "border.logits")
    means = graph.reshape(means, "border.pixels", -1, classes)
    winner = graph.node("ArgMax", [means], "border.winner", axis=1, keepdims=0)
    return graph.node("Cast", [winner], "border.label", to=TensorProto.UINT8)


def _flat_index(graph: Graph, cells: str, output: str, strides: tuple[int, int]) -> str:
    """Index (1, n) of the cells' coordinates (2, n) in a table with these strides."""
    factors = graph.weight(f"{output}.strides", np.array(strides, np.int64)[:, None])
    scaled = graph.node("Mul", [cells, factors], f"{output}.scaled")
    return graph.node(
        "ReduceSum", [scaled, graph.integers(f"{output}.axis", 0)], output, keepdims=1
    )


def _cropped(graph: Graph, table: str, output: str, margin: int, size: tuple[int, int]) -> str:
    begin = graph.integers(f"{output}.begin", margin, margin)
    end = graph.integers(f"{output}.end", margin + size[0], margin + size[1])
    sides = graph.integers(f"{output}.sides", 1, 2)
    return graph.node("Slice", [table, begin, end, sides], output)
