"""Runs that end early: one sentence that names the file, and the last good checkpoint usable."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from safetensors.torch import load_file
from tiny_camvid import write_camvid

from mininet_ros import cli
from mininet_ros.lab.training import train as loop
from mininet_ros.lab.training.data.datasets import open_dataset
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.models import load_model

WIDTH, HEIGHT = 64, 48
RECIPE = Recipe("mininet_v2_cpu", "camvid", WIDTH, HEIGHT, epochs=3, batch_size=3, seed=3)
FULL_DEVICE = Path("/dev/full")
STARTING_S = 90.0

needs_full_device = pytest.mark.skipif(
    not FULL_DEVICE.exists(), reason="needs a device that is always full"
)


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)


def train(root, run, recipe=RECIPE):
    splits = (open_dataset("camvid", root, split) for split in ("train", "val"))
    return loop.train(recipe, *splits, run)


def fill_disk(run: Path, name: str) -> None:
    """Let the next write of a file of the run meet a full device."""
    run.mkdir(exist_ok=True)
    (run / f"{name}.part").symlink_to(FULL_DEVICE)


@needs_full_device
@pytest.mark.parametrize(
    "name", ["recipe.yaml", "best.safetensors", "log.csv", "curves.png", "checkpoint.pt"]
)
def test_full_disk_before_the_first_checkpoint(camvid, tmp_path, name):
    run = tmp_path / "run"
    recipe = replace(RECIPE, epochs=1)
    fill_disk(run, name)
    with pytest.raises(loop.TrainingError) as error:
        train(camvid, run, recipe)
    assert str(error.value) == (
        f"{run / name} cannot be written: No space left on device; "
        f"no epoch was finished, so {run} holds nothing to resume from"
    )
    assert not list(run.glob("*.part"))
    assert train(camvid, run, recipe).epoch == 1


@needs_full_device
def test_full_disk_leaves_the_last_checkpoint_usable(camvid, tmp_path, monkeypatch):
    whole = train(camvid, tmp_path / "whole")
    run = tmp_path / "run"
    original = loop.train_epoch

    def fill_in_the_last_epoch(recipe, epoch, *rest):
        if epoch == 2:
            fill_disk(run, "checkpoint.pt")
        return original(recipe, epoch, *rest)

    monkeypatch.setattr(loop, "train_epoch", fill_in_the_last_epoch)
    checkpoint = run / "checkpoint.pt"
    with pytest.raises(loop.TrainingError, match=f"No space left.*resumes from {checkpoint}"):
        train(camvid, run)
    monkeypatch.undo()
    assert torch.load(checkpoint, weights_only=True)["epoch"] == 2
    resumed = train(camvid, run)
    assert (resumed.epoch, resumed.miou) == (whole.epoch, whole.miou)
    first, second = (load_file(tmp_path / name / "best.safetensors") for name in ("whole", "run"))
    assert all(torch.equal(first[key], second[key]) for key in first)
    logs = [(tmp_path / name / "log.csv").read_text() for name in ("whole", "run")]
    assert logs[0] == logs[1]
    assert len(logs[0].splitlines()) == 1 + RECIPE.epochs


@needs_full_device
def test_full_disk_at_the_end_keeps_the_run(camvid, tmp_path, capsys, monkeypatch):
    arguments = ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}"]
    data = ["--dataset", "camvid", "--data", str(camvid), "--output", str(tmp_path)]
    command = ["train", *data, *arguments, "--epochs", "1"]
    write_bytes = Path.write_bytes

    def fill_disk_at_the_weights(path, content):
        target = FULL_DEVICE if path.name == "weights.safetensors" else path
        return write_bytes(target, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fill_disk_at_the_weights)
        assert cli.main(command) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert "cannot write results to" in last and "No space left on device" in last
    assert [path.name for path in tmp_path.iterdir()] == ["training"]
    log = (tmp_path / "training" / "log.csv").stat().st_mtime_ns
    assert cli.main(command) == 0
    assert (tmp_path / "training" / "log.csv").stat().st_mtime_ns == log
    assert load_model(tmp_path).card["training"]["epochs"] == 1


def test_ctrl_c_ends_in_one_sentence_and_leaves_a_checkpoint(camvid, tmp_path):
    arguments = ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}"]
    data = ["--dataset", "camvid", "--data", str(camvid), "--output", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "mininet_ros.cli", "train", *data, *arguments, "--epochs", "5000"],
        stderr=subprocess.PIPE,
        text=True,
        # Shells start background jobs with SIGINT ignored, which children inherit.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    checkpoint = tmp_path / "training" / "checkpoint.pt"
    deadline = time.monotonic() + STARTING_S
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=STARTING_S)
    assert process.returncode == 130
    assert err.splitlines()[-1].strip() == (
        f"mininet_ros train: interrupted; the same command resumes from {checkpoint}"
    )
    assert "Traceback" not in err
    assert torch.load(checkpoint, weights_only=True)["epoch"] >= 1
    assert not list(checkpoint.parent.glob("*.part"))


def test_ctrl_c_before_the_first_checkpoint(camvid, tmp_path, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "train_epoch", stop)
    arguments = ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}"]
    data = ["--dataset", "camvid", "--data", str(camvid), "--output", str(tmp_path)]
    assert cli.main(["train", *data, *arguments]) == 130
    assert "interrupted; no epoch was finished" in capsys.readouterr().err


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"text"),
        lambda path: torch.save({"epoch": 1}, path),
    ],
)
def test_a_damaged_checkpoint_is_named(camvid, tmp_path, damage):
    recipe = replace(RECIPE, epochs=1)
    train(camvid, tmp_path, recipe)
    damage(tmp_path / "checkpoint.pt")
    with pytest.raises(loop.TrainingError, match=r"checkpoint\.pt is damaged.*delete it"):
        train(camvid, tmp_path, recipe)


def test_validation_without_a_label_is_refused(tmp_path):
    root = write_camvid(tmp_path, WIDTH, HEIGHT)
    for path in (root / "valannot").iterdir():
        cv2.imwrite(str(path), np.full((HEIGHT, WIDTH), 11, np.uint8))
    with pytest.raises(loop.TrainingError, match="no pixel of camvid val is labelled"):
        train(root, tmp_path / "run")


def test_a_folder_that_cannot_be_made_is_named(camvid, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(loop.TrainingError, match=r"file/run cannot be made: Not a directory"):
        train(camvid, tmp_path / "file" / "run")
