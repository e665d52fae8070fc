"""Pastes classes of one crop into another (ClassMix, Olsson et al. 2021, Sec. 3.1).

Rare things, such as cyclists, then appear more often, and in front of other streets. The paper of
MiniNet has no such augmentation.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.training.data.batches import Batch

PASTED_SHARE = 0.5  # chance of each class of the other crop to be pasted


def mix_classes(batch: Batch, share: float, classes: int, random: np.random.Generator) -> Batch:
    """Paste about half of the classes of the crop before into each chosen crop of a batch.

    The pixels keep their place; image, label and soft label go along. Pixels that nobody labelled
    are never pasted. The crop before the first is the last.

    Args:
        batch: crops of one step; it is not changed.
        share: chance of a crop to be chosen, 0 to 1.
        classes: number of classes.
        random: random generator of the choices.

    Returns:
        The batch with mixed crops, on the same device.
    """
    count = len(batch.labels)
    is_pasted = np.zeros((count, IGNORE_LABEL + 1), bool)
    is_pasted[:, :classes] = random.random((count, classes)) < PASTED_SHARE
    is_pasted &= random.random((count, 1)) < share
    table = torch.from_numpy(is_pasted).to(batch.labels.device)
    images, labels, soft = batch
    source = labels.roll(1, 0)
    pasted = table.gather(1, source.flatten(1)).view_as(source)
    images = torch.where(pasted[:, None], images.roll(1, 0), images)
    labels = torch.where(pasted, source, labels)
    if soft is not None:
        reduced = functional.interpolate(
            pasted[:, None].float(), size=soft.shape[-2:], mode="nearest-exact"
        )
        soft = torch.where(reduced > 0, soft.roll(1, 0), soft)
    return Batch(images.contiguous(memory_format=torch.channels_last), labels, soft)
