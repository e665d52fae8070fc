"""The end of the exported graph: labels and confidence of enlarged logits, without enlarging."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper

from mininet_ros.inference.pytorch import label
from mininet_ros.lab.training.export.builder import Graph, PixelTable
from mininet_ros.lab.training.export.labels import add_confidence, add_mask
from mininet_ros.lab.training.export.layers import from_planes


def labels_of(logits: np.ndarray, factor: int, block: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """What the graph gives for logits (classes, h, w), in a table of blocks: mask, confidence."""
    classes, height, width = logits.shape
    graph = Graph({})
    size = (height * factor, width * factor)
    add_mask(graph, table_of(graph, "logits", (height, width, classes), block), size)
    add_confidence(graph, "logits", (height, width, classes), size)
    shape = [1, classes, height, width]
    proto = helper.make_graph(
        graph.nodes,
        "labels",
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info(name, TensorProto.UINT8, [1, *size])
            for name in ("mask", "confidence")
        ],
        graph.weights,
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    mask, confidence = session.run(None, {"logits": logits[None]})
    return mask[0], confidence[0]


def table_of(graph: Graph, logits: str, size: tuple[int, int, int], block: int) -> PixelTable:
    """The logits' planes as a table, in blocks where the upsampling gives such."""
    if block == 1:
        return from_planes(graph, logits, "table", size)
    height, width, classes = size
    sides = (classes, height // block, block, width // block, block)
    parts = graph.reshape(logits, "parts", *sides)
    turned = graph.node("Transpose", [parts], "turned", perm=[1, 3, 2, 4, 0])
    table = graph.reshape(turned, "table", height * width, classes)
    return PixelTable(table, *size, block=block)


def noise(classes: int, height: int, width: int, spread: float) -> np.ndarray:
    random = np.random.default_rng(classes * height + width)
    return (spread * random.standard_normal((classes, height, width))).astype(np.float32)


@pytest.mark.parametrize("factor", [1, 2, 4])
@pytest.mark.parametrize("spread", [1.0, 1000.0])
@pytest.mark.parametrize("shape", [(2, 1, 1), (3, 2, 9), (19, 24, 32)])
def test_labels_are_those_of_enlarged_logits(shape, spread, factor):
    logits = noise(*shape, spread)
    mask, confidence = labels_of(logits, factor)
    size = (shape[1] * factor, shape[2] * factor)
    expected = [value[0].numpy() for value in label(torch.from_numpy(logits[None]), size)]
    np.testing.assert_array_equal(mask, expected[0])
    assert np.abs(confidence.astype(int) - expected[1]).max() <= 1


@pytest.mark.parametrize("spread", [1.0, 1000.0])
def test_blocks_of_pixels_give_the_same(spread):
    logits = noise(11, 12, 20, spread)
    for ours, expected in zip(labels_of(logits, 2, block=2), labels_of(logits, 2), strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_a_picture_of_one_class_has_no_borders():
    logits = noise(5, 8, 6, 1.0)
    logits[3] += 100
    mask, confidence = labels_of(logits, 2)
    assert (mask == 3).all()
    assert (confidence == 255).all()


@pytest.mark.parametrize("size", [(24, 24), (16, 24), (15, 15)])
def test_other_factors_are_refused(size):
    with pytest.raises(ValueError, match="factor must be 1 or even"):
        add_mask(Graph({}), PixelTable("table", 8, 8, 3), size)
