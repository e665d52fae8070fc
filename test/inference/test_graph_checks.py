"""Graphs that a robot must not run are refused when they are loaded, each in one sentence."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper, save_model

from mininet_ros.inference import load_segmenter
from mininet_ros.inference.graph_checks import refuse_external_data
from mininet_ros.models import ModelError, sha256

WIDTH, HEIGHT = 96, 64
SIZE = (1, HEIGHT, WIDTH)


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "mine_mininet_v2_cpu")


def graph(mask=0, confidence=0, kind=TensorProto.UINT8, size=SIZE, domain="", names=None):
    """A graph that gives the same mask and confidence for every picture."""
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    values = (np.full(size, mask, dtype), np.full(size, confidence, dtype))
    names = names or ("mask", "confidence")
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))
        for name, value in zip(names, values, strict=True)
    ]
    if domain:
        nodes.append(helper.make_node("Magic", ["image"], ["unused"], domain=domain))
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, (1, HEIGHT, WIDTH, 3))
    outputs = [helper.make_tensor_value_info(name, kind, size) for name in names]
    opsets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    return helper.make_model(
        helper.make_graph(nodes, "constant", [image], outputs), opset_imports=opsets, ir_version=8
    )


def put(folder, model) -> None:
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    card = yaml.safe_load((folder / "model.yaml").read_text())
    card["files"]["model.onnx"] = sha256(content)
    (folder / "model.yaml").write_text(yaml.safe_dump(card))


def test_a_graph_that_keeps_to_the_contract_is_loaded(folder):
    put(folder, graph(mask=10, confidence=200))
    found = load_segmenter(folder, "cpu").segment(np.zeros((20, 30, 3), np.uint8))
    assert (found.mask == 10).all() and (found.confidence == 200).all()


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (graph(mask=11), "gives class id 11, but .* only 11 classes"),
        (graph(mask=255), "gives class id 255"),
        (graph(kind=TensorProto.INT64), "output mask is int64"),
        (graph(size=(1, HEIGHT // 8, WIDTH // 8)), r"output mask is uint8 \(1, 8, 12\)"),
        (graph(names=("mask", "probability")), "cannot label a picture: .*confidence"),
        (graph(domain="my.operators"), "cannot load .*my.operators"),
    ],
    ids=["an id too many", "void", "int64", "small", "another name", "custom operator"],
)
def test_graphs_that_break_the_contract_are_refused(folder, model, sentence):
    put(folder, model)
    with pytest.raises(ModelError, match=sentence) as error:
        load_segmenter(folder, "cpu")
    assert "\n" not in str(error.value)
    assert "model.onnx" in str(error.value)


def test_weights_outside_of_the_folder_are_never_read(folder, tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(HEIGHT * WIDTH))
    model = graph()
    tensor = model.graph.node[0].attribute[0].t
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../secret.bin"), ("length", str(HEIGHT * WIDTH))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    put(folder, model)
    with pytest.raises(ModelError, match="'mask' in another file"):
        load_segmenter(folder, "cpu")


def test_external_weights_as_onnx_saves_them_are_refused(tmp_path):
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "weights")
    node = helper.make_node("MatMul", ["x", "weights"], ["y"])
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (1, 64)) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "g", value[:1], value[1:], [weights]))
    path = tmp_path / "model.onnx"
    save_model(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    with pytest.raises(ModelError, match="'weights' in another file"):
        refuse_external_data(path, path.read_bytes())


def test_external_weights_in_a_branch_are_found(tmp_path):
    inner = graph().graph
    inner.node[0].attribute[0].t.data_location = TensorProto.EXTERNAL
    branch = helper.make_node("If", ["condition"], ["y"], then_branch=inner, else_branch=inner)
    model = helper.make_model(helper.make_graph([branch], "g", [], []))
    with pytest.raises(ModelError, match="in another file"):
        refuse_external_data(tmp_path, model.SerializeToString())


@pytest.mark.parametrize("content", [b"\xff\xff", b"\x3a\x05ab", b"no graph at all"])
def test_what_is_no_graph_is_named(tmp_path, content):
    with pytest.raises(ModelError, match="cannot be read"):
        refuse_external_data(tmp_path / "model.onnx", content)
