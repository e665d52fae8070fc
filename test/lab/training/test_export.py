"""The exported graph computes what the network computes, and export refuses anything else."""

import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

import onnx
import onnxruntime
import torch
from onnx import numpy_helper
from real_data import real_data
from safetensors.torch import load_file

from mininet_ros import cli
from mininet_ros.images.class_tables import CAMVID
from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.checkpoints.networks import import_checkpoint
from mininet_ros.lab.training.export import model_folder as export
from mininet_ros.lab.training.export.builder import SMALLEST_WEIGHT
from mininet_ros.lab.training.export.graph import build_graph
from mininet_ros.lab.training.export.model_folder import (
    ExportError,
    check_graph,
    check_image,
    describe_model,
    export_again,
    run_graph,
    write_model,
)
from mininet_ros.models import ModelError, load_model, models_folder
from mininet_ros.network import build_network


def seasoned_network(name: str, classes: int):
    """A network whose batch norms have seen data, so that folding them is not trivial."""
    torch.manual_seed(1)
    network = build_network(name, classes).train()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.add_(0.2 * torch.randn_like(parameter))
        for _ in range(3):
            network(torch.rand(2, 3, 64, 96) - 0.5)
    return network.eval()


@pytest.mark.parametrize("name", ["mininet_v2", "mininet_v2_cpu"])
def test_graph_equals_network(name, tmp_path):
    network = seasoned_network(name, 11)
    model = write_model(network, describe_model(name, {}, CAMVID, 96, 64), tmp_path / name)
    image = check_image(96, 64)
    graph = onnx.load(model.path("model.onnx"))
    logits, mask, confidence = run_graph(graph, image)
    with torch.no_grad():
        expected = network(torch.from_numpy(image)[None].permute(0, 3, 1, 2).float() / 255 - 0.5)
    assert np.abs(logits - expected.numpy()).max() < 1e-4 * float(expected.abs().max())
    assert len(np.unique(mask)) > 1
    assert mask.shape == confidence.shape == (64, 96)
    assert mask.dtype == confidence.dtype == np.uint8


def test_vanished_weights_become_zero_and_change_nothing(tmp_path):
    network = seasoned_network("mininet_v2_cpu", 11)
    norm = network.stages["m4"].dilated_norm
    with torch.no_grad():
        network.stages["m4"].dilated_depthwise.weight[5] = 1e-41
        norm.weight[5], norm.bias[5], norm.running_mean[5], norm.running_var[5] = [1e-38] * 4
        image = torch.rand(1, 3, 64, 96) - 0.5
        expected = network(image)
    model = write_model(
        network, describe_model("mininet_v2_cpu", {}, CAMVID, 96, 64), tmp_path / "model"
    )
    weights = load_file(model.path("weights.safetensors"))
    assert not weights["stages.m4.dilated_depthwise.weight"][5].any()
    assert all(smallest(value.numpy()) >= SMALLEST_WEIGHT for value in weights.values())
    graph = onnx.load(model.path("model.onnx"))
    arrays = [numpy_helper.to_array(tensor) for tensor in graph.graph.initializer]
    assert all(smallest(array) >= SMALLEST_WEIGHT for array in arrays)
    with torch.no_grad():
        assert torch.equal(load_network(model).eval()(image), expected)


@pytest.mark.parametrize("folder", sorted(models_folder().iterdir()), ids=lambda path: path.name)
def test_shipped_models_hold_no_vanished_weights(folder):
    for value in load_file(folder / "weights.safetensors").values():
        assert smallest(value.numpy()) >= SMALLEST_WEIGHT
    graph = onnx.load(folder / "model.onnx")
    for tensor in graph.graph.initializer:
        assert smallest(numpy_helper.to_array(tensor)) >= np.finfo(np.float32).tiny


def smallest(array: np.ndarray) -> float:
    """Smallest magnitude other than zero; infinity for integers."""
    if array.dtype.kind != "f" or not array.any():
        return np.inf
    return float(np.abs(array[array != 0]).min())


def test_golden_logits_through_the_graph():
    prefix = real_data("golden/model.ckpt.index").with_suffix("")
    golden = np.load(real_data("golden/golden.npz"))
    network = import_checkpoint(prefix, "mininet_v2_cpu", 19)
    graph = build_graph(network, 512, 256, export.SCALE, export.OFFSET)
    logits, mask, _ = run_graph(graph, golden["image_bgr"])
    difference = np.abs(logits[0].transpose(1, 2, 0) - golden["logits"]).max()
    print(f"largest difference from the golden logits: {difference:.2g}")
    assert difference < 1e-3
    assert mask.shape == (256, 512)


