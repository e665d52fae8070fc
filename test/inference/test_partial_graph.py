"""A graph cut down to its first output computes the same, and holds nothing else."""

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")

import onnx

from mininet_ros.inference.onnx_runtime import open_session
from mininet_ros.inference.partial_graph import with_first_output
from mininet_ros.models import GRAPH, load_model


def test_the_mask_alone(tiny_model):
    path = load_model(tiny_model).path(GRAPH)
    whole, cut = onnx.load(path), onnx.load_from_string(with_first_output(path.read_bytes()))
    onnx.checker.check_model(cut, full_check=True)
    assert [output.name for output in cut.graph.output] == ["mask"]
    assert list(cut.metadata_props) == list(whole.metadata_props)
    read = {name for node in cut.graph.node for name in node.input}
    given = {name for node in cut.graph.node for name in node.output}
    assert given - read == {"mask"}
    assert {weight.name for weight in cut.graph.initializer} <= read
    assert len(cut.graph.node) < len(whole.graph.node)
    picture = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    sessions = [open_session(path, 1, first_output_only=only) for only in (False, True)]
    masks = [session.run(["mask"], {"image": picture})[0] for session in sessions]
    np.testing.assert_array_equal(*masks)


def test_nodes_with_subgraphs_keep_all_that_they_may_read():
    helper = onnx.helper
    bool_, float_ = onnx.TensorProto.BOOL, onnx.TensorProto.FLOAT
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(kind, ["doubled"], [name])],
            name,
            [],
            [helper.make_tensor_value_info(name, float_, [2])],
        )
        for name, kind in (("then", "Neg"), ("else", "Identity"))
    }
    graph = helper.make_graph(
        [
            helper.make_node("Add", ["x", "x"], ["doubled"]),
            helper.make_node("If", ["condition"], ["first"], **branches),
            helper.make_node("Abs", ["x"], ["second"]),
        ],
        "controlled",
        [
            helper.make_tensor_value_info("x", float_, [2]),
            helper.make_tensor_value_info("condition", bool_, []),
        ],
        [helper.make_tensor_value_info(name, float_, [2]) for name in ("first", "second")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    cut = onnx.load_from_string(with_first_output(model.SerializeToString()))
    onnx.checker.check_model(cut, full_check=True)
    assert [output.name for output in cut.graph.output] == ["first"]
    assert "doubled" in {name for node in cut.graph.node for name in node.output}


@pytest.mark.parametrize("content", [b"no graph", b"\x3a\xff\xff\x03short", b"\x3a\xff"])
def test_what_is_no_graph_is_refused(content):
    with pytest.raises(ValueError, match="ONNX file"):
        with_first_output(content)
