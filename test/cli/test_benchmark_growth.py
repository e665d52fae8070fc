"""Growth: every point stands beside what is linear. How fast anything is, is not tested."""

import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

from mininet_ros import cli
from mininet_ros.inference import load_segmenter
from mininet_ros.lab.benchmark import growth
from mininet_ros.lab.benchmark.engine import street
from mininet_ros.lab.benchmark.growth import Growth, with_classes, with_linear
from mininet_ros.models import load_model


def point(axis: str, work: float, ms: float, memory_mb: float) -> Growth:
    return Growth(axis, "float32", str(work), work, ms, None, memory_mb, 1e3 / ms)


def test_linear_is_the_first_point_times_the_work():
    points = with_linear(
        [
            point("pixels", 1, 2.0, 50),
            point("pixels", 4, 7.0, 90),
            point("threads", 1, 8.0, 70),
            point("threads", 2, 5.0, 71),
        ]
    )
    assert [p.linear_ms for p in points] == [2, 8, 8, 4]
    assert [p.linear_mb for p in points] == [50, 200, 70, 70]


@pytest.mark.parametrize("classes", [2, 11, 30])
def test_other_numbers_of_classes_keep_the_borders(tiny_model, tmp_path, classes, monkeypatch):
    monkeypatch.setattr(growth, "SIZE", (96, 64))
    model = load_model(tiny_model)
    other = with_classes(model, classes, tmp_path / "other")
    assert len(other.classes) == classes
    picture = street(96, 64)
    ours, theirs = (load_segmenter(m, "cpu", threads=1).infer(picture).mask for m in (model, other))
    assert theirs.max() < min(classes, len(model.classes))
    often = np.argsort(-np.bincount(ours.ravel(), minlength=11), kind="stable")
    if classes >= 11:
        np.testing.assert_array_equal(often[theirs], ours)


def test_command_measures_an_axis_and_draws_it(tiny_model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(growth, "CROPS", ((32, 32), (64, 32)))
    picture = tmp_path / "growth.png"
    options = ["--threads", "1", "--rounds", "1", "--plot", str(picture)]
    axes = ["--axis", "training"]
    assert cli.main(["benchmark", str(tiny_model), "--growth", *axes, *options, "--json"]) == 0
    points = json.loads(capsys.readouterr().out)
    assert [(p["series"], p["setting"], p["work"]) for p in points] == [
        ("1 process", "32x32", 1.0),
        ("1 process", "64x32", 2.0),
    ]
    for p in points:
        assert p["linear_ms"] == pytest.approx(points[0]["ms"] * p["work"])
        assert p["per_s"] == pytest.approx(1e3 * growth.BATCH / p["ms"])
        assert p["bounds"] > 0
    assert picture.stat().st_size > 1000


def test_one_model_at_a_time(tiny_model, capsys):
    assert cli.main(["benchmark", str(tiny_model), str(tiny_model), "--growth"]) == 1
    assert "--growth is of one model" in capsys.readouterr().err
