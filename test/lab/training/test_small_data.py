"""Training on few images: its defaults, its end, what it says of its duration, its log."""

from __future__ import annotations

import argparse
import re

import pytest
import yaml

pytest.importorskip("torch", reason="needs the extra train")

from tiny_camvid import write_camvid

from mininet_ros import cli
from mininet_ros.cli.train import read_recipe
from mininet_ros.lab.training.duration import EpochBar, expected
from mininet_ros.lab.training.prediction import score


def recipe_of(*words: str):
    parser = argparse.ArgumentParser()
    cli.load_command("train").add_arguments(parser)
    given = ["--data", "x", "--output", "y", "--network", "mininet_v2_cpu", *words]
    return read_recipe(parser.parse_args(given))


def test_own_labels_begin_from_a_shipped_model_and_end_early():
    recipe = recipe_of("--dataset", "folder")
    assert recipe.initial_model == "camvid_mininet_v2_cpu"
    assert recipe.patience > 0 and recipe.epochs < 250 and recipe.lovasz_weight == 1


def test_the_papers_datasets_are_trained_as_in_the_paper():
    recipe = recipe_of("--dataset", "camvid")
    assert (recipe.epochs, recipe.patience, recipe.initial_model) == (250, 0, "")
    assert recipe_of("--dataset", "folder", "--protocol", "paper").epochs == 250


def test_options_that_are_given_win():
    words = ["--dataset", "folder", "--epochs", "3", "--initial-model", "none", "--patience", "0"]
    recipe = recipe_of(*words)
    assert (recipe.epochs, recipe.patience, recipe.initial_model) == (3, 0, "")
    assert recipe_of("--dataset", "camvid", "--photometric", "0.5").augmentation.photometric == 0.5


def test_a_network_without_a_shipped_model_begins_fresh():
    assert recipe_of("--dataset", "folder", "--network", "erfnet_d").initial_model == ""


@pytest.fixture
def train(tmp_path, capsys):
    """Train a little on a tiny CamVid; returns status, standard error and the model's folder."""
    data = tmp_path / "data"
    data.mkdir()
    write_camvid(data, 48, 32)

    def run(*words: str):
        output = tmp_path / "model"
        arguments = ["train", "--dataset", "camvid", "--data", str(data), "--output", str(output)]
        arguments += ["--network", "mininet_v2_cpu", "--input-size", "48x32", "--batch-size", "3"]
        status = cli.main([*arguments, "--threads", "1", *words])
        return status, capsys.readouterr().err, output

    return run


def test_training_ends_when_the_validation_no_longer_improves(train, monkeypatch):
    scored = []

    def score_of_the_first_epoch(network, samples):
        scored.append(score(network, samples))
        return scored[0]

    monkeypatch.setattr("mininet_ros.lab.training.train.score", score_of_the_first_epoch)
    status, error, output = train("--epochs", "9", "--patience", "2")
    assert status == 0, error
    card = yaml.safe_load((output / "model.yaml").read_text())
    curve = card["training"]["validation_by_crops"]
    assert card["training"]["best_epoch"] == 1 and len(curve) == 3
    assert card["training"]["images_seen"] == 6 * len(curve)
    assert "9 epochs will take at most about" in error


def test_the_log_for_tensorboard_has_every_epoch(train, tmp_path):
    pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    status, error, _ = train("--epochs", "2", "--tensorboard", str(tmp_path / "log"))
    assert status == 0, error
    events = EventAccumulator(str(tmp_path / "log")).Reload()
    assert [event.step for event in events.Scalars("validation/mIoU")] == [1, 2]
    assert "validation IoU/Road" in events.Tags()["scalars"]


def test_a_log_has_one_line_for_each_scored_epoch(train):
    status, error, _ = train("--epochs", "2")
    assert status == 0, error
    lines = re.findall(r"^epoch (\d) of 2: loss \d\.\d{3}, validation mIoU ", error, re.M)
    assert lines == ["1", "2"]
    assert "\r" not in error and "%|" not in error


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "1 min"), (600, "10 min"), (3600, "1 h 0 min"), (9000, "2 h 30 min")],
)
def test_durations_in_words(seconds, words):
    assert expected(seconds, 3, False) == (
        f"3 epochs will take about {words}, validation not included"
    )


def test_an_epoch_of_one_step_is_measured_by_that_step(capsys, monkeypatch):
    times = iter([100.0, 220.0])
    monkeypatch.setattr("mininet_ros.lab.training.duration.time.monotonic", lambda: next(times))
    with EpochBar(1, "epoch", shown=True, epochs=10) as bar:
        bar.update()
    assert expected(1200, 10, False) in capsys.readouterr().err
