"""Selects the stages of a network that run in int8, by their effect on training images."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import onnx

from mininet_ros.inference.segmenter import fit_input
from mininet_ros.lab.training.data.datasets import DatasetError, LabelledImages, Sample
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.lab.training.export.graph import build_graph
from mininet_ros.lab.training.export.quantisation import quantised, ranges_of
from mininet_ros.lab.training.export.ranges import Range, value_ranges
from mininet_ros.lab.training.export.runner import graph_runner
from mininet_ros.models import Model
from mininet_ros.network.stages import IMAGE, StagedNetwork
from mininet_ros.progress import progress_bar

CALIBRATION_IMAGES = 64
HELD_OUT_IMAGES = 40
RANKING_IMAGES = 10  # of them, to rank the stages by; the number of changed labels varies little
# Half of the 1 point of IoU that int8 may cost, because it is measured on few images.
LARGEST_LOSS = 0.005


@dataclass(frozen=True)
class Int8Recipe:
    """Settings for the quantisation of a network to int8.

    Attributes:
        ranges: smallest and largest number of each value in the graph, valid for any input size.
        stages: names of the stages in int8.
        card: entry for the model's card.
    """

    ranges: Mapping[str, Range]
    stages: tuple[str, ...]
    card: Mapping[str, Any]

    def apply(self, graph: onnx.ModelProto) -> onnx.ModelProto:
        """Return the quantised graph."""
        return quantised(graph, self.ranges, self.stages)


def recipe_of(graph: onnx.ModelProto, card: Mapping[str, Any]) -> Int8Recipe:
    """Return the recipe that a quantised graph was made with."""
    ranges, stages = ranges_of(graph)
    return Int8Recipe(ranges, stages, card)


def calibrated(
    network: StagedNetwork,
    model: Model,
    size: tuple[int, int],
    dataset: LabelledImages,
    calibration_images: int = CALIBRATION_IMAGES,
) -> Int8Recipe:
    """Measure the cost of int8 for each stage, and keep stages in float that cost too much.

    The ranges come from images spread over the dataset, the loss from other images between them.
    First each stage alone is quantised. Then all stages are quantised, and the worst single ones go
    back to float until the loss is at most 0.005. It is that of mIoU; with two classes, that of the
    second one's IoU, since a background that fills the images would halve it. Stages that read the
    image always stay in float: three channels do not fill an integer vector, so int8 would be
    slower.

    Args:
        network: network with the model's weights, in evaluation mode.
        model: model that the weights belong to.
        size: width and height of the graph's input in pixels.
        dataset: training images with labels.
        calibration_images: number of images for the ranges.

    Raises:
        DatasetError: dataset and model have different classes, or there are too few images.
    """
    calibration, held_out = _samples(dataset, model, size, calibration_images)
    graph = build_graph(network, *size, model.scale, model.offset)
    ranges = value_ranges(graph, [sample.image for sample in calibration])
    exact = _masks(graph, held_out)
    few = _spread(range(len(held_out)), RANKING_IMAGES)
    ranking, expected = [held_out[i] for i in few], [exact[i] for i in few]
    stages = [stage.name for stage in network.table if IMAGE not in stage.inputs]
    differing = {
        stage: _differing(expected, _masks(quantised(graph, ranges, [stage]), ranking))
        for stage in progress_bar(stages, desc="stages", leave=False)
    }
    chosen = sorted(stages, key=differing.__getitem__)
    before = _score(exact, held_out, model)
    while chosen:
        masks = _masks(quantised(graph, ranges, chosen), held_out)
        difference = _score(masks, held_out, model) - before
        if difference >= -LARGEST_LOSS:
            break
        chosen.pop()
    card = {
        "calibrated_on": f"{len(calibration)} images of {dataset.name} {dataset.split}",
        "float_stages": [stage.name for stage in network.table if stage.name not in chosen],
        "labels_changed_by_stage_alone": {
            name: round(share, 4) for name, share in differing.items()
        },
    }
    if chosen:
        card["held_out_images"] = len(held_out)
        figure = "miou" if len(model.classes) > 2 else "_".join([*model.classes[1:], "iou"])
        card[f"held_out_{figure}_difference"] = round(difference, 4)
    return Int8Recipe(ranges, tuple(name for name in stages if name in chosen), card)


def _samples(
    dataset: LabelledImages, model: Model, size: tuple[int, int], count: int
) -> tuple[list[Sample], list[Sample]]:
    """Return images for the ranges and other images for the loss, all at the network's size."""
    if dataset.classes.names != model.classes:
        raise DatasetError(
            f"calibration needs images with the classes of model {model.name}, but {dataset.name} "
            f"has {', '.join(dataset.classes.names)}"
        )
    if count < 1 or len(dataset) < 2:
        raise DatasetError(
            f"calibration on {count} of {len(dataset)} images: it takes one, and one to judge by"
        )
    even, odd = range(0, len(dataset), 2), range(1, len(dataset), 2)
    calibration = [_fitted(dataset[index], size) for index in _spread(even, count)]
    return calibration, [_fitted(dataset[index], size) for index in _spread(odd, HELD_OUT_IMAGES)]


def _spread(indices: Sequence[int], count: int) -> list[int]:
    places = np.linspace(0, len(indices) - 1, min(count, len(indices))).round().astype(int)
    return [indices[place] for place in places]


def _fitted(sample: Sample, size: tuple[int, int]) -> Sample:
    labels = cv2.resize(sample.labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return Sample(sample.name, fit_input(sample.image, *size), labels)


def _masks(graph: onnx.ModelProto, samples: Collection[Sample]) -> list[np.ndarray]:
    run = graph_runner(graph, ["mask"])
    return [run(sample.image)[0][0] for sample in samples]


def _differing(masks: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> float:
    return float(
        np.mean([(mask != other).mean() for mask, other in zip(masks, others, strict=True)])
    )


def _score(masks: Sequence[np.ndarray], samples: Sequence[Sample], model: Model) -> float:
    """Return the mIoU, or the IoU of the second of two classes, 0 to 1."""
    matrix = ConfusionMatrix(len(model.classes))
    for mask, sample in zip(masks, samples, strict=True):
        matrix.add(sample.labels, mask)
    return matrix.miou if len(model.classes) > 2 else float(matrix.iou[1])
