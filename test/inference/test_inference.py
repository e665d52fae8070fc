"""Segmenters: sizes, equality of the two runtimes, the choice of a backend."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.images.drawing import colorize, contact_sheet, legend, overlay
from mininet_ros.inference import BackendError, Segmentation, load_segmenter, loading
from mininet_ros.inference.onnx_runtime import OnnxRuntimeSegmenter
from mininet_ros.models import GRAPH, ModelError, load_model


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("shape", [(64, 96), (48, 64), (301, 127), (720, 1280), (1, 1)])
def test_masks_have_the_images_size(tiny_model, shape):
    result = load_segmenter(tiny_model, "cpu").segment(picture(*shape))
    for array in (result.mask, result.confidence):
        assert array.shape == shape
        assert array.dtype == np.uint8
    assert result.mask.max() < 11


def test_both_runtimes_agree(tiny_model):
    from mininet_ros.inference.pytorch import PyTorchSegmenter

    model = load_model(tiny_model)
    image = picture(240, 320)
    on_cpu = OnnxRuntimeSegmenter(model, threads=1).infer(image)
    by_torch = PyTorchSegmenter(model, "cpu").infer(image)
    assert (on_cpu.mask == by_torch.mask).mean() > 0.999
    assert np.abs(on_cpu.confidence.astype(int) - by_torch.confidence).max() <= 1


def test_masks_are_neither_swapped_nor_shifted():
    mask = np.zeros((4, 6), np.uint8)
    mask[0, 5] = 3
    large = Segmentation(mask, mask).resized(60, 40).mask
    assert large.shape == (40, 60)
    assert (large[:10, 50:] == 3).all()
    assert (large == 3).sum() == 100


def test_a_view_of_a_larger_picture_is_fine(tiny_model):
    segmenter = load_segmenter(tiny_model, "cpu")
    wide = picture(64, 200)
    view = wide[:, 50:146]
    assert (segmenter.segment(view).mask == segmenter.segment(view.copy()).mask).all()


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_image_is_refused(tiny_model, image):
    with pytest.raises(ValueError, match="must be uint8"):
        load_segmenter(tiny_model, "cpu").segment(image)


def test_choice_of_backend(tiny_model, monkeypatch):
    monkeypatch.setattr(loading, "DRIVER_DEVICES", ())
    chosen = load_segmenter(tiny_model, "auto", threads=1)
    assert (chosen.backend, chosen.runtime) == ("cpu", "onnxruntime")
    with pytest.raises(BackendError, match="unknown backend 'tpu'"):
        load_segmenter(tiny_model, "tpu")
    monkeypatch.setattr(loading, "why_no_gpu", lambda: "no CUDA device")
    with pytest.raises(BackendError, match="backend gpu cannot run here: no CUDA device"):
        load_segmenter(tiny_model, "gpu")
    with pytest.raises(ModelError, match="holds network mininet_v2_cpu, but mininet_v2 was asked"):
        load_segmenter(tiny_model, "cpu", network="mininet_v2")
    with pytest.raises(ValueError, match="threads"):
        load_segmenter(tiny_model, "cpu", threads=-1)


def test_reason_for_no_gpu_says_what_to_do(monkeypatch):
    monkeypatch.setattr(loading, "find_spec", lambda package: None)
    reason = loading.why_no_gpu() or ""
    assert "choose backend cpu" in reason and "pip install 'torch>=" in reason


def test_gpu_runs_where_there_is_one(tiny_model):
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        with pytest.raises(BackendError, match="no CUDA device"):
            load_segmenter(tiny_model, "gpu")
        pytest.skip("no CUDA device here")
    assert load_segmenter(tiny_model, "gpu").segment(picture(64, 96)).mask.shape == (64, 96)


def test_graph_of_another_size_is_refused(tiny_model, tmp_path):
    from mininet_ros.lab.training.export.model_folder import export_again

    model = load_model(tiny_model)
    other = export_again(model, 64, 64, tmp_path / "other")
    graph = other.path(GRAPH).read_bytes()
    (tmp_path / "mixed").mkdir()
    mixed = tmp_path / "mixed" / GRAPH
    mixed.write_bytes(graph)
    object.__setattr__(model, "folder", mixed.parent)
    with pytest.raises(ModelError, match="card asks for image"):
        OnnxRuntimeSegmenter(model)
    mixed.write_bytes(b"no graph")
    with pytest.raises(ModelError, match="cannot be read"):
        OnnxRuntimeSegmenter(model)


def test_cpu_path_imports_no_torch(tiny_model):
    program = (
        "import sys, numpy; from mininet_ros.inference import load_segmenter;"
        f"s = load_segmenter({str(tiny_model)!r}, 'cpu');"
        "s.segment(numpy.zeros((9, 9, 3), numpy.uint8));"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_pictures_of_masks():
    colors = np.array([[255, 0, 0], [0, 255, 0]], np.uint8)
    mask = np.array([[0, 1], [255, 0]], np.uint8)
    painted = colorize(mask, colors)
    assert painted.tolist() == [[[255, 0, 0], [0, 255, 0]], [[0, 0, 0], [255, 0, 0]]]
    image = np.full((2, 2, 3), (10, 20, 30), np.uint8)
    assert overlay(image, mask, colors, 0.0).tolist() == [[[30, 20, 10]] * 2] * 2
    assert (overlay(image, mask, colors, 1.0) == painted).all()
    tiles = [np.zeros((30, 40, 3), np.uint8), np.zeros((60, 20, 3), np.uint8)]
    assert contact_sheet(tiles * 3, ["a"] * 6, 4).shape[1] == 160
    with pytest.raises(ValueError, match="captions"):
        contact_sheet(tiles, ["a"], 4)
    assert legend(ClassTable(("a", "b"), ((1, 2, 3), (4, 5, 6))), 300).shape[1] == 300


def test_labels_alone_are_the_same_labels(tiny_model):
    from mininet_ros.inference.pytorch import PyTorchSegmenter

    model = load_model(tiny_model)
    image = picture(120, 200)
    for segmenter in (OnnxRuntimeSegmenter(model, threads=1), PyTorchSegmenter(model, "cpu")):
        alone = segmenter.segment(image, with_confidence=False)
        assert alone.confidence is None
        assert (alone.mask == segmenter.segment(image).mask).all()
