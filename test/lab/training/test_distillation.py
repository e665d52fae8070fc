"""Learning from a teacher: its soft labels, their store, and trainings by them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from safetensors.torch import load_file
from tiny_camvid import write_camvid
from training_rig import HEIGHT, RECIPE, WIDTH, splits

from mininet_ros.lab.training import train as loop
from mininet_ros.lab.training.data.augmentation import Augmentation, cut, cut_soft
from mininet_ros.lab.training.data.batches import DeviceBatches, HostBatches
from mininet_ros.lab.training.data.datasets import DatasetError
from mininet_ros.lab.training.data.stored_images import StoredImages, for_crops
from mininet_ros.lab.training.distillation import (
    SoftLabelsError,
    WithSoftLabels,
    WithUnlabelled,
    soft_labels_of,
)
from mininet_ros.lab.training.distillation.lesson import Lesson
from mininet_ros.lab.training.distillation.regions import grow_regions
from mininet_ros.lab.training.distillation.soft_labels import quantise
from mininet_ros.lab.training.distributed import ALONE
from mininet_ros.lab.training.loss import distillation_loss

CLASSES = 11
TAUGHT = replace(
    RECIPE, teacher="oracle", teacher_sha256="a", average_decay=0.9, warm_up=2, decay_share=0.5
)


class Oracle:
    """A teacher that tells classes by brightness, and is sure of it."""

    name, licence, data = "oracle", "none", "none"

    def __init__(self, sha256: str = "a") -> None:
        self.sha256, self.asked = sha256, 0

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        self.asked += 1
        shares = np.full((*image.shape[:2], CLASSES), 0.01, np.float32)
        bright = image.mean(2) > 128
        shares[..., 0] += 0.89 * bright
        shares[..., 3] += 0.89 * ~bright
        return shares


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)


def taught(camvid, path, teacher=None):
    training, validation = splits(camvid)
    soft = soft_labels_of(training, teacher or Oracle(), path)
    return WithSoftLabels(training, soft), validation


def test_soft_labels_are_made_once_and_kept(camvid, tmp_path):
    path, teacher = tmp_path / "soft.safetensors", Oracle()
    first, _ = taught(camvid, path, teacher)
    again, _ = taught(camvid, path, teacher)
    assert teacher.asked == len(first) == 6
    assert first[0].soft.shape == (HEIGHT // 2, WIDTH // 2, CLASSES)
    for index in range(len(first)):
        assert (first[index].soft == again[index].soft).all()
        assert (first[index].labels == again[index].labels).all()


def test_a_store_of_another_teacher_of_other_images_or_damaged_is_refused(camvid, tmp_path):
    path = tmp_path / "soft.safetensors"
    training, validation = splits(camvid)
    soft_labels_of(training, Oracle(), path)
    kept = path.read_bytes()
    with pytest.raises(SoftLabelsError, match=r"another teacher than oracle"):
        soft_labels_of(training, Oracle("b"), path)
    with pytest.raises(SoftLabelsError, match=r"other images than those to learn from"):
        soft_labels_of(validation, Oracle(), path)
    assert path.read_bytes() == kept
    for damaged in (kept[: len(kept) // 2], b"", b"no such thing"):
        path.write_bytes(damaged)
        with pytest.raises(SoftLabelsError, match=r"damaged: delete it"):
            soft_labels_of(training, Oracle(), path)


def test_small_probabilities_survive_in_eight_bits():
    shares = np.full((8, 8, 3), [1e-4, 0.1, 0.8999], np.float32)
    kept = (quantise(shares, (16, 16)) / 255.0) ** 2
    assert kept.shape == (8, 8, 3)
    assert np.allclose(kept, shares, atol=0.004)
    assert (kept[..., 0] > 0).all()
    assert quantise(shares, (720, 1280)).shape == (216, 384, 3)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("scale", [0.7, 1.0, 1.9])
def test_soft_labels_are_cut_as_the_labels_are(flip, scale):
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[10:30, 20:45] = 1
    image = np.dstack([labels] * 3)
    soft = quantise(np.dstack([labels == 0, labels == 1]).astype(np.float32), labels.shape)
    draws = Augmentation(scale_range=(scale, scale)).draw(
        9, (WIDTH, HEIGHT), (WIDTH, HEIGHT), np.random.default_rng(0)
    )
    for index in range(9):
        draw = replace(draws[index], is_flipped=flip)
        _, truth = cut(image, labels, draw, WIDTH, HEIGHT)
        found = cut_soft(soft, draw, WIDTH, HEIGHT)
        assert found.shape == (HEIGHT // 2, WIDTH // 2, 2)
        truth = truth.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).transpose(0, 2, 1, 3)
        truth = truth.reshape(*found.shape[:2], 4)
        is_padded = (truth == 255).all(2)
        assert (found[is_padded] == 0).all()
        is_plain = (truth == truth[..., :1]).all(2) & ~is_padded
        wrong = found.argmax(2)[is_plain] != truth[..., 0][is_plain]
        assert wrong.mean() < 0.03


def test_device_and_host_cut_soft_labels_alike(camvid, tmp_path):
    training, _ = taught(camvid, tmp_path / "soft.safetensors")
    recipe = replace(TAUGHT, augmentation=Augmentation(scale_range=(0.7, 1.6)))
    stored = StoredImages(training, for_crops(recipe))
    host = torch.device("cpu")
    for one, other in zip(
        HostBatches(recipe, stored, host).of_epoch(0),
        DeviceBatches(recipe, stored, host).of_epoch(0),
    ):
        assert one.soft.shape == other.soft.shape == (2, CLASSES, HEIGHT // 2, WIDTH // 2)
        assert ((one.soft > 0) != (other.soft > 0)).float().mean() < 0.01
        assert (one.soft.float() - other.soft.float()).abs().mean() < 2.5


def test_the_divergence_is_that_of_the_two_distributions():
    teacher = torch.tensor([0.7, 0.2, 0.1])
    soft = (teacher.sqrt() * 255).reshape(1, 3, 1, 1).expand(1, 3, 4, 4).clone()
    logits = teacher.log().reshape(1, 3, 1, 1).expand(1, 3, 4, 4)
    for temperature in (1.0, 2.0):
        assert distillation_loss(logits, soft, temperature).item() == pytest.approx(0, abs=1e-6)
    flat = torch.zeros(1, 3, 2, 2)
    expected = (teacher * (teacher * 3).log()).sum().item()
    assert distillation_loss(flat, soft).item() == pytest.approx(expected, rel=1e-4)
    soft[..., :2] = 0  # padded: the mean is over the others
    assert distillation_loss(flat, soft).item() == pytest.approx(expected, rel=1e-4)
    assert distillation_loss(flat, 0 * soft).item() == 0


def test_a_network_learns_from_its_teacher_alone(camvid, tmp_path):
    class Void(WithSoftLabels):
        def __getitem__(self, index):
            sample = super().__getitem__(index)
            return replace(sample, labels=np.full_like(sample.labels, 255))

    training, validation = taught(camvid, tmp_path / "soft.safetensors")
    recipe = replace(TAUGHT, epochs=12, augmentation=Augmentation(scale_range=(1.0, 1.0)))
    result = loop.train(recipe, Void(training, training.soft), validation, tmp_path / "run")
    assert result.miou > 0.4  # two of the three classes, which the teacher knows


def test_a_run_with_a_teacher_resumes_to_the_bit(camvid, tmp_path, monkeypatch):
    data = taught(camvid, tmp_path / "soft.safetensors")
    loop.train(TAUGHT, *data, tmp_path / "whole")
    original = loop.train_epoch

    def interrupt(recipe, epoch, *rest):
        if epoch == 2:
            raise KeyboardInterrupt
        return original(recipe, epoch, *rest)

    monkeypatch.setattr(loop, "train_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        loop.train(TAUGHT, *data, tmp_path / "parts")
    monkeypatch.undo()
    loop.train(TAUGHT, *data, tmp_path / "parts")
    first, second = (load_file(tmp_path / run / "best.safetensors") for run in ("whole", "parts"))
    assert all(torch.equal(first[key], second[key]) for key in first)
    with pytest.raises(loop.TrainingError, match="other settings"):
        loop.train(replace(TAUGHT, teacher_sha256="b"), *data, tmp_path / "whole")


def test_unlabelled_pictures_are_learned_from_after_the_labelled(camvid, tmp_path):
    more = tmp_path / "more"
    more.mkdir()
    for number in range(2):
        cv2.imwrite(str(more / f"{number}.png"), np.full((30, 50, 3), 200, np.uint8))
    (more / "notes.txt").write_text("no picture")
    training, validation = splits(camvid)
    both = WithUnlabelled(training, [more])
    assert len(both) == 8
    assert (both[7].labels == 255).all()
    assert both[7].labels.shape == (30, 50)
    soft = soft_labels_of(both, Oracle(), tmp_path / "soft.safetensors")
    recipe = replace(TAUGHT, epochs=1, unlabelled=("more",))
    loop.train(recipe, WithSoftLabels(both, soft), validation, tmp_path / "run")
    for folder in (tmp_path / "absent", tmp_path / "run"):
        with pytest.raises(DatasetError, match=r"does not exist|holds no picture"):
            WithUnlabelled(training, [folder / "x" if folder.name == "run" else folder])


def test_a_lesson_that_is_refused_writes_nothing(camvid, tiny_model, tmp_path):
    training, _ = splits(camvid)
    run = tmp_path / "out" / "training"
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"x")
    for unlabelled, store in (((tmp_path / "absent",), None), ((), damaged)):
        lesson = Lesson(str(tiny_model), unlabelled, store)
        with pytest.raises((DatasetError, SoftLabelsError)):
            lesson.prepare(RECIPE, training, run, ALONE)
        assert not run.exists()


def test_cores_of_text_grow_to_the_words():
    shares = np.zeros((60, 120, 2), np.float32)
    shares[25:31, 20:80, 1] = 0.9
    shares[5, 5, 1] = 0.9  # noise
    grown = grow_regions(shares, 1.0)
    rows, columns = np.nonzero(grown[..., 1][20:] > 0.5)
    reach = round(6 * 60 / (2 * 66))
    assert (rows.min() + 20, rows.max() + 20) == (25 - reach, 30 + reach)
    assert (columns.min(), columns.max()) == (20 - reach, 79 + reach)
    assert (grown[:10, :, 1] > 0).sum() == 1
    assert (grown[..., 0] == 0).all()
