"""The commands as users type them."""

import json
import subprocess
import sys
from importlib.util import find_spec

import cv2
import numpy as np
import pytest
import yaml
from real_data import real_data

from mininet_ros import cli
from mininet_ros.models import load_model

OUT = ("--output", "x")
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train")


def run(capsys, *arguments):
    status = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@needs_torch
@pytest.mark.parametrize(
    ("arguments", "parameters", "mebibytes", "gmacs"),
    [
        (["mininet_v2_cpu", "--classes", 19, "--input-size", "512x256"], 272_785, 1.063, 0.835),
        (["mininet_v2", "--classes", 19, "--input-size", "1024x512"], 515_345, 2.022, 6.402),
    ],
)
def test_describe_network(capsys, arguments, parameters, mebibytes, gmacs):
    status, out, _ = run(capsys, "describe", *arguments, "--json")
    printed = json.loads(out)
    assert status == 0
    assert printed["parameters"] == parameters
    assert (printed["mebibytes"], printed["gmacs"]) == (mebibytes, gmacs)
    _, table, _ = run(capsys, "describe", *arguments)
    for word in ("up1 + d5", "MultiDilationModule(rate=8)", f"{parameters:,}"):
        assert word in table


def test_describe_model_prints_its_card(capsys, tiny_model):
    _, out, _ = run(capsys, "describe", tiny_model)
    assert yaml.safe_load(out) == load_model(tiny_model).card
    _, out, _ = run(capsys, "describe", tiny_model, "--json")
    assert json.loads(out)["input"]["width"] == 96


@needs_torch
def test_import_of_the_golden_checkpoint(capsys, tmp_path):
    prefix = real_data("golden/model.ckpt.index").with_suffix("")
    common = ["--network", "mininet_v2_cpu", "--input-size", "512x256"]
    output = tmp_path / "cityscapes_mininet_v2_cpu"
    status, out, _ = run(
        capsys, "import-checkpoint", prefix, *common, "--dataset", "cityscapes", "--output", output
    )
    assert status == 0 and "19 classes" in out
    assert load_model(output).classes[0] == "road"

    classes = tmp_path / "classes.yaml"
    rows = [{"name": f"class {i}", "color": [i, i, i]} for i in range(19)]
    classes.write_text(yaml.safe_dump({"classes": rows}))
    own = tmp_path / "own"
    arguments = ["--dataset", classes, "--output", own]
    assert run(capsys, "import-checkpoint", prefix, *common, *arguments)[0] == 0
    assert load_model(own).classes[18] == "class 18"

    nothing = tmp_path / "nothing"
    arguments = ["--dataset", "camvid", "--output", nothing]
    status, _, err = run(capsys, "import-checkpoint", prefix, *common, *arguments)
    assert status == 1 and "conv2d_transpose_1" in err
    assert not nothing.exists()


@needs_torch
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("classes: 3", "must hold a list"),
        ("classes: [{name: a}]", "must hold a list"),
        ("classes: [{name: a, color: [1, 2]}]", "three integers"),
        ("classes: []", "1 to 254"),
        ("a: [", "classes.yaml: while parsing"),
    ],
)
def test_wrong_yaml_of_classes(capsys, tmp_path, text, message):
    path = tmp_path / "classes.yaml"
    path.write_text(text)
    arguments = ["--network", "mininet_v2_cpu", "--input-size", "64x64", "--output", tmp_path / "m"]
    status, _, err = run(capsys, "import-checkpoint", "x", "--dataset", path, *arguments)
    assert status == 1
    assert message in err


def test_segment_folder(capsys, tiny_model, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(3):
        cv2.imwrite(str(images / f"{number}.jpg"), np.full((50, 70, 3), 80 * number, np.uint8))
    output = tmp_path / "out"
    status, out, _ = run(
        capsys, "segment", images, "--model", tiny_model, "--output", output, "--first", 2
    )
    assert status == 0 and "2 frames" in out
    masks = sorted((output / "masks").iterdir())
    assert [path.name for path in masks] == ["0.png", "1.png"]
    mask = cv2.imread(str(masks[0]), cv2.IMREAD_UNCHANGED)
    assert mask.shape == (50, 70) and mask.max() < 11
    assert cv2.imread(str(output / "overlays" / "0.png")).shape == (50, 70, 3)
    assert cv2.imread(str(output / "contact_sheet.png")) is not None


def test_segment_understands_the_older_order(capsys, tiny_model, tmp_path):
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), np.zeros((50, 70, 3), np.uint8))
    status, out, _ = run(capsys, "segment", tiny_model, picture, "--output", tmp_path / "out")
    assert status == 0 and "1 frames" in out
    for words in ((tiny_model, picture, "more"), (tiny_model, picture, "--model", "camvid")):
        status, _, err = run(capsys, "segment", *words, "--output", tmp_path / "other")
        assert status == 1 and "give one input and the model as --model" in err
        assert not (tmp_path / "other").exists()


def test_export_command(capsys, tiny_model, tmp_path):
    status, out, _ = run(
        capsys, "export", tiny_model, "--input-size", "64x32", "--output", tmp_path / "small"
    )
    assert status == 0 and "64x32" in out
    assert load_model(tmp_path / "small").height == 32


@needs_torch
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["describe", "nothing"], "there is no model 'nothing'"),
        (["describe", "mininet_v2", "--classes", "0"], "at least one class"),
        (["describe", "mininet_v2", "--input-size", "100x100"], "multiples of 8"),
        (["segment", "nothing", "generated", "--output", "x"], "there is no model"),
        (
            ["train", "--dataset", "camvid", "--data", "/nowhere", "--network", "mininet_v2", *OUT],
            "/nowhere/train does not exist; expected tree",
        ),
    ],
)
def test_errors_are_one_message_and_a_status(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    status, _, err = run(capsys, *arguments)
    assert status == 1
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["describe", "mininet_v2", "--input-size", "big"],
        ["describe", "mininet_v2", "--dilations", "1,x/2"],
        ["describe", "mininet_v2", "--dilations", "1,2"],
        ["train", "--scale-range", "1"],
        [],
    ],
)
def test_wrong_arguments_end_with_status_two(arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 2


def test_help_of_every_command_and_no_torch():
    program = (
        "import sys; from mininet_ros import cli;"
        "parsers = [cli.build_parser([name]) for name in cli.COMMANDS];"
        "groups = [p._subparsers._group_actions[0] for p in parsers];"
        "[command.format_help() for group in groups for command in group.choices.values()];"
        "assert 'torch' not in sys.modules and 'rclpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
