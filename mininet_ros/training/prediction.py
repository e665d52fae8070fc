"""Label masks from a network in training, and its score on a dataset."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mininet_ros.inference.segmenter import fit_input
from mininet_ros.training.datasets import LabelledImages
from mininet_ros.training.metrics import ConfusionMatrix


def to_input(images: np.ndarray, device: torch.device) -> Tensor:
    """Network input from uint8 (N, H, W, 3) BGR: float32 (N, 3, H, W) of ``x / 255 - 0.5``."""
    tensor = torch.from_numpy(images).to(device).permute(0, 3, 1, 2)
    return (tensor.float() / 255 - 0.5).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def predict(network: nn.Module, image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Labels of one image: the logits enlarged to ``size`` (height, width), then the largest.

    ``image`` is uint8 (H, W, 3) BGR at the network's input size; returns uint8 (height, width).
    """
    device = next(network.parameters()).device
    logits = network(to_input(image[None], device))
    enlarged = functional.interpolate(logits, size=size, mode="bilinear", align_corners=False)
    return enlarged.argmax(1)[0].to(torch.uint8).cpu().numpy()


def score(network: nn.Module, dataset: LabelledImages, width: int, height: int) -> ConfusionMatrix:
    """Confusion matrix of ``network`` over a dataset, scored at the size of the labels."""
    was_training = network.training
    network.eval()
    matrix = ConfusionMatrix(len(dataset.classes.names))
    for sample in dataset:
        image = fit_input(sample.image, width, height)
        matrix.add(sample.labels, predict(network, image, sample.labels.shape))
    network.train(was_training)
    return matrix
