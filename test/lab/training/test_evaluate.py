"""Evaluation: both conventions, calibration, agreement of engines, and the report's folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

import onnx
import yaml
from onnx import numpy_helper
from tiny_camvid import write_camvid

from mininet_ros import cli
from mininet_ros.images.class_tables import ClassTable
from mininet_ros.inference import Segmentation, Segmenter
from mininet_ros.inference.onnx_runtime import OnnxRuntimeSegmenter
from mininet_ros.inference.pytorch import PyTorchSegmenter
from mininet_ros.lab.training.curves import as_png
from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset
from mininet_ros.lab.training.evaluation.calibration import Calibration
from mininet_ros.lab.training.evaluation.charts import draw_confusion, draw_iou, draw_reliability
from mininet_ros.lab.training.evaluation.evaluate import evaluate, open_others, open_segmenter
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.lab.training.evaluation.report import draw_errors
from mininet_ros.models import load_model, sha256

WIDTH, HEIGHT = 96, 64
PICTURES = ("confusion.png", "iou.png", "calibration.png", "best.png", "worst.png")


class ThresholdSegmenter(Segmenter):
    """Calls a pixel "bright" above a threshold, always with the same confidence."""

    backend, runtime, device = "cpu", "none", "a test"

    def __init__(self, model, threshold: int = 128, confidence: int = 204) -> None:
        super().__init__(replace(model, classes=("dark", "bright")))
        self.threshold, self.confidence = threshold, confidence

    def _run(self, image: np.ndarray) -> Segmentation:
        mask = (image[..., 0] >= self.threshold).astype(np.uint8)
        return Segmentation(mask, np.full_like(mask, self.confidence))


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)


@pytest.fixture
def line(tmp_path):
    """One dark image of twice the network's size; its label has a bright line one pixel wide."""
    for folder in ("images", "labels"):
        (tmp_path / "val" / folder).mkdir(parents=True)
    classes = [{"name": "dark", "color": [0, 0, 0]}, {"name": "bright", "color": [9, 9, 9]}]
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump({"classes": classes}))
    labels = np.zeros((2 * HEIGHT, 2 * WIDTH), np.uint8)
    labels[:, 31] = 1
    labels[:2, 40:] = 255
    cv2.imwrite(str(tmp_path / "val/labels/a.png"), labels)
    cv2.imwrite(str(tmp_path / "val/images/a.png"), np.zeros((*labels.shape, 3), np.uint8))
    return open_dataset("folder", tmp_path, "val")


@pytest.fixture
def int8_model(tiny_model, tmp_path):
    """The small model with a second graph, one of whose weights differs."""
    folder = Path(shutil.copytree(tiny_model, tmp_path / "with_int8"))
    graph = onnx.load(folder / "model.onnx")
    for weight in graph.graph.initializer:
        if weight.name == "m1.pointwise.weight":
            changed = numpy_helper.to_array(weight) * np.float32(1.5)
            weight.CopyFrom(numpy_helper.from_array(changed, weight.name))
    onnx.save(graph, folder / "model.int8.onnx")
    card = yaml.safe_load((folder / "model.yaml").read_text())
    card["files"]["model.int8.onnx"] = sha256((folder / "model.int8.onnx").read_bytes())
    (folder / "model.yaml").write_text(yaml.safe_dump(card, sort_keys=False))
    return load_model(folder)


def test_the_two_conventions_differ_as_they_should(tiny_model, line):
    segmenter = ThresholdSegmenter(load_model(tiny_model))
    at_label = evaluate(segmenter, line)
    labelled = 4 * WIDTH * HEIGHT - 2 * (2 * WIDTH - 40)
    assert at_label.matrix.counts.tolist() == [[labelled - 2 * HEIGHT, 0], [2 * HEIGHT, 0]]
    at_network = evaluate(segmenter, line, "network")
    labelled = WIDTH * HEIGHT - (WIDTH - 20)
    assert at_network.matrix.counts.tolist() == [[labelled - HEIGHT, 0], [HEIGHT, 0]]
    assert (at_label.score_at, at_network.score_at) == ("label", "network")
    with pytest.raises(ValueError, match="label, network, not 'image'"):
        evaluate(segmenter, line, "image")


