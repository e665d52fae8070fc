"""Training: its pieces against the paper's formulas, and a small run from data to model folder."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from safetensors.torch import load_file
from tiny_camvid import write_camvid
from training_rig import HEIGHT, RECIPE, WIDTH, splits

from mininet_ros import cli
from mininet_ros.lab.training import train as loop
from mininet_ros.lab.training.curves import course_of, draw_curves
from mininet_ros.lab.training.data.augmentation import Augmentation
from mininet_ros.lab.training.data.batches import DeviceBatches
from mininet_ros.lab.training.data.datasets import DatasetError, open_dataset
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.models import load_model


@pytest.fixture(scope="session")
def small_camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)


def test_learning_rate_follows_the_polynomial():
    recipe = Recipe("mininet_v2", "camvid", 480, 360)
    assert recipe.learning_rate_at(0, 100) == pytest.approx(1e-3)
    assert recipe.learning_rate_at(50, 100) == pytest.approx(1e-5 + 9.9e-4 * 0.5**0.9)
    assert recipe.learning_rate_at(100, 100) == pytest.approx(1e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"learning_rate": 0.0},
        {"batch_size": 0},
        {"lovasz_weight": -1.0},
        {"class_mix": 1.5},
        {"class_mix": -0.1},
    ],
)
def test_recipes_out_of_range_are_refused(change):
    with pytest.raises(ValueError, match=r"must"):
        Recipe("mininet_v2", "camvid", 480, 360, **change)
    with pytest.raises(ValueError, match="scale range"):
        Augmentation(scale_range=(2.0, 0.5))


def test_confusion_matrix():
    matrix = ConfusionMatrix(3)
    matrix.add(np.array([[0, 0, 1, 255]], np.uint8), np.array([[0, 1, 1, 2]], np.uint8))
    assert matrix.iou[:2].tolist() == [0.5, 0.5]
    assert np.isnan(matrix.iou[2])
    assert matrix.miou == 0.5
    assert matrix.pixel_accuracy == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="beyond"):
        matrix.add(np.zeros((1, 1), np.uint8), np.full((1, 1), 3, np.uint8))
    assert np.isnan(ConfusionMatrix(2).miou)


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, class_mix=0.5)], ids=["plain", "mixed"])
def test_interrupted_run_ends_like_an_uninterrupted_one(
    recipe, small_camvid, tmp_path, monkeypatch
):
    whole = loop.train(recipe, *splits(small_camvid), tmp_path / "whole")
    original = loop.train_epoch

    def interrupt(recipe, epoch, *rest):
        if epoch == 2:
            raise KeyboardInterrupt
        return original(recipe, epoch, *rest)

    monkeypatch.setattr(loop, "train_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.train(recipe, *splits(small_camvid), tmp_path / "parts")
    monkeypatch.undo()
    resumed = loop.train(recipe, *splits(small_camvid), tmp_path / "parts")
    assert (resumed.epoch, resumed.miou) == (whole.epoch, whole.miou)
    for name in ("best.safetensors",):
        first, second = (load_file(tmp_path / run / name) for run in ("whole", "parts"))
        assert all(torch.equal(first[key], second[key]) for key in first)
    logs = [(tmp_path / run / "log.csv").read_text() for run in ("whole", "parts")]
    assert logs[0] == logs[1]
    assert len(logs[0].splitlines()) == 1 + recipe.epochs
    assert (tmp_path / "whole" / "curves.png").stat().st_size > 1000


def test_mixed_classes_reach_the_loss(small_camvid, tmp_path):
    shares = (0.0, 1.0)
    for share in shares:
        recipe = replace(RECIPE, epochs=1, class_mix=share)
        loop.train(recipe, *splits(small_camvid), tmp_path / str(share))
    plain, mixed = ((tmp_path / str(share) / "log.csv").read_text() for share in shares)
    assert plain != mixed


def test_the_curve_of_chained_runs_counts_all_crops(small_camvid, tmp_path):
    training, validation = splits(small_camvid)
    per_epoch = len(training) // RECIPE.batch_size * RECIPE.batch_size
    recipe = replace(RECIPE, epochs=3, validate_every=2)
    before = ""
    for name in ("trunk", "longer", "last"):
        begun = replace(recipe, initial_run=before)
        loop.train(begun, training, validation, tmp_path / name / "training")
        before = str(tmp_path / name)
    course = course_of(tmp_path / "last" / "training")
    assert [one.crops for one in course] == [per_epoch * epoch for epoch in (2, 3, 5, 6, 8, 9)]
    assert [one.run for one in course] == ["trunk"] * 2 + ["longer"] * 2 + ["last"] * 2
    assert course[:4] == course_of(tmp_path / "longer" / "training")
    assert all(0 < one.miou <= 1 and one.loss > 0 for one in course)


def test_logs_that_count_no_crops_are_left_out_of_the_curve(small_camvid, tmp_path):
    run = tmp_path / "old" / "training"
    loop.train(replace(RECIPE, epochs=2), *splits(small_camvid), run)
    rows = [line.rsplit(",", 1)[0] for line in (run / "log.csv").read_text().splitlines()]
    (run / "log.csv").write_text("\n".join(rows))
    assert course_of(run) == []
    assert draw_curves(run)


def test_training_learns(small_camvid, tmp_path):
    recipe = Recipe(
        **{
            **RECIPE.__dict__,
            "epochs": 12,
            "augmentation": Augmentation(scale_range=(1.0, 1.0)),
        }
    )
    assert loop.train(recipe, *splits(small_camvid), tmp_path).miou > 0.6


def test_images_on_a_device_train_as_those_on_the_host(small_camvid, tmp_path, monkeypatch):
    recipe = replace(RECIPE, epochs=1)
    loop.train(recipe, *splits(small_camvid), tmp_path / "host")
    monkeypatch.setattr(loop, "open_batches", DeviceBatches)
    loop.train(recipe, *splits(small_camvid), tmp_path / "device")
    losses = [
        float((tmp_path / run / "log.csv").read_text().splitlines()[1].split(",")[2])
        for run in ("host", "device")
    ]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_hours_go_on_counting_where_a_run_is_resumed(small_camvid, tmp_path):
    recipe = replace(RECIPE, epochs=1)
    first = loop.train(recipe, *splits(small_camvid), tmp_path)
    assert 0 < first.hours < 0.1
    path = tmp_path / "checkpoint.pt"
    checkpoint = torch.load(path, weights_only=True)
    torch.save(checkpoint | {"seconds": 7200.0}, path)
    assert loop.train(recipe, *splits(small_camvid), tmp_path).hours == 2.0


def test_run_of_another_recipe_is_not_resumed(small_camvid, tmp_path):
    loop.claim_run_folder(RECIPE, tmp_path)
    other = Recipe(**{**RECIPE.__dict__, "seed": 4})
    with pytest.raises(loop.TrainingError, match="other settings"):
        loop.train(other, *splits(small_camvid), tmp_path)


def test_diverging_run_ends_in_one_sentence(small_camvid, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "segmentation_loss", lambda logits, *_: logits.sum() * float("nan"))
    with pytest.raises(loop.TrainingError, match="epoch 1 is not finite"):
        loop.train(RECIPE, *splits(small_camvid), tmp_path)


def test_train_and_evaluate_commands(small_camvid, tmp_path, capsys):
    data = ["--dataset", "camvid", "--data", str(small_camvid)]
    output = str(tmp_path / "model")
    arguments = ["--network", "mininet_v2_cpu", "--output", output, "--input-size", "64x48"]
    schedule = ["--epochs", "2", "--batch-size", "3", "--scale-range", "0.9,1.1"]
    assert cli.main(["train", *data, *arguments, *schedule]) == 0
    model = load_model(output)
    assert model.card["training"]["epochs"] == 2
    assert model.card["training"]["images_seen"] == 12
    assert model.card["training"]["hours"] >= 0
    assert model.card["training"]["device"].startswith("cpu, ")
    assert model.card["data"]["licence"] == "CC BY-NC 4.0"
    assert list(model.card["training"]["validation_by_crops"]) == [6, 12]
    own = model.card["figures"]
    capsys.readouterr()
    assert cli.main(["evaluate", output, *data, "--split", "val", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["miou"] == pytest.approx(model.card["figures"]["validation_miou"], abs=0.01)
    assert figures["pixel_accuracy"] == pytest.approx(own["validation_pixel_accuracy"], abs=0.01)
    assert figures["iou"].keys() == own["validation_iou"].keys()
    for name, iou in own["validation_iou"].items():
        assert figures["iou"][name] == (None if iou is None else pytest.approx(iou, abs=0.01))
    assert figures["images"] == 6
    assert figures["iou"]["Tree"] is None or 0 <= figures["iou"]["Tree"] <= 1
    assert 0 < figures["pixel_accuracy"] <= 1
    assert cli.main(["evaluate", output, *data, "--input-size", "96x64", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runtime"] == "pytorch"
    assert cli.main(["evaluate", output, *data]) == 0
    assert "mIoU" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda root: (root / "train" / "0001.png").unlink(), r"0001\.png has no image"),
        (lambda root: (root / "train" / "0001.png").write_bytes(b"x"), "the data are no JPEG, PNG"),
        (
            lambda root: (root / "trainannot" / "0001.png").write_bytes(b""),
            "the data are no JPEG, PNG",
        ),
        (
            lambda root: cv2.imwrite(
                str(root / "trainannot" / "0001.png"), np.zeros((9, 9), np.uint8)
            ),
            "has labels of 9x9 pixels, but its image",
        ),
        (
            lambda root: cv2.imwrite(
                str(root / "trainannot" / "0001.png"), np.full((48, 64), 12, np.uint8)
            ),
            "holds label 12",
        ),
        (
            lambda root: cv2.imwrite(
                str(root / "trainannot" / "0001.png"), np.full((48, 64, 3), (3, 2, 1), np.uint8)
            ),
            "colour",
        ),
        (lambda root: [path.unlink() for path in (root / "train").iterdir()], r"holds no \*\.png"),
    ],
)
def test_bad_data_is_named(small_camvid, tmp_path, harm, message):
    import shutil

    root = shutil.copytree(small_camvid, tmp_path / "camvid")
    harm(root)
    with pytest.raises(DatasetError, match=message):
        loop.train(RECIPE, *splits(root), tmp_path / "run")


def test_wrong_names_of_datasets(tmp_path):
    with pytest.raises(DatasetError, match="unknown dataset 'voc'"):
        open_dataset("voc", tmp_path, "train")
    with pytest.raises(DatasetError, match="no split 'dev'"):
        open_dataset("camvid", tmp_path, "dev")
    with pytest.raises(DatasetError, match="does not exist; expected tree"):
        open_dataset("camvid", tmp_path, "train")
