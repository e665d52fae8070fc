"""A training that begins from another model's weights."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx", reason="needs the extra train")
pytest.importorskip("torch", reason="needs the extra train")

import torch
from safetensors.torch import load_file

from mininet_ros.images.class_tables import CAMVID
from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.export.model_folder import describe_model, write_model
from mininet_ros.lab.training.initial_weights import begin_from
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.lab.training.run_folder import TrainingError
from mininet_ros.models import ModelError, load_model
from mininet_ros.network import build_network


def network(name: str = "mininet_v2_cpu", classes: int = 11, **options):
    torch.manual_seed(1)
    return build_network(name, classes, **options)


def is_taken(begun, fresh, weights) -> dict[str, bool]:
    """Whether each stage has the model's weights; else it must have kept its own."""
    taken = {}
    own = fresh.state_dict()
    for name, stage in begun.stages.items():
        found = {f"stages.{name}.{key}": value for key, value in stage.state_dict().items()}
        taken[name] = all(
            key in weights and torch.equal(value, weights[key]) for key, value in found.items()
        )
        assert taken[name] or all(torch.equal(value, own[key]) for key, value in found.items())
    return taken


def test_the_same_network_takes_everything(tiny_model):
    begun = network()
    assert begin_from(begun, str(tiny_model)) == tuple(begun.stages)
    weights = load_file(tiny_model / "weights.safetensors")
    assert all(torch.equal(value, weights[name]) for name, value in begun.state_dict().items())


def test_another_number_of_classes_keeps_its_own_last_stage(tiny_model):
    begun = network(classes=2)
    taken = begin_from(begun, str(tiny_model))
    assert taken == tuple(name for name in begun.stages if name != "output")
    weights = load_file(tiny_model / "weights.safetensors")
    found = is_taken(begun, network(classes=2), weights)
    assert not found.pop("output")
    assert all(found.values())


def test_a_larger_network_begins_as_the_smaller_one(tiny_model):
    begun = network("mininet_v2")
    taken = begin_from(begun, str(tiny_model))
    smaller = load_network(load_model(tiny_model))
    assert len(taken) == len(smaller.table)
    image = torch.rand(1, 3, 64, 96) - 0.5
    with torch.no_grad():
        assert torch.equal(begun.eval()(image), smaller(image))


def test_a_smaller_network_takes_the_first_of_each_kind(tmp_path):
    card = describe_model("mininet_v2", {}, CAMVID, 96, 64)
    larger = write_model(network("mininet_v2"), card, tmp_path / "larger")
    begun = network("mininet_v2_cpu")
    assert begin_from(begun, str(larger.folder)) == tuple(begun.stages)
    assert torch.equal(
        begun.stages["m3"].pointwise.weight,
        load_network(larger).stages["m11"].pointwise.weight,
    )


def test_models_that_do_not_fit_are_refused_by_name(tiny_model, tmp_path):
    with pytest.raises(TrainingError, match=f"no stage of {tiny_model} fits the network"):
        begin_from(network("mininet"), str(tiny_model))
    with pytest.raises(ModelError, match="nowhere"):
        begin_from(network(), str(tmp_path / "nowhere"))


def test_the_card_names_the_model_without_its_place(tiny_model):
    recipe = Recipe("mininet_v2_cpu", "camvid", 96, 64, initial_model=str(tiny_model))
    assert recipe.as_card()["initial_model"] == tiny_model.name
    assert str(tiny_model.parent) not in str(recipe.as_card())
    assert Recipe("mininet_v2_cpu", "camvid", 96, 64).as_card()["initial_model"] == ""