def test_scores_of_images_and_of_all(tiny_model, camvid):
    dataset = open_dataset("camvid", camvid, "val")
    model = load_model(tiny_model)
    segmenter = OnnxRuntimeSegmenter(model)
    found = evaluate(segmenter, dataset)
    expected = np.zeros((11, 11), np.int64)
    for sample in dataset:
        mask = segmenter.segment(sample.image).mask
        for true in range(11):
            for predicted in range(11):
                both = (sample.labels == true) & (mask == predicted)
                expected[true, predicted] += both.sum()
    assert (found.matrix.counts == expected).all()
    assert [(image.index, image.name) for image in found.images][4] == (4, "0004")
    shares = [image.pixel_accuracy for image in found.images]
    assert np.mean(shares) == pytest.approx(found.matrix.pixel_accuracy)
    assert found.calibration.pixels.sum() == expected.sum()
    assert found.calibration.right.sum() == np.trace(expected)


def test_agreement_of_engines(int8_model, camvid):
    dataset = open_dataset("camvid", camvid, "val")
    segmenter = open_segmenter(int8_model)
    others = open_others(segmenter)
    assert list(others) == ["PyTorch", "ONNX int8"]
    found = evaluate(segmenter, dataset, others=others)
    assert found.agreement["PyTorch"].differing < 1e-3
    alone = evaluate(others["ONNX int8"], dataset)
    int8 = found.agreement["ONNX int8"]
    assert int8.miou_difference == pytest.approx(alone.matrix.miou - found.matrix.miou)
    masks = [
        [engine.infer(sample.image).mask for sample in dataset]
        for engine in (segmenter, others["ONNX int8"])
    ]
    assert int8.differing == pytest.approx((np.array(masks[0]) != np.array(masks[1])).mean())
    assert int8.differing > 0.01


def test_at_another_size_there_is_only_pytorch(tiny_model):
    segmenter = open_segmenter(load_model(tiny_model), (64, 64))
    assert isinstance(segmenter, PyTorchSegmenter)
    assert (segmenter.model.width, segmenter.model.height) == (64, 64)
    assert open_others(segmenter) == {}


def test_calibration_by_hand():
    calibration = Calibration()
    labels = np.array([[0, 0, 1, 1, 255]], np.uint8)
    mask = np.array([[0, 1, 1, 1, 0]], np.uint8)
    confidence = np.array([[255, 255, 102, 102, 7]], np.uint8)
    calibration.add(labels, Segmentation(mask, confidence))
    filled = [entry for entry in calibration.bins if entry.pixels]
    assert [entry.pixels for entry in filled] == [2, 2]
    assert [entry.confidence for entry in filled] == pytest.approx([0.4, 1.0])
    assert [entry.accuracy for entry in filled] == [1.0, 0.5]
    assert calibration.error == pytest.approx((0.6 + 0.5) / 2)


def test_calibration_bins_hold_seventeen_levels_each():
    calibration = Calibration()
    levels = np.arange(256, dtype=np.uint8)[None]
    zeros = np.zeros_like(levels)
    calibration.add(zeros, Segmentation(zeros, levels))
    assert [entry.pixels for entry in calibration.bins] == [18] + 14 * [17]
    assert calibration.bins[1].confidence == pytest.approx(np.mean(range(18, 35)) / 255)
    assert calibration.bins[14].high == 1.0


def test_a_calibrated_prediction_has_no_error(tiny_model):
    random = np.random.default_rng(0)
    confidence = random.integers(128, 256, (400, 400), dtype=np.uint8)
    labels = np.zeros_like(confidence)
    mask = (random.uniform(0, 255, labels.shape) > confidence).astype(np.uint8)
    calibration = Calibration()
    calibration.add(labels, Segmentation(mask, confidence))
    assert calibration.error < 0.01
    overconfident = Calibration()
    overconfident.add(labels, Segmentation(mask, np.full_like(confidence, 255)))
    assert overconfident.error == pytest.approx((mask == 1).mean())


def test_errors_are_red_and_void_is_black():
    image = np.full((1, 3, 3), 200, np.uint8)
    labels, mask = np.array([[0, 1, 255]], np.uint8), np.array([[0, 0, 0]], np.uint8)
    right, wrong, void = draw_errors(image, labels, mask)[0].tolist()
    assert right == [100, 100, 100]
    assert wrong == [40, 40, 255]
    assert void == [0, 0, 0]


