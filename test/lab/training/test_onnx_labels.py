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
from mininet_ros.lab.training.export.builder import Graph
from mininet_ros.lab.training.export.labels import WITH_CONFIDENCE, add_confidence, add_mask


def labels_of(logits: np.ndarray, factor: int, **feeds) -> tuple[np.ndarray, np.ndarray]:
    """What the graph gives for logits (classes, h, w): mask and confidence."""
    classes, height, width = logits.shape
    graph = Graph({})
    pixels = graph.node("Transpose", ["logits"], "pixels", perm=[0, 2, 3, 1])
    size = (height * factor, width * factor)
    add_mask(graph, pixels, (height, width, classes), size)
    add_confidence(graph, "logits", (height, width, classes), size)
    shape = [1, classes, height, width]
    proto = helper.make_graph(
        graph.nodes,
        "labels",
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape),
            *graph.optional_inputs,
        ],
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
    mask, confidence = session.run(None, {"logits": logits[None], **feeds})
    return mask[0], confidence[0]


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


def test_a_picture_of_one_class_has_no_borders():
    logits = noise(5, 8, 6, 1.0)
    logits[3] += 100
    mask, confidence = labels_of(logits, 2)
    assert (mask == 3).all()
    assert (confidence == 255).all()


def test_confidence_can_be_left_out():
    logits = noise(5, 8, 6, 1.0)
    mask, confidence = labels_of(logits, 2, **{WITH_CONFIDENCE: np.array(False)})
    np.testing.assert_array_equal(mask, labels_of(logits, 2)[0])
    assert not confidence.any()


@pytest.mark.parametrize("size", [(24, 24), (16, 24), (15, 15)])
def test_other_factors_are_refused(size):
    with pytest.raises(ValueError, match="factor must be 1 or even"):
        add_mask(Graph({}), "pixels", (8, 8, 3), size)
