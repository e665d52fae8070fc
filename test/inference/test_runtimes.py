"""The library that runs a model, and ONNX Runtime's execution providers, by choice."""

import numpy as np
import onnxruntime
import pytest

from mininet_ros.inference import BackendError, load_segmenter, loading, onnx_runtime
from mininet_ros.inference.onnx_runtime import CPU
from mininet_ros.models import load_model

OPENVINO = "OpenVINOExecutionProvider"
PICTURE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


def test_providers_in_use_are_told(tiny_model):
    for providers in (["auto"], [], [CPU]):
        segmenter = load_segmenter(tiny_model, threads=1, providers=providers)
        assert (segmenter.backend, segmenter.runtime) == ("cpu", "onnxruntime")
        assert segmenter.providers == (CPU,)


def test_pytorch_on_the_cpu(tiny_model):
    pytest.importorskip("torch", reason="needs the extra train")
    segmenter = load_segmenter(tiny_model, "cpu", runtime="pytorch")
    assert (segmenter.backend, segmenter.runtime, segmenter.device) == ("cpu", "pytorch", "cpu")
    assert segmenter.providers == ()
    ours = load_segmenter(tiny_model, "cpu", runtime="onnxruntime").infer(PICTURE)
    assert (segmenter.infer(PICTURE).mask == ours.mask).mean() > 0.999


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"runtime": "tflite"}, "unknown runtime 'tflite': choose one of auto, onnxruntime, pyt"),
        ({"providers": ["QuantumExecutionProvider"]}, f"no provider Quantum.* choose of .*{CPU}"),
        ({"providers": [CPU], "runtime": "pytorch"}, "leave one of the two out"),
        ({"providers": [CPU], "backend": "gpu"}, "runs on backend cpu, not gpu"),
        ({"runtime": "pytorch", "precision": "int8"}, "precision int8 runs on backend cpu"),
    ],
)
def test_wrong_requests_are_named(tiny_model, options, message):
    with pytest.raises(BackendError, match=message):
        load_segmenter(tiny_model, **{"backend": "cpu", **options})


def test_pytorch_that_is_not_installed(tiny_model, monkeypatch):
    monkeypatch.setattr(loading, "find_spec", lambda package: None)
    with pytest.raises(
        BackendError, match=r"runtime pytorch cannot run here: .*pip install 'torch>="
    ):
        load_segmenter(tiny_model, "cpu", runtime="pytorch")


def test_gpu_without_pytorch_takes_a_provider(tiny_model, monkeypatch):
    """Stand-in: the CPU's provider plays that of a GPU."""
    monkeypatch.setattr(loading, "find_spec", lambda package: None)
    with pytest.raises(BackendError, match=r"pip install 'torch.*; and the installed ONNX Runtime"):
        load_segmenter(tiny_model, "gpu")
    with pytest.raises(BackendError, match="backend gpu cannot run here: the installed ONNX"):
        load_segmenter(tiny_model, "gpu", runtime="onnxruntime")
    monkeypatch.setattr(onnx_runtime, "GPU_PROVIDERS", (CPU,))
    segmenter = load_segmenter(tiny_model, "gpu", network="mininet_v2_cpu")
    assert (segmenter.backend, segmenter.runtime) == ("gpu", "onnxruntime")


def test_a_provider_that_does_not_start_is_an_error(tiny_model, monkeypatch):
    """ONNX Runtime leaves out, without an error, a provider whose libraries are missing."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", CPU]
    )
    with pytest.raises((BackendError, ValueError), match="CUDAExecutionProvider"):
        onnx_runtime.open_session(
            load_model(tiny_model).path("model.onnx"), 1, ["CUDAExecutionProvider"]
        )


@pytest.mark.skipif(
    OPENVINO not in onnxruntime.get_available_providers(),
    reason="needs the package onnxruntime-openvino in place of onnxruntime",
)
@pytest.mark.parametrize("name", ["camvid_mininet_v2_cpu", "scene_text_mininet_v2_cpu"])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_openvino_as_provider_gives_the_same_labels(name, precision):
    model = load_model(name)
    picture = np.random.default_rng(1).integers(0, 256, (model.height, model.width, 3), np.uint8)
    by_openvino = load_segmenter(model, threads=1, precision=precision, providers=[OPENVINO])
    assert by_openvino.providers[0] == OPENVINO
    assert OPENVINO in by_openvino.device
    mask, confidence = (getattr(by_openvino.infer(picture), key) for key in ("mask", "confidence"))
    ours = load_segmenter(model, threads=1, precision=precision).infer(picture)
    least = 0.999 if precision == "float32" else 0.95
    assert (mask == ours.mask).mean() > least
    assert confidence.shape == ours.confidence.shape
