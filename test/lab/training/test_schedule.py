"""The learning rate of interrupted training, and the running average of the weights."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from safetensors.torch import load_file
from tiny_camvid import write_camvid
from torch import nn
from training_rig import HEIGHT, RECIPE, WIDTH, splits

from mininet_ros.lab.training import train as loop
from mininet_ros.lab.training.average import WeightAverage
from mininet_ros.lab.training.recipe import Recipe


def rates(**options) -> list[float]:
    recipe = Recipe("mininet_v2", "camvid", 480, 360, final_learning_rate=1e-6, **options)
    return [recipe.learning_rate_at(step, 100) for step in range(100)]


def test_the_rate_rises_stays_and_falls():
    found = rates(warm_up=10, decay_share=0.4)
    assert found[:10] == pytest.approx([1e-4 * (step + 1) for step in range(10)])
    assert found[10:61] == pytest.approx([1e-3] * 51)
    assert found[80] == pytest.approx(1e-6 + 0.999e-3 * 0.5**0.9)
    assert found[60:] == sorted(found[60:], reverse=True)
    assert found[-1] < 4e-5
    assert rates(decay_share=0.0) == pytest.approx([1e-3] * 100)
    assert rates() == rates(decay_share=1.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"decay_share": 1.5}, "decay_share"),
        ({"average_decay": 1.0}, "average_decay"),
        ({"warm_up": -1}, "warm_up"),
        ({"temperature": 0.0}, "temperature"),
        ({"teacher_weight": -1.0}, "teacher_weight"),
        ({"unlabelled": ("more",)}, "need a teacher"),
        ({"initial_model": "a", "initial_run": "b"}, "not from both"),
    ],
)
def test_what_is_out_of_range_is_refused(change, reason):
    with pytest.raises(ValueError, match=reason):
        replace(RECIPE, **change)


def test_the_average_follows_the_weights():
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = WeightAverage(network, 0.9)
    first = network[0].weight.detach().clone()
    expected = first.clone()
    for step in range(40):
        with torch.no_grad():
            network[0].weight += 1.0
            network[1].running_mean += 1.0
            network[1].num_batches_tracked += 1
        average.update(network)
        decay = min(0.9, (step + 1) / (step + 10))
        expected = decay * expected + (1 - decay) * network[0].weight.detach()
    assert torch.allclose(average.network[0].weight, expected, atol=1e-4)
    assert torch.allclose(average.network[1].running_mean, (expected - first)[0], atol=1e-4)
    assert average.network[1].num_batches_tracked == 40
    assert not average.network.training
    other = WeightAverage(network, 0.9)
    other.load_state_dict(average.state_dict())
    assert torch.equal(other.network[0].weight, average.network[0].weight)
    assert other.steps == 40


def test_a_run_goes_on_from_another(tmp_path):
    camvid = write_camvid(tmp_path / "camvid", WIDTH, HEIGHT)
    first = replace(RECIPE, epochs=2, average_decay=0.9, decay_share=0.0)
    loop.train(first, *splits(camvid), tmp_path / "first" / "training")
    begun = replace(
        first,
        epochs=1,
        initial_run=str(tmp_path / "first"),
        learning_rate=1e-9,
        weight_decay=0.0,
        final_learning_rate=1e-9,
    )
    loop.train(begun, *splits(camvid), tmp_path / "second" / "training")
    before, after = (
        torch.load(tmp_path / run / "training" / "checkpoint.pt", weights_only=True)
        for run in ("first", "second")
    )
    for name, value in before["network"].items():
        if "running" not in name and "num_batches" not in name:
            assert torch.allclose(value, after["network"][name], atol=1e-6), name
    assert after["average"]["steps"] == before["average"]["steps"] + 3
    states = [checkpoint["optimizer"]["state"][0]["step"] for checkpoint in (before, after)]
    assert states[1] == states[0] + 3
    kept = load_file(tmp_path / "second" / "training" / "best.safetensors")
    assert kept.keys() == load_file(tmp_path / "first" / "training" / "best.safetensors").keys()


@pytest.mark.parametrize("other", ["absent", "without average"])
def test_a_run_that_can_not_be_gone_on_from_is_refused(tmp_path, other):
    camvid = write_camvid(tmp_path / "camvid", WIDTH, HEIGHT)
    first = replace(RECIPE, epochs=1)
    if other == "without average":
        loop.train(first, *splits(camvid), tmp_path / "first" / "training")
    begun = replace(first, average_decay=0.9, initial_run=str(tmp_path / "first"))
    with pytest.raises(loop.TrainingError, match=r"cannot be (read|gone on from)"):
        loop.train(begun, *splits(camvid), tmp_path / "second" / "training")
    assert not (tmp_path / "second" / "training" / "checkpoint.pt").exists()
