"""Calibration: whether 80 % of the pixels with confidence 80 % are right (Guo et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.inference import Segmentation

LEVELS = 256
BINS = 15  # 17 confidence levels each, so that the edges are between two levels


@dataclass(frozen=True)
class Bin:
    """Labelled pixels whose confidence lies above ``low`` and not above ``high``.

    Attributes:
        low, high: limits of the confidence, 0 to 1.
        pixels: number of pixels.
        confidence: mean confidence of the pixels, 0 to 1; NaN without pixels.
        accuracy: share of the pixels that are right, 0 to 1; NaN without pixels.
    """

    low: float
    high: float
    pixels: int
    confidence: float
    accuracy: float


class Calibration:
    """Counts labelled pixels and correctly predicted pixels by confidence."""

    def __init__(self) -> None:
        self.pixels = np.zeros(LEVELS, np.int64)
        self.right = np.zeros(LEVELS, np.int64)

    def add(self, labels: np.ndarray, predicted: Segmentation) -> None:
        """Count the pixels of one image.

        Args:
            labels: class ids uint8 (H, W) at the size of the prediction, 255 = ignored.
            predicted: prediction with confidence.

        Raises:
            ValueError: the prediction has no confidence.
        """
        if predicted.confidence is None:
            raise ValueError("calibration needs the confidence of each pixel")
        counted = labels != IGNORE_LABEL
        confidence = predicted.confidence[counted]
        is_right = labels[counted] == predicted.mask[counted]
        self.pixels += np.bincount(confidence, minlength=LEVELS)
        self.right += np.bincount(confidence[is_right], minlength=LEVELS)

    @property
    def bins(self) -> tuple[Bin, ...]:
        """Return fifteen bins of equal width; confidence 0 belongs to the first bin."""
        levels = np.arange(LEVELS)
        width = (LEVELS - 1) / BINS
        of_level = np.maximum(np.ceil(levels / width).astype(int) - 1, 0)
        pixels, right, total = (
            np.bincount(of_level, weights)
            for weights in (self.pixels, self.right, self.pixels * levels)
        )
        with np.errstate(invalid="ignore"):
            confidence, accuracy = total / (LEVELS - 1) / pixels, right / pixels
        return tuple(
            Bin(
                low=index / BINS,
                high=(index + 1) / BINS,
                pixels=int(pixels[index]),
                confidence=float(confidence[index]),
                accuracy=float(accuracy[index]),
            )
            for index in range(BINS)
        )

    @property
    def error(self) -> float:
        """Return the expected calibration error, 0 to 1 (Guo et al. 2017, eq. 3).

        It is the mean difference of confidence and accuracy over the bins, weighted by pixels.

        Raises:
            ZeroDivisionError: no pixel was counted.
        """
        filled = [entry for entry in self.bins if entry.pixels]
        gaps = [abs(entry.accuracy - entry.confidence) for entry in filled]
        return float(np.average(gaps, weights=[entry.pixels for entry in filled]))
