"""Warns of classes that a training cannot learn, or that a validation cannot score."""

from __future__ import annotations

import logging
import shlex

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.training.data.datasets import LabelledImages
from mininet_ros.lab.training.data.stored_images import StoredImages

_log = logging.getLogger(__name__)


def warn_of_missing_classes(training: StoredImages, validation: StoredImages) -> None:
    """Warn of classes without any labelled pixel in a split, and say what to do.

    Args:
        training: split that the network learns from.
        validation: split that the network is scored on.
    """
    for split, other in ((training, validation), (validation, training)):
        counts = _pixels(split)
        names = split.classes.names
        missing = [index for index in range(len(names)) if not counts[index]]
        for index in missing:
            _log.warning(
                "WARNING: class %s has no labelled pixel in %s %s (%d images): %s",
                names[index],
                split.dataset.name,
                split.dataset.split,
                len(split),
                _advice(index, split, other),
            )
        if len(names) == 2 and missing == [1] and counts[IGNORE_LABEL]:
            _log.warning(
                "WARNING: the labels hold 0 and 255 only, and 255 is void here: if they are masks "
                'of %s, make their values 0 and 1: python3 -c "import cv2, sys; [cv2.imwrite(p, '
                "(cv2.imread(p, -1) > 127).astype('uint8')) for p in sys.argv[1:]]\" "
                "DIR/*/labels/*.png",
                names[1],
            )


def _pixels(split: StoredImages) -> np.ndarray:
    """Count the pixels of each label in a split, int64 (256,)."""
    counts = np.zeros(256, np.int64)
    for index in range(len(split)):
        counts += np.bincount(split[index].labels.ravel(), minlength=256)
    return counts


def _advice(class_id: int, split: StoredImages, other: StoredImages) -> str:
    """Return advice on how to add the class to the split, as a command where possible."""
    place = next((i for i in range(len(other)) if (other[i].labels == class_id).any()), None)
    if place is None:
        return "no other picture shows it either: label some, or take it from the list of classes"
    advice = f"{other.dataset.split} shows it: move some of its pictures"
    dataset = other.dataset
    if not isinstance(dataset, LabelledImages):
        return advice
    image, labels = dataset.pairs[place]
    if image.parent.name != "images":  # not the layout of a user's own images
        return advice
    target = image.parents[2] / split.dataset.split
    moves = (
        f"mv {shlex.quote(str(path))} {shlex.quote(str(target / path.parent.name))}"
        for path in (image, labels.path)
    )
    return f"{advice}, such as {' && '.join(moves)}"
