"""Two processes that train one network, against one process; started by torchrun as users do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from tiny_camvid import write_camvid
from training_rig import HEIGHT, RECIPE, WIDTH, eval_gradients, splits

from mininet_ros import cli
from mininet_ros.lab.training.distributed import ALONE, DistributionError, Processes, joined
from mininet_ros.lab.training.train import train

LIMIT_S = 150.0
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)


@pytest.fixture(scope="module")
def two(camvid, tmp_path_factory):
    """Folder that two processes wrote to, and what they said before one of them failed."""
    output = tmp_path_factory.mktemp("two")
    program = Path(__file__).parents[2] / "support" / "rank_program.py"
    done = subprocess.run(
        [*TORCHRUN, str(program), str(camvid), str(output)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode != 0
    return output, done.stderr


def test_gradients_are_those_of_one_process(two):
    output, _ = two
    alone = eval_gradients(ALONE)
    for rank in range(2):
        found = torch.load(output / f"gradients{rank}.pt")
        for name, gradient in alone.items():
            assert torch.allclose(found[name], gradient, rtol=1e-3, atol=1e-6), name


def test_both_processes_hold_the_same_weights_and_one_writes(two):
    output, _ = two
    results = [torch.load(output / f"result{rank}.pt") for rank in range(2)]
    for name, value in results[0]["weights"].items():
        assert torch.equal(value, results[1]["weights"][name]), name
    assert results[0]["best"] == results[1]["best"]
    assert 1 <= results[0]["best"][0] <= RECIPE.epochs
    assert sorted(path.name for path in (output / "run").iterdir()) == [
        "best.safetensors",
        "checkpoint.pt",
        "curves.png",
        "log.csv",
        "recipe.yaml",
    ]
    assert len((output / "run/log.csv").read_text().splitlines()) == 1 + RECIPE.epochs


def test_first_losses_are_close_to_those_of_one_process(two, camvid, tmp_path):
    output, _ = two
    train(RECIPE, *splits(camvid), tmp_path)
    losses = []
    for run in (output / "run", tmp_path):
        first_row = (run / "log.csv").read_text().splitlines()[1]
        losses.append(float(first_row.split(",")[2]))
    # Not the same: each process's batch norms see one image of the two.
    assert losses[0] == pytest.approx(losses[1], rel=0.15)


def test_the_others_end_quietly_when_one_fails(two):
    _, said = two
    assert said.count("ValueError: the second process fails") == 1
    assert said.count('Traceback (most recent call last):\n  File "' + __file__[:5]) <= 2
    assert "Connection closed" not in said


def test_ctrl_c_ends_both_in_one_sentence_and_one_process_goes_on(camvid, tmp_path, capsys):
    data = ["--dataset", "camvid", "--data", str(camvid), "--output", str(tmp_path)]
    network = ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}"]
    command = ["train", *data, *network, "--batch-size", "2", "--scale-range", "1,1"]
    process = subprocess.Popen(
        [*TORCHRUN, "-m", "mininet_ros.cli", *command, "--epochs", "5000"],
        stderr=subprocess.PIPE,
        text=True,
        # Shells start background jobs with SIGINT ignored, which children inherit.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    checkpoint = tmp_path / "training" / "checkpoint.pt"
    deadline = time.monotonic() + LIMIT_S
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode != 0
    sentence = f"mininet_ros train: interrupted; the same command resumes from {checkpoint}"
    assert said.count(sentence) == said.count("mininet_ros train:") == 1
    done = torch.load(checkpoint, weights_only=True)["epoch"]
    recipe = tmp_path / "training" / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("epochs: 5000", f"epochs: {done + 1}"))
    assert cli.main([*command, "--epochs", str(done + 1)]) == 0
    assert "validation mIoU" in capsys.readouterr().out
    log = (tmp_path / "training" / "log.csv").read_text().splitlines()
    assert [int(row.split(",")[0]) for row in log[1:]] == list(range(1, done + 2))


def test_batches_are_cut_into_equal_parts():
    parts = [Processes(rank, 3).part_of(12) for rank in range(3)]
    assert [list(range(12))[part] for part in parts] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
    ]
    with pytest.raises(DistributionError, match="batch of 10 images cannot be cut into 3"):
        Processes(0, 3).part_of(10)


def test_a_process_that_torchrun_did_not_start_is_alone():
    with joined("cpu") as (processes, device):
        assert (processes, device) == (ALONE, "cpu")
    value = torch.tensor(2.0)
    assert processes.mean(value) is value
    assert processes.agree("all") == "all"
    assert processes.relative_weight(value) == 1.0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named(camvid, tmp_path, capsys):
    data = ["--dataset", "camvid", "--data", str(camvid), "--output", str(tmp_path)]
    assert cli.main(["train", *data, "--network", "mininet_v2_cpu", "--device", "cuda"]) == 1
    assert "PyTorch finds no CUDA device for cuda: train on the cpu" in capsys.readouterr().err
