"""Loss and class weights of the paper (Sec. VII-A), and a term beyond it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.training.data.stored_images import StoredImages

LEAST_WEIGHT = 1e-12  # keeps the loss of a batch without any labelled pixel from being 0 / 0


def class_weights(samples: StoredImages, power: float) -> Tensor:
    """Smoothed median-frequency weights ``(f_median / f_c) ** power``, float32 (classes,).

    As in SegNet, f_c is the share of class c in the pixels of the images that contain it.
    A class that never occurs gets weight 1.
    """
    count = len(samples.classes.names)
    pixels = np.zeros(count, np.int64)
    pixels_of_images = np.zeros(count, np.int64)
    for index in range(len(samples)):
        sample = samples[index]
        histogram = np.bincount(sample.labels.ravel(), minlength=256)[:count]
        pixels += histogram
        pixels_of_images[histogram > 0] += sample.labels.size
    seen = pixels > 0
    weights = np.ones(count)
    if seen.any():
        frequency = pixels[seen] / pixels_of_images[seen]
        weights[seen] = (np.median(frequency) / frequency) ** power
    return torch.tensor(weights, dtype=torch.float32)


def segmentation_loss(
    logits: Tensor,
    labels: Tensor,
    weights: Tensor,
    lovasz_weight: float = 0.0,
) -> Tensor:
    """Weighted cross entropy at label size, averaged over the labelled pixels; 0 without any.

    The logits are enlarged to the labels, so that no label is lost to resizing (Sec. VII-A).

    Args:
        logits: float (N, classes, h, w).
        labels: int64 (N, H, W), 255 where ignored.
        weights: float (classes,).
        lovasz_weight: weight of :func:`lovasz_softmax`, which is added; 0 as in the paper.
    """
    logits = logits.float()
    enlarged = functional.interpolate(
        logits, size=labels.shape[-2:], mode="bilinear", align_corners=False
    )
    loss = functional.cross_entropy(
        enlarged, labels, weights, ignore_index=IGNORE_LABEL, reduction="sum"
    )
    loss = loss / labelled_weight(labels, weights).clamp_min(LEAST_WEIGHT)
    if lovasz_weight:
        reduced = functional.interpolate(
            labels[:, None].float(), logits.shape[-2:], mode="nearest-exact"
        )
        loss = loss + lovasz_weight * lovasz_softmax(logits.softmax(1), reduced[:, 0].long())
    return loss


def distillation_loss(logits: Tensor, soft: Tensor, temperature: float = 1.0) -> Tensor:
    """Kullback-Leibler divergence of a network from its teacher (Hinton et al. 2015).

    Averaged over the pixels that are not padded, whether they have a label or not, and multiplied
    by ``temperature ** 2``, so that its gradients stay comparable.

    Args:
        logits: float (N, classes, h, w).
        soft: square roots of the teacher's probabilities, scaled to 0-255, (N, classes, h', w');
            0 for every class where padded.
        temperature: both distributions are taken to the power of its inverse.
    """
    logits = logits.float()
    if soft.shape[-2:] != logits.shape[-2:]:
        logits = functional.interpolate(
            logits, size=soft.shape[-2:], mode="bilinear", align_corners=False
        )
    target = (soft.float() / 255) ** (2 / temperature)
    total = target.sum(1, keepdim=True)
    target = target / total.clamp_min(LEAST_WEIGHT)
    said = (logits / temperature).log_softmax(1)
    divergence = functional.kl_div(said, target, reduction="none").sum(1) * (total[:, 0] > 0)
    return temperature**2 * divergence.sum() / taught_weight(soft).clamp_min(LEAST_WEIGHT)


def taught_weight(soft: Tensor) -> Tensor:
    """Number of pixels that a teacher says something of, a scalar; shape as above."""
    return (soft > 0).any(1).sum().float()


def labelled_weight(labels: Tensor, weights: Tensor) -> Tensor:
    """Sum of the labelled pixels' class weights, a scalar; shapes as above."""
    table = functional.pad(weights, (0, IGNORE_LABEL + 1 - len(weights)))
    return table[labels].sum()


def lovasz_softmax(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Lovász extension of 1 - mIoU over the classes that occur (Berman et al. 2018, eq. 11).

    Where each probability is 0 or 1, it is exactly 1 - IoU, averaged over those classes.

    Args:
        probabilities: float (N, classes, h, w), a softmax.
        labels: int64 (N, h, w), 255 where ignored.

    Returns:
        A scalar in 0-1; 0 where no pixel is labelled.
    """
    classes = probabilities.shape[1]
    labelled = (labels != IGNORE_LABEL).flatten()
    is_class = labels.flatten() == torch.arange(classes, device=labels.device)[:, None]
    of_pixels = probabilities.transpose(0, 1).reshape(classes, -1)
    # Pixels that are ignored come last, with an error of zero: nothing waits for their number.
    errors, order = ((is_class.float() - of_pixels).abs() * labelled).sort(1, descending=True)
    is_class = is_class.gather(1, order).float()
    total = is_class.sum(1, keepdim=True)
    # Jaccard loss once the k worst pixels are wrong, for every k, and its increments.
    jaccard = 1 - (total - is_class.cumsum(1)) / (total + (1 - is_class).cumsum(1))
    losses = (errors * jaccard.diff(dim=1, prepend=torch.zeros_like(total))).sum(1)
    occurs = total[:, 0] > 0
    return (losses * occurs).sum() / occurs.sum().clamp_min(1)
