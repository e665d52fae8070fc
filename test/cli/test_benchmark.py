"""The benchmark measures what it says it measures. How fast anything is, is not tested."""

import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")

import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from mininet_ros import cli
from mininet_ros.lab.benchmark.engine import GEMM_SIDE, Engine
from mininet_ros.lab.benchmark.measure import BenchmarkError, _Block, _timing, measure
from mininet_ros.lab.benchmark.peer import count_macs, peer_engine
from mininet_ros.models import GRAPH, load_model
from mininet_ros.network import build_network
from mininet_ros.network.profile import profile_network


@pytest.fixture
def peer(tmp_path):
    """A stranger's network: float input of any size, logits of a quarter of it."""
    weight = np.random.default_rng(0).normal(size=(5, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node(
                "Conv", ["x", "weight"], ["y"], strides=[4, 4], pads=[1] * 4, name="conv"
            )
        ],
        "peer",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(weight, "weight")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = tmp_path / "peer.onnx"
    onnx.save(model, path)
    return path


def test_peer_is_completed_to_the_same_work(peer, tmp_path):
    (tmp_path / "made").mkdir()
    engine = peer_engine("stranger", peer, 64, 32, tmp_path / "made")
    session = onnxruntime.InferenceSession(engine.path, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    assert (taken.type, taken.shape) == ("tensor(uint8)", [1, 32, 64, 3])
    picture = np.random.default_rng(1).integers(0, 256, (1, 32, 64, 3), dtype=np.uint8)
    (mask,) = session.run(None, {taken.name: picture})
    assert (mask.dtype, mask.shape) == (np.uint8, (1, 32, 64))
    assert mask.max() < 5
    assert engine.macs == 16 * 8 * 5 * 3 * 9
    assert engine.parameters == 5 * 3 * 9


def test_macs_of_our_graph_are_at_least_the_networks(tiny_model):
    graph = onnx.load(load_model(tiny_model).path(GRAPH))
    profile = profile_network(build_network("mininet_v2_cpu", 11), 96, 64)
    assert 1e9 * profile.gmacs <= count_macs(graph) < 2e9 * profile.gmacs


def test_command_prints_every_figure(tiny_model, peer, tmp_path, capsys):
    picture = tmp_path / "latency.png"
    arguments = [
        str(tiny_model),
        "--pytorch",
        "--naive",
        "--onnx",
        str(peer),
        "--input-size",
        "96x64",
    ]
    options = ["--threads", "1", "--rounds", "2", "--plot", str(picture)]
    assert cli.main(["benchmark", *arguments, *options, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    rows = values["results"]
    assert [(row["name"], row["runtime"]) for row in rows] == [
        (tiny_model.name, "pytorch"),
        (f"{tiny_model.name} naive", "onnxruntime"),
        (tiny_model.name, "onnxruntime"),
        ("peer", "onnxruntime"),
    ]
    for row in rows:
        assert row["input_size"] == "96x64"
        assert 0 < row["median_ms"] <= row["p95_ms"]
        assert row["peak_mb"] > 10
        assert 0 < row["gemm_ratio_low"] <= row["gemm_ratio"] <= row["gemm_ratio_high"]
    assert rows[0]["ratio_to_first"] == 1
    assert values["gemm_bound_ms"] == rows[0]["gemm_bound_ms"]
    assert picture.stat().st_size > 1000
    assert cli.main(["benchmark", *arguments, "--threads", "1", "--rounds", "1"]) == 0
    assert "matrix product" in capsys.readouterr().out


def test_ratio_is_that_of_each_block_and_the_bound_around_it():
    engine = Engine("engine", "onnxruntime", macs=GEMM_SIDE**3)
    # A machine that slows down to a third: medians of all times would give 4 / 2.
    blocks = [_Block([2.0, 2.0, 9.0], 1.0), _Block([4.0, 8.0, 4.0], 2.0), _Block([6.0] * 3, 3.0)]
    timing = _timing(engine, blocks, peak_mb=1.0)
    assert timing.gemm_bound_ms == pytest.approx(2)
    assert timing.gemm_ratios == pytest.approx((2, 2, 2))
    unknown = _timing(Engine("peer", "onnxruntime"), blocks, peak_mb=1.0)
    assert unknown.gemm_bound_ms is unknown.gemm_ratios is None


def test_other_input_size_is_exported(tiny_model, capsys):
    arguments = ["--input-size", "64x64", "--threads", "1", "--rounds", "1", "--json"]
    assert cli.main(["benchmark", str(tiny_model), *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["input_size"] == "64x64"


def test_engine_that_does_not_fit_is_named(tiny_model):
    engine = Engine("tiny", "onnxruntime", str(load_model(tiny_model).path(GRAPH)))
    with pytest.raises(BenchmarkError, match=r"tiny cannot be measured: .* takes \[1, 64, 96, 3\]"):
        measure([engine], 64, 64, 1, 1)
    with pytest.raises(BenchmarkError, match="unknown runtime 'tpu'"):
        measure([Engine("tiny", "tpu")], 64, 64, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "needs a model or an ONNX file"),
        (["--onnx", "PEER"], "needs --input-size"),
        (["--onnx", "setup.py", "--input-size", "64x64"], "no ONNX file"),
        (["MODEL", "--threads", "1000"], "threads must be 1 to"),
        (["MODEL", "--rounds", "0"], "at least one round"),
    ],
)
def test_wrong_requests(tiny_model, peer, capsys, arguments, message):
    names = {"MODEL": str(tiny_model), "PEER": str(peer)}
    assert cli.main(["benchmark", *(names.get(word, word) for word in arguments)]) == 1
    assert message in capsys.readouterr().err


def test_peer_of_a_fixed_other_size(tmp_path):
    shape = [1, 3, 8, 8]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, tmp_path / "fixed.onnx")
    with pytest.raises(ValueError, match="export it at that size"):
        peer_engine("fixed", tmp_path / "fixed.onnx", 64, 64, tmp_path)


def test_node_is_measured_in_its_graph(tiny_model, capsys):
    pytest.importorskip("rclpy", reason="the node needs rclpy")
    arguments = [str(tiny_model), "--camera-size", "64x48", "--rate", "10", "--seconds", "2"]
    assert cli.main(["benchmark", "--node", *arguments, "--threads", "1", "--json"]) == 0
    out = capsys.readouterr().out
    (timing,) = json.loads(out[out.index("[") :])
    assert (timing["width"], timing["height"]) == (64, 48)
    assert timing["published"] == 20
    assert timing["masks"] + timing["replaced"] + timing["lost"] == 20
    assert 0 < timing["inference_ms"] < timing["latency_ms"] <= timing["latency_p95_ms"]
    assert timing["overhead_ms"] == pytest.approx(timing["latency_ms"] - timing["inference_ms"])
    assert 0 < timing["start_to_first_mask_s"] < 30
    assert timing["resident_mb"] > timing["shared_mb"] >= 0