def test_a_graph_that_disagrees_is_refused(tmp_path, monkeypatch):
    def wrong_graph(*arguments):
        graph = build_graph(*arguments)
        for weight in graph.graph.initializer:
            if weight.name == "m1.pointwise.weight":
                altered = numpy_helper.to_array(weight) * 1.1
                weight.CopyFrom(numpy_helper.from_array(altered, weight.name))
        return graph

    monkeypatch.setattr(export, "build_graph", wrong_graph)
    card = describe_model("mininet_v2_cpu", {}, CAMVID, 96, 64)
    with pytest.raises(ExportError, match="logits differ"):
        write_model(seasoned_network("mininet_v2_cpu", 11), card, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_shifted_mask_is_refused(tiny_model):
    model = load_model(tiny_model)
    network = seasoned_network("mininet_v2_cpu", 11)
    graph = build_graph(network, 96, 64, model.scale, model.offset)
    for weight in graph.graph.initializer:
        if weight.name == "corner.weights":
            mirrored = numpy_helper.to_array(weight)[::-1]
            weight.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(mirrored), weight.name))
    with pytest.raises(ExportError, match="labels differ"):
        check_graph(graph, network, model, check_image(96, 64))


def test_export_at_another_size(tiny_model, tmp_path):
    exported = export_again(load_model(tiny_model), 64, 128, tmp_path / "tall")
    assert (exported.width, exported.height) == (64, 128)
    assert exported.classes == CAMVID.names


@pytest.mark.parametrize("size", [(100, 64), (0, 64), (96, 12)])
def test_sides_must_be_multiples_of_eight(size):
    with pytest.raises(ValueError, match="multiples of 8"):
        describe_model("mininet_v2_cpu", {}, CAMVID, *size)


def test_card_of_another_network_is_refused(tmp_path):
    card = describe_model("mininet_v2_cpu", {}, CAMVID, 96, 64)
    with pytest.raises(ModelError, match="11 outputs cannot be 5 classes"):
        write_model(
            build_network("mininet_v2_cpu", 11),
            {**card, "classes": card["classes"][:5]},
            tmp_path / "model",
        )
    assert not (tmp_path / "model").exists()


def test_graphs_say_what_they_hold(tiny_model):
    model = load_model(tiny_model)
    said = {entry.key: entry.value for entry in onnx.load(model.path("model.onnx")).metadata_props}
    assert json.loads(said["classes"]) == list(model.classes)
    assert json.loads(said["colors"]) == model.colors.tolist()
    assert (float(said["scale"]), float(said["offset"])) == (model.scale, model.offset)
    assert said["normalisation"] == "inside the graph"


def test_loading_a_graph_prints_nothing(tiny_model):
    path = load_model(tiny_model).path("model.onnx")
    program = f"import onnxruntime; onnxruntime.InferenceSession({str(path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout + done.stderr == ""


def test_plain_graph_is_the_network_in_any_batch(tiny_model, tmp_path, capsys):
    path = tmp_path / "made" / "plain.onnx"
    assert cli.main(["export", str(tiny_model), "--plain", "--output", str(path)]) == 0
    assert "to logits" in capsys.readouterr().out
    model = load_model(tiny_model)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["batch", 3, model.height, model.width]
    pictures = torch.rand(3, 3, model.height, model.width) - 0.5
    (logits,) = session.run(["logits"], {"image": pictures.numpy()})
    with torch.no_grad():
        expected = load_network(model)(pictures).numpy()
    assert np.abs(logits - expected).max() < 1e-4 * max(1.0, np.abs(expected).max())
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["classes"]) == list(model.classes)
    assert said["normalisation"] == "before the graph"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give --output"),
        (["--plain", "--input-size", "60x64"], "multiples of 8"),
        (["--plain", "--hub", "hub"], "leave --int8 and --hub out"),
    ],
)
def test_exports_that_can_not_be(tiny_model, capsys, options, message):
    assert cli.main(["export", str(tiny_model), *options]) in (1, 2)
    assert message in capsys.readouterr().err


def test_the_same_model_gives_the_same_bytes(tiny_model, tmp_path):
    model = load_model(tiny_model)
    cards = {
        (export_again(model, 96, 64, tmp_path / str(number)).folder / "model.yaml").read_bytes()
        for number in range(5)
    }
    assert len(cards) == 1
