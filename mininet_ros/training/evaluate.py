"""A model folder scored on a dataset's split."""

from __future__ import annotations

from typing import Any

from tqdm import tqdm

from mininet_ros.inference import Segmenter
from mininet_ros.training.datasets import DatasetError, LabelledImages
from mininet_ros.training.metrics import ConfusionMatrix


def evaluate(segmenter: Segmenter, dataset: LabelledImages) -> ConfusionMatrix:
    """One confusion matrix over all images, scored at the size of the labels, void ignored.

    Raises:
        DatasetError: the dataset's classes are not the model's, or a file is not what it must be.
    """
    if dataset.classes.names != segmenter.model.classes:
        raise DatasetError(
            f"model {segmenter.model.name} has classes {', '.join(segmenter.model.classes)}, but "
            f"{dataset.name} has {', '.join(dataset.classes.names)}"
        )
    matrix = ConfusionMatrix(len(dataset.classes.names))
    for index in tqdm(range(len(dataset)), desc=f"{dataset.name} {dataset.split}", leave=False):
        sample = dataset[index]
        matrix.add(sample.labels, segmenter.segment(sample.image).mask)
    return matrix


def report(matrix: ConfusionMatrix, dataset: LabelledImages) -> dict[str, Any]:
    """Figures in 0-1 by name; a class that neither occurs nor is predicted has None."""
    return {
        "miou": matrix.miou,
        "pixel_accuracy": matrix.pixel_accuracy,
        "iou": {
            name: None if value != value else float(value)
            for name, value in zip(dataset.classes.names, matrix.iou, strict=True)
        },
        "images": len(dataset),
    }
