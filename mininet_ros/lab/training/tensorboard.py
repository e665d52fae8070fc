"""Logs a training for TensorBoard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mininet_ros.extras import missing_extra
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.lab.training.run_folder import TrainingError


class TensorBoardLog:
    """Writes the figures of each validated epoch.

    Args:
        folder: folder of the log, created if it does not exist.
        classes: names of the classes.

    Raises:
        TrainingError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise TrainingError(missing_extra("--tensorboard", "tensorboard")) from error
        self._writer = SummaryWriter(str(folder))
        self._classes = tuple(classes)

    def add(self, epoch: int, learning_rate: float, loss: float, matrix: ConfusionMatrix) -> None:
        """Write the figures of one epoch, counted from 1."""
        values = {
            "loss/train": loss,
            "learning_rate": learning_rate,
            "validation/mIoU": matrix.miou,
            "validation/pixel_accuracy": matrix.pixel_accuracy,
        }
        for name, iou in zip(self._classes, matrix.iou, strict=True):
            if not np.isnan(iou):
                values[f"validation IoU/{name}"] = float(iou)
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()