@pytest.mark.filterwarnings("error")
def test_charts_bear_absent_classes_and_empty_bins():
    classes = ClassTable(("a", "b", "c"), ((0, 0, 0), (9, 9, 9), (99, 0, 0)))
    matrix, calibration = ConfusionMatrix(3), Calibration()
    labels = np.array([[0, 0, 1]], np.uint8)
    matrix.add(labels, labels)
    calibration.add(labels, Segmentation(labels, np.full_like(labels, 255)))
    for figure in (
        draw_confusion(matrix, classes.names),
        draw_iou(matrix, classes),
        draw_reliability(calibration),
    ):
        encoded = np.frombuffer(as_png(figure), np.uint8)
        assert cv2.imdecode(encoded, cv2.IMREAD_COLOR).std() > 1
    iou = [text.get_text() for text in draw_iou(matrix, classes).axes[0].texts]
    assert iou == ["100.0", "100.0", "absent"]
    shares = [text.get_text() for text in draw_confusion(matrix, classes.names).axes[0].texts]
    assert shares == ["100", "100"]


def test_report_of_the_command(int8_model, camvid, tmp_path, capsys):
    arguments = [str(int8_model.folder), "--dataset", "camvid", "--data", str(camvid)]
    folder = tmp_path / "deep" / "report"
    assert cli.main(["evaluate", *arguments, "--report", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "6 images of camvid val scored at label size: mIoU" in out
    assert "PyTorch: " in out and "ONNX int8: " in out
    files = sorted(path.name for path in folder.iterdir() if path.is_file())
    assert files == sorted((*PICTURES, "report.json"))
    for name in PICTURES:
        assert cv2.imread(str(folder / name)).std() > 1
    report = json.loads((folder / "report.json").read_text())
    assert report["images"] == len(report["by_image"]) == 6
    labelled = sum(map(sum, report["confusion"]))
    assert labelled == sum(entry["pixels"] for entry in report["calibration"])
    assert labelled == 6 * WIDTH * (HEIGHT - 4)
    diagonal = sum(row[index] for index, row in enumerate(report["confusion"]))
    assert report["pixel_accuracy"] == pytest.approx(diagonal / labelled)
    assert set(report["agreement"]) == {"PyTorch", "ONNX int8"}
    assert (report["scored_at"], report["runtime"]) == ("label", "onnxruntime")
    assert 0 <= report["expected_calibration_error"] <= 1


def test_command_at_network_size(tiny_model, camvid, capsys):
    arguments = [str(tiny_model), "--dataset", "camvid", "--data", str(camvid)]
    assert cli.main(["evaluate", *arguments, "--score-at", "network", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["scored_at"], figures["agreement"]) == ("network", {})
    assert figures["input_size"] == "96x64"


def test_what_cannot_be_evaluated(tiny_model, camvid, line, tmp_path, capsys):
    with pytest.raises(DatasetError, match="has classes Sky, .* has dark, bright"):
        evaluate(OnnxRuntimeSegmenter(load_model(tiny_model)), line)
    label = line.pairs[0][1].path
    cv2.imwrite(str(label), np.full((2 * HEIGHT, 2 * WIDTH), 255, np.uint8))
    with pytest.raises(DatasetError, match="no pixel of .* val is labelled"):
        evaluate(ThresholdSegmenter(load_model(tiny_model)), line)
    blocked = tmp_path / "file"
    blocked.write_text("")
    arguments = [str(tiny_model), "--dataset", "camvid", "--data", str(camvid)]
    assert cli.main(["evaluate", *arguments, "--report", str(blocked)]) == 1
    assert str(blocked) in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_the_previous_report(tiny_model, camvid, tmp_path, monkeypatch, capsys):
    arguments = [str(tiny_model), "--dataset", "camvid", "--data", str(camvid)]
    command = ["evaluate", *arguments, "--report", str(tmp_path)]
    assert cli.main(command) == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    write_bytes = Path.write_bytes

    def full_at_the_last(path, content):
        return write_bytes(Path("/dev/full") if path.name == "worst.png" else path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full_at_the_last)
        assert cli.main(command) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert f"cannot write results to {tmp_path}: No space left on device" in last
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert cli.main(command) == 0
