"""Teachers: a model folder, or an ONNX file that a yaml file explains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("onnx", reason="needs the extra train")

import onnx
from onnx import TensorProto, helper
from tiny_camvid import write_camvid
from training_rig import HEIGHT, WIDTH

from mininet_ros import cli
from mininet_ros.images.class_tables import CAMVID
from mininet_ros.lab.training.distillation import TeacherError, load_teacher
from mininet_ros.models import load_model

OURS = ("sky", "road", "thing")
CARD = {
    "licence": "MIT",
    "data": "made up",
    "input": {
        "name": "image",
        "width": WIDTH,
        "height": HEIGHT,
        "layout": "nchw",
        "channel_order": "rgb",
        "scale": 1 / 255,
        "offset": 0.0,
        "scales": [1.0, 0.5],
    },
    "output": {"name": "probabilities", "layout": "nchw", "activation": "none"},
    "classes": {"sky": 2, "road": [0, 1], "thing": "rest"},
}


def write_teacher(folder: Path, card: dict | None = CARD, size=("h", "w")) -> Path:
    """A graph whose three probabilities are a third of red, green and blue."""
    graph = helper.make_graph(
        [helper.make_node("Mul", ["image", "third"], ["probabilities"])],
        "teacher",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, *size])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 3, None, None])],
        [helper.make_tensor("third", TensorProto.FLOAT, [], [1 / 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = folder / "teacher.onnx"
    onnx.save(model, path)
    if card is not None:
        path.with_suffix(".yaml").write_text(yaml.safe_dump(card))
    return path


def changed(**sections) -> dict:
    return {name: sections.get(name, section) for name, section in CARD.items()}


def test_a_graph_is_opened_once_at_its_first_use_and_this_is_said(tmp_path, capsys):
    teacher = load_teacher(write_teacher(tmp_path), OURS)
    assert capsys.readouterr().err == ""
    for _ in range(2):
        teacher.probabilities(np.zeros((40, 60, 3), np.uint8))
    assert capsys.readouterr().err.splitlines() == [
        "opening the teacher teacher, which may take minutes"
    ]


def test_its_classes_become_ours(tmp_path):
    teacher = load_teacher(write_teacher(tmp_path), OURS)
    image = np.zeros((40, 60, 3), np.uint8)
    image[:, :30] = (255, 102, 51)  # blue, green, red: thirds of 1, 0.4 and 0.2
    found = teacher.probabilities(image)
    assert found.shape == (HEIGHT, WIDTH, 3)
    assert np.allclose(found.sum(2), 1, atol=1e-5)
    left, right = found[:, 3 : WIDTH // 2 - 3], found[:, WIDTH // 2 + 3 : -3]
    assert np.allclose(left, [1 / 3, 0.6 / 3, 1.4 / 3], atol=0.01)
    assert np.allclose(right, [0, 0, 1], atol=0.01)
    assert (teacher.name, teacher.licence, teacher.data) == ("teacher", "MIT", "made up")


def test_another_card_is_another_teacher(tmp_path):
    first = load_teacher(write_teacher(tmp_path), OURS).sha256
    other = changed(classes={"sky": 1, "road": 2, "thing": "rest"})
    assert load_teacher(write_teacher(tmp_path, other), OURS).sha256 != first


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (None, r"teacher\.yaml, which says .* cannot be read"),
        (changed(classes={"sky": 2, "road": 0}), "does not map 'thing'"),
        (changed(classes=CARD["classes"] | {"car": 1}), "maps 'car'"),
        (changed(classes={"sky": 2, "road": 2, "thing": "rest"}), "to two classes"),
        (changed(classes={"sky": "rest", "road": 2, "thing": "rest"}), "to two classes"),
        (changed(classes={"sky": 9, "road": 1, "thing": "rest"}), "maps channel 9"),
        (changed(classes={"sky": [], "road": 1, "thing": 2}), "neither a channel"),
        (changed(input=CARD["input"] | {"layout": "nhwc"}), "does not fit its ONNX file"),
        (changed(input=CARD["input"] | {"name": "x"}), "names the input 'x'"),
        (changed(input=CARD["input"] | {"scales": []}), "scales must be"),
        (changed(output=CARD["output"] | {"activation": "tanh"}), "activation must be one of"),
        (changed(output=CARD["output"] | {"name": "logits"}), "does not fit its ONNX file"),
        (changed(licence=CARD["licence"]) | {"input": None}, "lacks an entry"),
    ],
)
def test_a_card_that_does_not_explain_its_file_is_refused(tmp_path, card, reason):
    with pytest.raises(TeacherError, match=reason):
        load_teacher(write_teacher(tmp_path, card), OURS).check()


def test_another_size_than_the_graphs_is_refused(tmp_path):
    with pytest.raises(TeacherError, match=r"does not fit its ONNX file at 32x24"):
        load_teacher(write_teacher(tmp_path, size=(HEIGHT, WIDTH)), OURS).check()
    with pytest.raises(TeacherError, match=r"does not exist"):
        load_teacher(tmp_path / "absent.onnx", OURS)
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    (tmp_path / "broken.yaml").write_text(yaml.safe_dump(CARD))
    with pytest.raises(TeacherError, match=r"broken\.onnx cannot be loaded"):
        load_teacher(tmp_path / "broken.onnx", OURS).check()


def test_a_model_folder_teaches_its_own_classes(tiny_model):
    teacher = load_teacher(tiny_model, CAMVID.names)
    image = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    found = teacher.probabilities(image)
    assert found.shape[2] == len(CAMVID.names)
    assert np.allclose(found.sum(2), 1, atol=1e-4)
    flipped = teacher.probabilities(image[:, ::-1].copy())
    assert np.allclose(found, flipped[:, ::-1], atol=1e-3)
    reversed_order = load_teacher(tiny_model, CAMVID.names[::-1]).probabilities(image)
    assert np.allclose(found, reversed_order[..., ::-1])
    with pytest.raises(TeacherError, match=r"knows the classes Sky.*those to learn are sky"):
        load_teacher(tiny_model, OURS)


def test_the_command_learns_from_a_teacher_and_names_it(tmp_path, tiny_model, capsys):
    root = write_camvid(tmp_path / "camvid", WIDTH, HEIGHT)
    command = (
        f"train --dataset camvid --data {root} --network mininet_v2_cpu --input-size 64x48 "
        f"--crop-size 48x32 --epochs 1 --batch-size 2 --average-decay 0.9 --warm-up 1 "
        f"--teacher {tiny_model} --unlabelled {root / 'val'} --output {tmp_path / 'out'}"
    )
    assert cli.main(command.split()) == 0, capsys.readouterr().err
    card = load_model(tmp_path / "out").card
    assert card["teacher"]["name"] == tiny_model.name
    assert card["teacher"]["unlabelled_images"] == 6
    assert card["training"]["unlabelled"] == ["val"]
    assert card["data"]["images"] == 6
    go_on = command.replace(str(tmp_path / "out"), str(tmp_path / "next"))
    assert cli.main([*go_on.split(), "--initial-run", str(tmp_path / "out")]) == 0
    card = load_model(tmp_path / "next").card
    assert card["training"]["initial_run"] == "out"
    other = command.replace(str(tiny_model), str(write_teacher(tmp_path)))
    other = other.replace(str(tmp_path / "out"), str(tmp_path / "third"))
    assert cli.main(other.split()) == 1
    assert "does not map 'Sky'" in capsys.readouterr().err
    assert not (tmp_path / "third").exists()
