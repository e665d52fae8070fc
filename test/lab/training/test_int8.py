"""The graph in integers: nearly the same labels, at other sizes too, taken where it is faster."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

import onnx

from mininet_ros import cli
from mininet_ros.inference import BackendError, load_segmenter, precision
from mininet_ros.inference.onnx_runtime import OnnxRuntimeSegmenter
from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset
from mininet_ros.lab.training.export.int8 import calibrated
from mininet_ros.lab.training.export.model_folder import export_again
from mininet_ros.lab.training.export.quantisation import quantised, ranges_of
from mininet_ros.lab.training.export.ranges import BINS, best_range, value_ranges
from mininet_ros.models import INT8_GRAPH, ModelError, load_model

SIZE = (96, 64)


def pictures(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (count, 6, 8, 3), dtype=np.uint8)
    return [cv2.resize(noise, SIZE, interpolation=cv2.INTER_CUBIC) for noise in small]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder dataset in CamVid's layout whose labels do not matter."""
    root = tmp_path_factory.mktemp("camvid")
    for name in ("train", "trainannot"):
        (root / name).mkdir()
    for number, picture in enumerate(pictures(6)):
        cv2.imwrite(str(root / "train" / f"{number}.png"), picture)
        cv2.imwrite(str(root / "trainannot" / f"{number}.png"), picture[..., 0] // 24)
    return root


@pytest.fixture(scope="module")
def int8_model(tiny_model, data, tmp_path_factory):
    """The tiny model with its graph in integers."""
    folder = tmp_path_factory.mktemp("int8") / "tiny_mininet_v2_cpu"
    arguments = ["--int8", "--dataset", "camvid", "--calibration-data", str(data)]
    output = ["--calibration-images", "3", "--output", str(folder)]
    assert cli.main(["export", str(tiny_model), *arguments, *output]) == 0
    return load_model(folder)


def test_integers_give_nearly_the_same_labels(int8_model):
    exact, rounded = (OnnxRuntimeSegmenter(int8_model, 1, name) for name in ("float32", "int8"))
    assert (exact.precision, rounded.precision) == ("float32", "int8")
    for picture in pictures(4):
        a, b = exact.infer(picture), rounded.infer(picture)
        assert (a.mask == b.mask).mean() > 0.9
        assert np.abs(a.confidence.astype(int) - b.confidence).mean() < 10


def test_stages_are_in_integers_but_those_that_read_the_picture(int8_model):
    graph = onnx.load(int8_model.path(INT8_GRAPH))
    _, stages = ranges_of(graph)
    named = {stage.name for stage in load_network(int8_model).table}
    assert set(stages) == named - set(int8_model.card["int8"]["float_stages"])
    assert {"d1", "d4"} <= set(int8_model.card["int8"]["float_stages"])
    assert not any(node.op_type == "Relu" and "m1" in node.name for node in graph.graph.node)


def test_a_stage_that_suffers_stays_in_float(tiny_model, data, monkeypatch):
    from mininet_ros.lab.training.export import int8

    monkeypatch.setattr(int8, "LARGEST_LOSS", -2.0)
    model = load_model(tiny_model)
    recipe = calibrated(load_network(model), model, SIZE, open_dataset("camvid", data, "train"), 2)
    assert recipe.stages == ()
    assert len(recipe.card["float_stages"]) == len(load_network(model).table)


def test_calibration_holds_at_another_size(int8_model, tmp_path):
    other = export_again(int8_model, 64, 64, tmp_path / "small")
    before, after = (ranges_of(onnx.load(m.path(INT8_GRAPH))) for m in (int8_model, other))
    assert before[1] == after[1]
    for name, limits in before[0].items():
        assert after[0][name] == pytest.approx(limits)
    assert other.card["int8"] == int8_model.card["int8"]
    assert OnnxRuntimeSegmenter(other, 1, "int8").infer(pictures(1)[0]).mask.shape == (64, 64)


def test_nothing_chosen_changes_nothing(tiny_model):
    graph = onnx.load(load_model(tiny_model).path("model.onnx"))
    same = quantised(graph, value_ranges(graph, pictures(1)), [])
    assert [node.name for node in same.graph.node] == [node.name for node in graph.graph.node]


def test_an_outlier_does_not_widen_the_steps():
    counts = np.zeros(BINS)
    counts[: BINS // 4] = 1000
    even = best_range(counts, (0.0, 8.0))
    assert even[0] == 0
    assert even[1] == pytest.approx(2.0, abs=0.25)
    counts[-1] = 1
    assert 1.9 < best_range(counts, (0.0, 8.0))[1] < 7
    both = best_range(counts[::-1], (-8.0, 0.5))
    assert -7 < both[0] < -1.4
    counts[:] = 1
    assert best_range(counts, (-3.0, 5.0)) == pytest.approx((-3.0, 5.0), abs=0.3)


def test_a_value_that_is_always_zero_has_a_range():
    low, high = best_range(np.zeros(BINS), (0.0, 0.0))
    assert low <= 0 <= high


def test_the_faster_precision_is_taken_and_named(int8_model, tiny_model, monkeypatch):
    for times, expected in (([9.0, 5.0], "int8"), ([5.0, 9.0], "float32"), ([5.0, 4.9], "float32")):
        monkeypatch.setattr(precision, "_best_times_ms", lambda *segmenters, t=times: t)
        chosen = load_segmenter(int8_model, "cpu", threads=1, precision="auto")
        assert chosen.precision == expected
        assert f"int8 {times[1]:.1f} ms, float32 {times[0]:.1f} ms" in chosen.precision_reason
    alone = load_segmenter(tiny_model, "cpu", threads=1, precision="auto")
    assert alone.precision == "float32"
    assert "has no model.int8.onnx" in alone.precision_reason


def test_auto_really_measures(int8_model):
    assert (
        "measured here"
        in load_segmenter(int8_model, "cpu", threads=1, precision="auto").precision_reason
    )


def test_what_is_not_there_is_refused(tiny_model):
    with pytest.raises(ModelError, match=r"no model.int8.onnx: make it with .* choose precision"):
        load_segmenter(tiny_model, "cpu", precision="int8")
    with pytest.raises(BackendError, match="unknown precision 'int4'"):
        load_segmenter(tiny_model, "cpu", precision="int4")


@pytest.mark.parametrize(
    "arguments", [["--int8"], ["--dataset", "camvid"], ["--int8", "--dataset", "camvid"]]
)
def test_half_a_request_is_refused(tiny_model, tmp_path, capsys, arguments):
    output = ["--output", str(tmp_path / "x")]
    assert cli.main(["export", str(tiny_model), *arguments, *output]) == 1
    assert "go together" in capsys.readouterr().err


def test_data_of_other_classes_is_refused(tiny_model):
    model = load_model(tiny_model)
    strange = SimpleNamespace(name="toys", classes=SimpleNamespace(names=("ball", "doll")))
    with pytest.raises(DatasetError, match="but toys has ball, doll"):
        calibrated(load_network(model), model, SIZE, strange)
