"""What the tests of training share: a small recipe, its splits, and a step's gradients."""

from __future__ import annotations

from pathlib import Path

import torch

from mininet_ros.lab.training.data.datasets import LabelledImages, open_dataset
from mininet_ros.lab.training.distributed import Processes
from mininet_ros.lab.training.loss import labelled_weight, segmentation_loss
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.network import build_network

WIDTH, HEIGHT = 64, 48
RECIPE = Recipe(
    network="mininet_v2_cpu",
    dataset="camvid",
    width=WIDTH,
    height=HEIGHT,
    epochs=4,
    batch_size=2,
    seed=3,
)


def splits(root: Path) -> tuple[LabelledImages, LabelledImages]:
    return open_dataset("camvid", root, "train"), open_dataset("camvid", root, "val")


def eval_gradients(processes: Processes) -> dict[str, torch.Tensor]:
    """Gradients of one batch of four, half of whose pixels have no label in two of the images.

    Batch norms are frozen, since each process would else normalise by its own part.
    """
    torch.manual_seed(0)
    network = build_network("mininet_v2_cpu", 5).eval()
    images = torch.rand(4, 3, HEIGHT, WIDTH) - 0.5
    labels = torch.randint(0, 5, (4, HEIGHT, WIDTH))
    labels[2:, : HEIGHT // 2] = 255
    weights = torch.linspace(0.5, 2.0, 5)
    part = processes.part_of(len(images))
    spread = processes.spread(network)
    logits = spread(images[part])
    loss = segmentation_loss(logits, labels[part], weights)
    (loss * processes.relative_weight(labelled_weight(labels[part], weights))).backward()
    return {name: value.grad for name, value in network.named_parameters()}
