"""Loss and class weights (Sec. VII-A)."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mininet_ros.training.classes import IGNORE_LABEL
from mininet_ros.training.datasets import LabelledImages


def class_weights(dataset: LabelledImages, power: float) -> Tensor:
    """Smoothed median-frequency weights ``(f_median / f_c) ** power``, float32 (classes,).

    As in SegNet, f_c is the share of class c in the pixels of the images that contain it.
    A class that never occurs gets weight 1.
    """
    count = len(dataset.classes.names)
    pixels = np.zeros(count, np.int64)
    pixels_of_images = np.zeros(count, np.int64)
    for sample in dataset:
        histogram = np.bincount(sample.labels.ravel(), minlength=256)[:count]
        pixels += histogram
        pixels_of_images[histogram > 0] += sample.labels.size
    seen = pixels > 0
    frequency = pixels[seen] / pixels_of_images[seen]
    weights = np.ones(count)
    weights[seen] = (np.median(frequency) / frequency) ** power
    return torch.tensor(weights, dtype=torch.float32)


def segmentation_loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Weighted cross entropy at label size, averaged over the labelled pixels.

    The logits are enlarged to the labels, so that no label is lost to resizing (Sec. VII-A).

    Args:
        logits: float (N, classes, h, w).
        labels: int64 (N, H, W), 255 where ignored.
        weights: float (classes,).
    """
    enlarged = functional.interpolate(
        logits.float(), size=labels.shape[-2:], mode="bilinear", align_corners=False
    )
    return functional.cross_entropy(enlarged, labels, weights, ignore_index=IGNORE_LABEL)
