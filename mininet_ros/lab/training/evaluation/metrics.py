"""Mean intersection over union from one global confusion matrix (Sec. V-A)."""

from __future__ import annotations

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL


class ConfusionMatrix:
    """Counts of labelled pixels: rows are true classes, columns predicted ones."""

    def __init__(self, classes: int) -> None:
        self.counts = np.zeros((classes, classes), np.int64)

    def add(self, labels: np.ndarray, predicted: np.ndarray) -> None:
        """Count the pixels of one image.

        Args:
            labels: uint8, 255 where ignored.
            predicted: uint8 of the same shape, class ids.

        Raises:
            ValueError: the shapes differ, or a prediction is no class.
        """
        if labels.shape != predicted.shape:
            raise ValueError(f"labels {labels.shape} and prediction {predicted.shape} differ")
        classes = len(self.counts)
        counted = labels != IGNORE_LABEL
        if (predicted[counted] >= classes).any():
            raise ValueError(f"a predicted label is beyond the {classes} classes")
        pairs = labels[counted].astype(np.int64) * classes + predicted[counted]
        self.counts += np.bincount(pairs, minlength=classes**2).reshape(classes, classes)

    @property
    def iou(self) -> np.ndarray:
        """Intersection over union of each class in 0-1; NaN for one neither true nor predicted."""
        intersection = np.diag(self.counts).astype(float)
        union = self.counts.sum(0) + self.counts.sum(1) - intersection
        return np.divide(intersection, union, out=np.full(len(union), np.nan), where=union > 0)

    @property
    def miou(self) -> float:
        """Mean of the classes' IoU in 0-1, over those that occur; NaN when none does."""
        iou = self.iou
        return float(np.nanmean(iou)) if np.isfinite(iou).any() else float("nan")

    @property
    def pixel_accuracy(self) -> float:
        """Share of labelled pixels that are right, 0-1; NaN when there is none."""
        total = self.counts.sum()
        return float(np.trace(self.counts) / total) if total else float("nan")
