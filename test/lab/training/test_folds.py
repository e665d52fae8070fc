"""CamVid's drives, and a recipe judged by leaving each of them out."""

from __future__ import annotations

import re

import numpy as np
import pytest
from real_data import real_data
from tiny_camvid import write_camvid

from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset
from mininet_ros.lab.training.data.datasets.camvid import DRIVES

WIDTH, HEIGHT = 64, 48


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    """Six pictures to learn from, two of each drive."""
    root = write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)
    for folder in ("train", "trainannot"):
        for number, path in enumerate(sorted((root / folder).iterdir())):
            path.rename(path.with_name(f"{DRIVES[number // 2]}_{path.name}"))
    return root


def names(root, split):
    return [sample.name for sample in open_dataset("camvid", root, split)]


def test_a_drive_and_the_others_make_up_train(drives):
    whole = names(drives, "train")
    for drive in DRIVES:
        held, others = (names(drives, f"train-{kind}-{drive}") for kind in ("only", "without"))
        assert len(held) == 2
        assert {name.split("_")[0] for name in held} == {drive}
        assert sorted(held + others) == whole


def test_wrong_folds_are_named(drives, tmp_path):
    for split in ("train-without-0005VD", "train-with-0001TP", "val-only-0001TP", "train-"):
        with pytest.raises(DatasetError, match=f"no split '{split}'.*0001TP, 0006R0, 0016E5"):
            open_dataset("camvid", drives, split)
    root = write_camvid(tmp_path, WIDTH, HEIGHT)
    with pytest.raises(DatasetError, match="train holds no image of split train-only-0006R0"):
        open_dataset("camvid", root, "train-only-0006R0")


def test_command_leaves_one_drive_out(drives, tmp_path, capsys):
    pytest.importorskip("torch", reason="needs the extra train")
    from safetensors.torch import load_file

    from mininet_ros import cli

    command = ["train", "--dataset", "camvid", "--data", str(drives), "--leave-one-drive-out"]
    command += ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}"]
    command += ["--epochs", "1", "--batch-size", "2", "--output", str(tmp_path)]
    tables = []
    for _ in range(2):
        assert cli.main(command) == 0
        tables.append(capsys.readouterr().out)
    assert tables[0] == tables[1]
    found = re.findall(r"^ *(\w+) +([\d.]+) %", tables[0], re.MULTILINE)
    assert [name for name, _ in found] == [*DRIVES, "mean"]
    values = [float(value) for _, value in found]
    assert values[3] == pytest.approx(np.mean(values[:3]), abs=0.01)
    weights = [load_file(tmp_path / f"without-{drive}/best.safetensors") for drive in DRIVES]
    assert (weights[0]["stages.d1.conv.weight"] != weights[1]["stages.d1.conv.weight"]).any()
    assert (
        f"train-without-{DRIVES[2]}" in (tmp_path / f"without-{DRIVES[2]}/recipe.yaml").read_text()
    )
    assert not (tmp_path / "model.yaml").exists()
    command[command.index("camvid")] = "cityscapes"
    assert cli.main(command) == 1
    assert "camvid alone, not of cityscapes" in capsys.readouterr().err


def test_a_validation_split_of_ones_own(drives, tmp_path, capsys):
    pytest.importorskip("torch", reason="needs the extra train")
    from mininet_ros import cli
    from mininet_ros.models import load_model

    command = ["train", "--dataset", "camvid", "--data", str(drives), "--output", str(tmp_path)]
    command += ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}", "--epochs", "1"]
    command += ["--train-split", "train-without-0001TP", "--validation-split", "train-only-0001TP"]
    assert cli.main(command) == 0
    card = load_model(tmp_path).card
    assert card["training"]["validation_split"] == "train-only-0001TP"
    assert card["data"]["images"] == 4
    with pytest.raises(SystemExit):
        cli.main([*command, "--leave-one-drive-out"])
    assert "not allowed with" in capsys.readouterr().err


def test_real_drives():
    root = real_data("data/camvid")
    sizes = [len(open_dataset("camvid", root, f"train-only-{drive}")) for drive in DRIVES]
    assert sizes == [62, 101, 204]
