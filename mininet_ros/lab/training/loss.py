"""Loss and class weights of the paper (Sec. VII-A), with optional additional terms."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.training.data.stored_images import StoredImages

LEAST_WEIGHT = 1e-12  # avoids 0 / 0 for a batch without labelled pixels
INDEX_BITS = 32  # low bits of a sorting key, which hold the index


def class_weights(samples: StoredImages, power: float) -> Tensor:
    """Return smoothed median-frequency weights ``(f_median / f_c) ** power``, float32 (classes,).

    As in SegNet, f_c is the share of class c in the pixels of the images that contain it. A class
    that never occurs has weight 1.
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
    """Return the weighted cross entropy at label size, averaged over the labelled pixels.

    The logits are enlarged to the size of the labels, so that resizing loses no labels (Sec.
    VII-A). The loss is 0 without labelled pixels.

    Args:
        logits: logits float (N, classes, h, w).
        labels: class ids int64 (N, H, W), 255 where ignored.
        weights: class weights float (classes,).
        lovasz_weight: weight of the added :func:`lovasz_softmax`; the paper has 0.
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
    """Return the Kullback-Leibler divergence of a network from its teacher (Hinton et al. 2015).

    It is averaged over all pixels that are not padded, labelled or not. It is multiplied by
    ``temperature ** 2``, so that the gradients have a similar size at all temperatures.

    Args:
        logits: logits float (N, classes, h, w).
        soft: square roots of the teacher's probabilities, scaled to 0 to 255,
            (N, classes, h', w'); 0 for every class where padded.
        temperature: temperature T; both distributions are raised to the power 1 / T.
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
    """Return the number of pixels with soft labels (N, classes, h, w), as a scalar tensor."""
    return (soft > 0).any(1).sum().float()


def labelled_weight(labels: Tensor, weights: Tensor) -> Tensor:
    """Return the sum of the class weights over the labelled pixels, as a scalar tensor.

    Args:
        labels: class ids int64 (N, H, W), 255 where ignored.
        weights: class weights float (classes,).
    """
    table = functional.pad(weights, (0, IGNORE_LABEL + 1 - len(weights)))
    return table[labels].sum()


def lovasz_softmax(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Return the Lovász extension of 1 - mIoU over occurring classes (Berman et al. 2018, eq. 11).

    If each probability is 0 or 1, it is exactly 1 - IoU, averaged over these classes.

    Args:
        probabilities: class probabilities float (N, classes, h, w) from a softmax.
        labels: class ids int64 (N, h, w), 255 where ignored.

    Returns:
        A scalar from 0 to 1; 0 without labelled pixels.
    """
    classes = probabilities.shape[1]
    labelled = (labels != IGNORE_LABEL).flatten()
    is_class = labels.flatten() == torch.arange(classes, device=labels.device)[:, None]
    of_pixels = probabilities.transpose(0, 1).reshape(classes, -1)
    # Ignored pixels are sorted last with error zero, so the GPU need not wait for their number.
    errors = (is_class.float() - of_pixels).abs() * labelled
    order = descending_order(errors.detach())
    errors, is_class = errors.gather(1, order), is_class.gather(1, order).float()
    total = is_class.sum(1, keepdim=True)
    # Jaccard loss if the k worst pixels are wrong, for every k, and its increments.
    jaccard = 1 - (total - is_class.cumsum(1)) / (total + (1 - is_class).cumsum(1))
    losses = (errors * jaccard.diff(dim=1, prepend=torch.zeros_like(total))).sum(1)
    occurs = total[:, 0] > 0
    return (losses * occurs).sum() / occurs.sum().clamp_min(1)


def descending_order(values: Tensor) -> Tensor:
    """Return the indices that sort each row of ``values`` in descending order, int64 (rows, n).

    On a CPU NumPy sorts one integer for each value: its bits, which order positive floats as their
    values do, above its index. That is several times faster than PyTorch's sort, which took a sixth
    of a training step on one core.

    Args:
        values: float (rows, n), not negative; n at most 2**32.
    """
    if values.device.type != "cpu" or values.dtype != torch.float32:
        return values.argsort(1, descending=True)
    bits = values.numpy().view(np.int32).astype(np.int64)
    keys = (-bits << INDEX_BITS) | np.arange(bits.shape[1])
    keys.sort(1)
    return torch.from_numpy(keys & (2**INDEX_BITS - 1))
