"""Classes of one crop pasted into another."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch

from mininet_ros.lab.training.data.batches import Batch
from mininet_ros.lab.training.data.class_mix import PASTED_SHARE, mix_classes

CLASSES, CROPS, HEIGHT, WIDTH = 5, 40, 8, 12


@pytest.fixture
def batch() -> Batch:
    """Each crop's image tells its crop, each soft label its crop and the class of its pixel."""
    labels = torch.randint(0, CLASSES, (CROPS, HEIGHT // 2, WIDTH // 2))
    labels[torch.rand(labels.shape) < 0.2] = 255
    labels = labels.repeat_interleave(2, 1).repeat_interleave(2, 2)
    crop = torch.arange(CROPS).float()[:, None, None, None]
    images = crop.expand(-1, 3, HEIGHT, WIDTH)
    soft = (crop + 1).expand(-1, CLASSES, HEIGHT // 2, WIDTH // 2).to(torch.uint8)
    return Batch(images, labels, soft)


def mixed(batch: Batch, share: float, seed: int = 0) -> Batch:
    return mix_classes(batch, share, CLASSES, np.random.default_rng(seed))


def pasted_pixels(before: Batch, after: Batch) -> torch.Tensor:
    return after.images[:, 0] != before.images[:, 0]


def test_image_label_and_soft_label_come_from_the_same_crop(batch):
    after = mixed(batch, 1.0)
    pasted = pasted_pixels(batch, after)
    assert pasted.any() and not pasted.all()
    source = after.images[:, 0].round().long()
    crops = torch.arange(CROPS)[:, None, None]
    assert set((crops - source)[pasted].unique().tolist()) <= {1, 1 - CROPS}
    expected = torch.where(pasted, batch.labels.roll(1, 0), batch.labels)
    assert torch.equal(after.labels, expected)
    assert torch.equal(after.soft[:, 0].long() - 1, source[:, ::2, ::2])


def test_a_class_is_pasted_whole_or_not_at_all(batch):
    pasted = pasted_pixels(batch, mixed(batch, 1.0))
    source = batch.labels.roll(1, 0)
    shares = [
        pasted[crop][source[crop] == name].float().mean().item()
        for crop in range(CROPS)
        for name in range(CLASSES)
        if (source[crop] == name).any()
    ]
    assert set(shares) == {0.0, 1.0}
    assert abs(np.mean(shares) - PASTED_SHARE) < 0.1


def test_pixels_without_a_label_are_never_pasted(batch):
    pasted = pasted_pixels(batch, mixed(batch, 1.0))
    assert not pasted[batch.labels.roll(1, 0) == 255].any()


def test_the_share_of_mixed_crops(batch):
    assert not pasted_pixels(batch, mixed(batch, 0.0)).any()
    counts = [
        pasted_pixels(batch, mixed(batch, 0.5, seed)).flatten(1).any(1).sum() for seed in range(20)
    ]
    # A chosen crop may get no class: 2 ** -5 of them.
    assert abs(np.mean(counts) / CROPS - 0.5) < 0.06


def test_the_same_seed_gives_the_same_crops(batch):
    first, second, other = mixed(batch, 0.5, 1), mixed(batch, 0.5, 1), mixed(batch, 0.5, 2)
    assert torch.equal(first.images, second.images)
    assert not torch.equal(first.images, other.images)


def test_labels_alone_can_be_mixed(batch):
    alone = mixed(batch._replace(soft=None), 1.0)
    assert alone.soft is None
    assert torch.equal(alone.labels, mixed(batch, 1.0).labels)
