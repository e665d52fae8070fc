"""The GPU's way from picture to mask, as far as it runs on CPU tensors; the rest needs a GPU."""

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra gpu")
pytest.importorskip("safetensors", reason="needs the extra gpu")

import torch

from mininet_ros import cli
from mininet_ros.inference import pytorch, replay
from mininet_ros.inference.pytorch import PyTorchSegmenter
from mininet_ros.lab.benchmark.gpu import as_table, measure_gpu
from mininet_ros.models import load_model

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def picture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(noise, (96, 64), interpolation=cv2.INTER_CUBIC)


class Recorded:
    """What a CUDA graph does, on the CPU: it works on the tensors that it was made with."""

    def __init__(self, function, x, outputs) -> None:
        self._function, self._x, self._outputs = function, x, outputs

    def replay(self) -> None:
        for output, value in zip(self._outputs, self._function(self._x), strict=True):
            output.copy_(value)


@pytest.fixture
def graphs_on_cpu(monkeypatch):
    def record(function, x):
        outputs = [output.clone() for output in function(x)]
        return Recorded(function, x, outputs), outputs

    class Stream:
        def synchronize(self) -> None:
            pass

    monkeypatch.setattr(replay, "record", record)
    monkeypatch.setattr(torch.Tensor, "pin_memory", torch.Tensor.clone)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream())


def test_replayed_results_are_those_of_each_picture(tiny_model, graphs_on_cpu):
    segmenter = PyTorchSegmenter(load_model(tiny_model), "cpu")
    expected = [segmenter.infer(picture(seed)) for seed in (1, 2)]
    assert segmenter._record() == ""
    found = [segmenter.infer(picture(seed)) for seed in (1, 2)]
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one.mask, other.mask)
        np.testing.assert_array_equal(one.confidence, other.confidence)
    alone = segmenter.infer(picture(1), with_confidence=False)
    np.testing.assert_array_equal(alone.mask, expected[0].mask)


def test_what_can_not_be_recorded_runs_by_itself_and_says_so(tiny_model, monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("operation not permitted\nwhen stream is capturing")

    monkeypatch.setattr(pytorch, "Replay", refuse)
    segmenter = PyTorchSegmenter(load_model(tiny_model), "cpu")
    reason = segmenter._record()
    assert reason == "no CUDA graph, operation not permitted when stream is capturing"
    assert segmenter.replay(True) is None
    assert segmenter.infer(picture()).mask.shape == (64, 96)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gives_nearly_the_same_labels(tiny_model, dtype):
    model = load_model(tiny_model)
    exact, half = PyTorchSegmenter(model, "cpu"), PyTorchSegmenter(model, "cpu", dtype)
    assert (exact.precision, half.precision) == ("float32", str(dtype).removeprefix("torch."))
    same = exact.infer(picture()).mask == half.infer(picture()).mask
    assert same.mean() > 0.95


def test_several_pictures_at_once(tiny_model):
    segmenter = PyTorchSegmenter(load_model(tiny_model), "cpu")
    pictures = np.stack([picture(1), picture(2)])
    masks, confidences = segmenter.on_device(torch.from_numpy(pictures))
    assert masks.shape == confidences.shape == (2, 64, 96)
    np.testing.assert_array_equal(masks[1].numpy(), segmenter.infer(picture(2)).mask)


def test_measurement_runs(tiny_model, monkeypatch):
    from mininet_ros.lab.benchmark import gpu

    monkeypatch.setattr(gpu, "ROUNDS", 1)
    monkeypatch.setattr(gpu, "RUNS", 1)
    timing = measure_gpu(str(tiny_model), (64, 32), 2, "cpu")
    assert (timing.width, timing.height, timing.batch) == (64, 32, 2)
    values = timing.as_dict()
    for name in ("device_ms", "host_ms", "eager_ms", "batch_images_per_s", "times_eager"):
        assert values[name] > 0
    assert tiny_model.name in as_table([timing])


@pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is here")
def test_measurement_without_a_gpu_is_one_sentence(tiny_model, capsys):
    assert cli.main(["benchmark", str(tiny_model), "--gpu"]) == 1
    assert "there is no GPU to measure: PyTorch finds no CUDA device" in capsys.readouterr().err


@needs_gpu
def test_gpu_and_cpu_agree(tiny_model):
    model = load_model(tiny_model)
    on_gpu = PyTorchSegmenter(model, "cuda")
    assert "operation by operation" not in on_gpu.device
    same = on_gpu.infer(picture()).mask == PyTorchSegmenter(model, "cpu").infer(picture()).mask
    assert same.mean() > 0.95
