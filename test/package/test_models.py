"""Model folders: found by name or path, verified, refused in one sentence."""

import shutil
from pathlib import Path

import pytest
import yaml

from mininet_ros import models
from mininet_ros.model_writing import write_model_folder
from mininet_ros.models import ModelError, load_model


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "copy_mininet_v2_cpu"))


def change_card(folder: Path, change) -> None:
    card = yaml.safe_load((folder / "model.yaml").read_text())
    change(card)
    (folder / "model.yaml").write_text(yaml.safe_dump(card))


def test_reads_what_was_written(folder):
    model = load_model(folder)
    assert (model.network, model.width, model.height) == ("mininet_v2_cpu", 96, 64)
    assert model.classes[3] == "Road"
    assert model.colors.shape == (11, 3)
    assert model.path("model.onnx").is_file()
    with pytest.raises(ModelError, match=r"no file model\.int8\.onnx"):
        model.path("model.int8.onnx")


def test_found_by_full_name_and_by_family(folder, monkeypatch):
    monkeypatch.setattr(models, "models_folder", lambda: folder.parent)
    assert load_model("copy_mininet_v2_cpu").folder == folder
    assert load_model("copy").folder == folder
    assert load_model("copy", network="mininet_v2_cpu").folder == folder
    with pytest.raises(ModelError, match=r"no model 'copy' for network mininet_v2: give one of"):
        load_model("copy", network="mininet_v2")
    with pytest.raises(ModelError, match=r"no model 'nothing': give one of"):
        load_model("nothing")
    with pytest.raises(ModelError, match="installed \\(copy_mininet_v2_cpu\\)"):
        load_model("copy", network="mininet_v2")
    with pytest.raises(ModelError, match="holds network mininet_v2_cpu, but mininet_v2"):
        load_model("copy_mininet_v2_cpu", network="mininet_v2")


@pytest.mark.parametrize("filename", ["weights.safetensors", "model.onnx"])
def test_missing_and_altered_files_are_named(folder, filename):
    content = (folder / filename).read_bytes()
    (folder / filename).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelError, match=f"{filename}.*sha256 differs"):
        load_model(folder)
    (folder / filename).unlink()
    with pytest.raises(ModelError, match=f"lacks {filename}"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.pop("classes"), "lacks an entry"),
        (lambda card: card["files"].pop("model.onnx"), r"does not list model\.onnx"),
        (lambda card: card["classes"].pop(), "11 classes, but model.yaml says"),
        (lambda card: card["network"].update(name="mininet_v2"), "says mininet_v2"),
        (lambda card: card["input"].update(width=100), "multiples of 8"),
        (lambda card: card["input"].update(channel_order="rgb"), "channel_order"),
        (lambda card: card["classes"][0].update(color=[1, 2]), "colour|entry"),
        (lambda card: card["classes"][0].update(color=[1, 2, 300]), "0-255"),
        (lambda card: card["classes"][0].update(name="Road"), "twice"),
        (lambda card: card.update(ignore_label=0), "ignore_label"),
        (lambda card: card["files"].update({"../x": "0"}), "plain file name"),
    ],
)
def test_cards_that_disagree_are_refused(folder, change, message):
    change_card(folder, change)
    with pytest.raises(ModelError, match=message) as error:
        load_model(folder)
    assert "\n" not in str(error.value)


def test_unreadable_cards(folder, tmp_path):
    (folder / "model.yaml").write_text("a: [")
    with pytest.raises(ModelError, match="not readable yaml"):
        load_model(folder)
    (folder / "model.yaml").write_text("just text")
    with pytest.raises(ModelError, match="lacks an entry"):
        load_model(folder)
    (folder / "model.yaml").unlink()
    with pytest.raises(ModelError, match=r"no model\.yaml"):
        load_model(folder)
    with pytest.raises(ModelError, match="does not exist"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(ModelError, match="empty"):
        load_model("")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("scale: 0.00392", "scale: .nan #", "finite"),
        ("scale: 0.00392", "scale: .inf #", "finite"),
        ("offset: -0.5", "offset: -.inf", "finite"),
        ("width: 96", "width: .inf", "wrong one"),
        ("width: 96", f"width: 1{'0' * 30}", "more than 40000000 pixels"),
        ("ignore_label: 255", "ignore_label: 255\n1: one", "key 1 is no text"),
        ("ignore_label: 255", "ignore_label: 255\n? [a, b]\n: one", "neither text|unhashable"),
        ("ignore_label: 255", "ignore_label: 255\na: &a [b]\nc: [*a, *a]", "aliases"),
        ("ignore_label: 255", "ignore_label: 255\na: " + 3000 * "[", "nested|not readable"),
        ("ignore_label: 255", "ignore_label: 255\na: '" + 1_100_000 * "b" + "'", "more than"),
    ],
)
def test_cards_that_would_do_harm_are_refused(folder, old, new, message):
    text = (folder / "model.yaml").read_text()
    assert old in text
    (folder / "model.yaml").write_text(text.replace(old, new))
    with pytest.raises(ModelError, match=message) as error:
        load_model(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["weights.bin", "model.onnx.data", "custom.so"])
def test_files_that_no_hash_covers_are_refused(folder, name):
    for allowed in ("README.md", "LICENSE", ".gitattributes"):
        (folder / allowed).write_text("for people")
    (folder / "training").mkdir()
    load_model(folder)
    (folder / name).write_text("")
    with pytest.raises(ModelError, match=f"holds {name}, which model.yaml does not list"):
        load_model(folder)


def test_the_cpu_needs_no_weights(folder):
    (folder / "weights.safetensors").unlink()
    change_card(folder, lambda card: card["files"].pop("weights.safetensors"))
    assert not load_model(folder).has("weights.safetensors")


def test_what_is_written_twice_can_be_read_again(tiny_model, tmp_path):
    model = load_model(tiny_model)
    files = {name: model.path(name).read_bytes() for name in model.card["files"]}
    remark = ["measured here"]
    card = {**model.card, "one": remark, "two": remark}
    written = write_model_folder(tmp_path / "copy", card, files)
    assert written.card["one"] == written.card["two"] == remark


def test_weights_that_are_no_safetensors(folder):
    (folder / "weights.safetensors").write_bytes(b"pickle")
    change_card(
        folder,
        lambda card: card["files"].update({"weights.safetensors": models.sha256(b"pickle")}),
    )
    with pytest.raises(ModelError, match="no safetensors file"):
        load_model(folder)


@pytest.mark.parametrize("name", ["yes", "no", "on", "1", "1.10", "null", "0x10"])
def test_a_class_keeps_its_name_whatever_yaml_makes_of_it(folder, name):
    text = (folder / "model.yaml").read_text()
    (folder / "model.yaml").write_text(text.replace("name: Road", f"name: {name}"))
    assert load_model(folder).classes[3] == name


@pytest.mark.parametrize(
    "card", sorted(models.models_folder().glob("*/model.yaml")), ids=lambda card: card.parent.name
)
def test_shipped_models_are_verified(card):
    assert load_model(card.parent).name == card.parent.name
