"""Scores a network on a dataset during its training."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, islice

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.training.data.datasets import Sample
from mininet_ros.lab.training.data.stored_images import StoredImages
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix

BATCH = 8


def to_input(images: np.ndarray, device: torch.device) -> Tensor:
    """Convert uint8 (N, H, W, 3) BGR to network input: float32 (N, 3, H, W), ``x / 255 - 0.5``."""
    tensor = torch.from_numpy(images).to(device).permute(0, 3, 1, 2)
    return (tensor.float() / 255 - 0.5).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def score(network: nn.Module, samples: StoredImages) -> ConfusionMatrix:
    """Return the confusion matrix of ``network`` over samples at the size of the labels.

    The logits are enlarged to the size of the labels before the argmax.

    Args:
        network: network to score.
        samples: images at the network's input size, and labels at any size.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    classes = len(samples.classes.names)
    counts = torch.zeros(classes**2, dtype=torch.int64, device=device)
    for batch in _batches(samples):
        logits = network(to_input(np.stack([sample.image for sample in batch]), device))
        labels = torch.from_numpy(np.stack([sample.labels for sample in batch])).to(device)
        enlarged = functional.interpolate(
            logits, size=labels.shape[1:], mode="bilinear", align_corners=False
        )
        pairs = labels.long() * classes + enlarged.argmax(1)
        counts += torch.bincount(pairs[labels != IGNORE_LABEL], minlength=classes**2)
    network.train(was_training)
    matrix = ConfusionMatrix(classes)
    matrix.counts += counts.cpu().numpy().reshape(classes, classes)
    return matrix


def _batches(samples: StoredImages) -> Iterator[list[Sample]]:
    """Yield batches of consecutive samples whose labels have the same size."""
    ordered = (samples[index] for index in range(len(samples)))
    for _, group in groupby(ordered, key=lambda sample: sample.labels.shape):
        while batch := list(islice(group, BATCH)):
            yield batch
