"""Mean intersection over union from one global confusion matrix (Sec. V-A)."""

from __future__ import annotations

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL


class ConfusionMatrix:
    """Counts of labelled pixels: rows are true classes, columns are predicted classes."""

    def __init__(self, classes: int) -> None:
        self.counts = np.zeros((classes, classes), np.int64)

    def add(self, labels: np.ndarray, predicted: np.ndarray) -> None:
        """Count the pixels of one image.

        Args:
            labels: true class ids uint8 (H, W), 255 where ignored.
            predicted: predicted class ids uint8 (H, W).

        Raises:
            ValueError: the shapes differ, or a prediction is not a class id.
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
        """Return the IoU of each class, 0 to 1; NaN for classes neither true nor predicted."""
        intersection = np.diag(self.counts).astype(float)
        union = self.counts.sum(0) + self.counts.sum(1) - intersection
        return np.divide(intersection, union, out=np.full(len(union), np.nan), where=union > 0)

    @property
    def miou(self) -> float:
        """Return the mean IoU over the classes that occur, 0 to 1; NaN if none occurs."""
        iou = self.iou
        return float(np.nanmean(iou)) if np.isfinite(iou).any() else float("nan")

    @property
    def pixel_accuracy(self) -> float:
        """Return the share of labelled pixels that are right, 0 to 1; NaN without any."""
        total = self.counts.sum()
        return float(np.trace(self.counts) / total) if total else float("nan")
