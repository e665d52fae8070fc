"""Calibrates a model's familiarity from its own images and images of another kind."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from mininet_ros.inference import Segmenter
from mininet_ros.inference.familiarity import LEAST_SHARE, Familiarity, band_shares, likelihood
from mininet_ros.progress import progress_bar

KEPT = 0.02  # share of the validation images that may be rated unfamiliar
LEAST_FOUND = 0.8  # share of the other images that must be rated unfamiliar


class FamiliarityError(ValueError):
    """A model's masks do not separate its own images from others; the message is one sentence."""


def masks_of(segmenter: Segmenter, images: Iterable[np.ndarray], title: str) -> list[np.ndarray]:
    """Return the model's masks of images, uint8 (H, W) at the network's size."""
    return [
        segmenter.infer(image, with_confidence=False).mask
        for image in progress_bar(images, title, leave=False)
    ]


def calibrated_familiarity(
    training: list[np.ndarray],
    validation: list[np.ndarray],
    others: list[np.ndarray],
    classes: int,
    calibrated_on: str,
) -> Familiarity:
    """Learn the usual places of classes from training images, and the scale from the others.

    Args:
        training: masks of the training images, uint8 (H, W).
        validation: masks of the validation images, uint8 (H, W).
        others: masks of images of another kind, uint8 (H, W).
        classes: classes of the model.
        calibrated_on: description of the images, for the card.

    Raises:
        FamiliarityError: too many images of another kind look as familiar as the model's own.
    """
    shares = np.mean([band_shares(mask, classes) for mask in training], axis=0) + LEAST_SHARE
    # Rounded as in the card, so that its figures are those of its stored values.
    log_shares = np.round(np.log(shares / shares.sum(1, keepdims=True)), 2)
    own, strange = (
        np.array([likelihood(mask, log_shares) for mask in masks]) for masks in (validation, others)
    )
    usual, unusual = float(np.median(own)), float(np.median(strange))
    least = float(np.quantile(own, KEPT))
    found = float(np.mean(strange < least))
    if found < LEAST_FOUND or unusual >= usual:
        raise FamiliarityError(
            f"the masks of {100 * (1 - found):.0f} % of the photos of another kind look as usual "
            f"as those of the model's own images: this model cannot tell what it knows by them"
        )
    return Familiarity(
        log_shares=log_shares,
        usual=round(usual, 3),
        strange=round(unusual, 3),
        warn_below=round((least - unusual) / (usual - unusual), 2),
        calibrated_on=calibrated_on,
        strange_found=round(found, 3),
    )
