"""The loss: the paper's formulas, and the term beyond it against brute force."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_camvid import write_camvid
from training_rig import HEIGHT, WIDTH, splits

from mininet_ros.lab.training.loss import (
    class_weights,
    descending_order,
    labelled_weight,
    lovasz_softmax,
    segmentation_loss,
)


def problem(seed: int, classes: int = 3, size: tuple[int, ...] = (2, 3, 4)):
    """Logits, labels with some void, and class weights."""
    torch.manual_seed(seed)
    logits = torch.randn(size[0], classes, *size[1:], requires_grad=True)
    labels = torch.randint(0, classes, size)
    labels[torch.rand(size) < 0.2] = 255
    labels[0, 0, 0] = 0
    return logits, labels, torch.linspace(0.5, 2.0, classes)


def test_class_weights_are_the_papers(tmp_path):
    training, _ = splits(write_camvid(tmp_path, WIDTH, HEIGHT))
    weights = class_weights(training, 0.12)
    frequencies = {}
    for label in (0, 3, 8):
        shares = [(sample.labels == label).mean() for sample in training]
        frequencies[label] = np.mean(shares)
    median = np.median(list(frequencies.values()))
    for label, frequency in frequencies.items():
        assert weights[label] == pytest.approx((median / frequency) ** 0.12, rel=1e-5)
    assert weights[1] == 1


def test_loss_is_taken_at_label_size_and_ignores_void():
    logits = torch.zeros(1, 2, 2, 2)
    logits[:, 1] = 5
    labels = torch.ones(1, 4, 4, dtype=torch.int64)
    weights = torch.ones(2)
    right = segmentation_loss(logits, labels, weights)
    labels[0, 0, 0] = 0
    assert segmentation_loss(logits, labels, weights) > 10 * right
    labels[0, 0, 0] = 255
    assert segmentation_loss(logits, labels, weights) == pytest.approx(float(right))


def test_loss_is_the_weighted_mean_over_labelled_pixels():
    logits, labels, weights = problem(0)
    labelled = [(n, y, x) for n, y, x in np.ndindex(*labels.shape) if labels[n, y, x] != 255]
    total = 0.0
    for n, y, x in labelled:
        label = labels[n, y, x]
        total -= (weights[label] * logits[n, :, y, x].log_softmax(0)[label]).item()
    weight = sum(weights[labels[place]].item() for place in labelled)
    assert labelled_weight(labels, weights).item() == pytest.approx(weight)
    assert segmentation_loss(logits, labels, weights).item() == pytest.approx(total / weight)


def test_a_batch_without_labels_teaches_nothing():
    logits, labels, weights = problem(1)
    loss = segmentation_loss(logits, torch.full_like(labels, 255), weights, lovasz_weight=1.0)
    loss.backward()
    assert loss.item() == 0
    assert (logits.grad == 0).all()


def lovasz_by_definition(errors: np.ndarray, truth: np.ndarray) -> float:
    """Lovász extension of the Jaccard loss: integral of its value over all thresholds."""
    levels = np.unique(np.concatenate(([0.0], errors)))
    total = 0.0
    for low, high in pairwise(levels):
        is_wrong = errors >= high
        union = (truth | is_wrong).sum()
        total += (high - low) * is_wrong.sum() / union
    return total


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 4))
def test_lovasz_by_its_definition(seed, classes):
    logits, labels, _ = problem(seed, classes)
    probabilities = logits.softmax(1)
    labelled = (labels != 255).numpy()
    expected = []
    for label in range(classes):
        truth = (labels == label).numpy()[labelled]
        if truth.any():
            errors = np.abs(truth - probabilities[:, label].detach().numpy()[labelled])
            expected.append(lovasz_by_definition(errors, truth))
    found = lovasz_softmax(probabilities, labels)
    assert found.item() == pytest.approx(np.mean(expected), abs=1e-5)
    found.backward()
    ignored = ~torch.from_numpy(labelled)
    assert (logits.grad.movedim(1, -1)[ignored] == 0).all()


def test_the_order_of_errors_is_that_of_a_stable_sort():
    torch.manual_seed(0)
    errors = torch.rand(5, 3000) ** 8
    errors[:, ::3] = 0.0
    errors[1] = errors[1].round(decimals=1)
    errors[2] *= 1e-40
    _, expected = errors.sort(dim=1, descending=True, stable=True)
    assert (descending_order(errors) == expected).all()
    assert (descending_order(errors.double()).sort(1)[0] == torch.arange(3000)).all()


def test_lovasz_of_certain_predictions_is_one_less_their_iou():
    labels = torch.tensor([[[0, 0, 1, 1, 1, 255]]])
    predicted = torch.tensor([[[0, 1, 1, 1, 0, 2]]])
    probabilities = torch.nn.functional.one_hot(predicted, 3).movedim(-1, 1).float()
    iou = [1 / 3, 2 / 4]
    assert lovasz_softmax(probabilities, labels).item() == pytest.approx(1 - np.mean(iou))
    assert lovasz_softmax(probabilities, torch.full_like(labels, 255)).item() == 0
    logits, labels, weights = problem(3)
    both = segmentation_loss(logits, labels, weights, lovasz_weight=0.5)
    apart = lovasz_softmax(logits.softmax(1), labels)
    plain = segmentation_loss(logits, labels, weights)
    assert both.item() == pytest.approx((plain + 0.5 * apart).item(), rel=1e-5)
