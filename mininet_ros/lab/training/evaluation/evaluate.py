"""A model folder scored on a dataset's split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import cv2
import numpy as np

from mininet_ros.images.class_tables import SCENE_TEXT
from mininet_ros.inference import Segmentation, Segmenter
from mininet_ros.inference.onnx_runtime import OnnxRuntimeSegmenter
from mininet_ros.inference.precision import open_on_cpu
from mininet_ros.lab.training.data.datasets import DatasetError, LabelledImages, Sample
from mininet_ros.lab.training.evaluation.border_text import BorderText
from mininet_ros.lab.training.evaluation.calibration import Calibration
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.models import INT8_GRAPH, Model, ModelError
from mininet_ros.progress import progress_bar

# Two conventions of the literature. "label": the network's mask is enlarged to the labels, as a
# robot gets it. "network": the labels are reduced to the network's size.
SCORE_AT = ("label", "network")


@dataclass(frozen=True)
class ImageScore:
    """Score of one image: its place in the dataset, its name, and figures in 0-1."""

    index: int
    name: str
    miou: float
    pixel_accuracy: float


@dataclass(frozen=True)
class Agreement:
    """How another engine's masks differ from the scored ones.

    Attributes:
        differing: share of the pixels at network size, 0-1.
        miou_difference: the other engine's mIoU less the scored one's, in 0-1.
    """

    differing: float
    miou_difference: float


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Attributes:
        score_at: one of :data:`SCORE_AT`.
        text: how much of the text was found, for scene text alone.
    """

    score_at: str
    matrix: ConfusionMatrix
    calibration: Calibration
    images: tuple[ImageScore, ...]
    agreement: Mapping[str, Agreement]
    text: BorderText | None = None


def open_segmenter(
    model: Model, size: tuple[int, int] | None = None, precision: str = "float32"
) -> Segmenter:
    """The engine to score, on the CPU: a graph of the model, or PyTorch at another ``size``.

    Args:
        model: to score.
        size: width and height of the network's input; None for the model's own.
        precision: see :func:`mininet_ros.inference.load_segmenter`; float32 at another size.

    Raises:
        ModelError: a file of the model cannot be loaded.
    """
    if size in (None, (model.width, model.height)):
        return open_on_cpu(model, 0, precision)
    if precision == "int8":
        raise ModelError(
            f"the int8 graph of {model.folder} takes {model.width}x{model.height}: leave the "
            f"input size out, or export the model at {size[0]}x{size[1]} first"
        )
    from mininet_ros.inference.pytorch import PyTorchSegmenter

    return PyTorchSegmenter(replace(model, width=size[0], height=size[1]), "cpu")


def open_others(scored: Segmenter) -> dict[str, Segmenter]:
    """Other engines of the same model at the same size, by name, on the CPU.

    Beside ``model.onnx`` these are PyTorch, and ``model.int8.onnx`` where the folder has it;
    beside PyTorch there is none, since it runs where the graphs have another size.

    Raises:
        ModelError: a file of the model cannot be loaded.
    """
    if not isinstance(scored, OnnxRuntimeSegmenter):
        return {}
    from mininet_ros.inference.pytorch import PyTorchSegmenter

    others: dict[str, Segmenter] = {"PyTorch": PyTorchSegmenter(scored.model, "cpu")}
    if scored.precision == "float32" and scored.model.has(INT8_GRAPH):
        others["ONNX int8"] = OnnxRuntimeSegmenter(scored.model, precision="int8")
    return others


def evaluate(
    segmenter: Segmenter,
    dataset: LabelledImages,
    score_at: str = SCORE_AT[0],
    others: Mapping[str, Segmenter] | None = None,
) -> Evaluation:
    """Score all images with one confusion matrix, void ignored.

    Args:
        segmenter: what is scored.
        score_at: see :data:`SCORE_AT`.
        others: engines of the same model to compare with it, by name.

    Raises:
        DatasetError: the dataset's classes are not the model's, a file is not what it must be, or
            no pixel is labelled.
    """
    if dataset.classes.names != segmenter.model.classes:
        raise DatasetError(
            f"model {segmenter.model.name} has classes {', '.join(segmenter.model.classes)}, but "
            f"{dataset.name} has {', '.join(dataset.classes.names)}"
        )
    others = others or {}
    count = len(dataset.classes.names)
    matrix, calibration = ConfusionMatrix(count), Calibration()
    matrices = {name: ConfusionMatrix(count) for name in others}
    differing = dict.fromkeys(others, 0)
    text = BorderText() if dataset.classes == SCENE_TEXT else None
    images = []
    pixels = 0
    for index in progress_bar(
        range(len(dataset)), desc=f"{dataset.name} {dataset.split}", leave=False
    ):
        sample = dataset[index]
        found = segmenter.infer(sample.image)
        labels, predicted = at_one_size(sample, found, score_at)
        own = ConfusionMatrix(count)
        own.add(labels, predicted.mask)
        matrix.counts += own.counts
        calibration.add(labels, predicted)
        if text:
            text.add(labels, predicted.mask)
        images.append(ImageScore(index, sample.name, own.miou, own.pixel_accuracy))
        pixels += found.mask.size
        for name, other in others.items():
            theirs = other.infer(sample.image)
            differing[name] += int((theirs.mask != found.mask).sum())
            matrices[name].add(labels, at_one_size(sample, theirs, score_at)[1].mask)
    if not matrix.counts.any():
        raise DatasetError(f"no pixel of {dataset.name} {dataset.split} is labelled")
    agreement = {
        name: Agreement(differing[name] / pixels, matrices[name].miou - matrix.miou)
        for name in others
    }
    return Evaluation(score_at, matrix, calibration, tuple(images), agreement, text)


def at_one_size(
    sample: Sample, found: Segmentation, score_at: str
) -> tuple[np.ndarray, Segmentation]:
    """Labels and prediction brought to the size that a convention scores at.

    Raises:
        ValueError: no such convention.
    """
    if score_at not in SCORE_AT:
        raise ValueError(f"score at one of {', '.join(SCORE_AT)}, not {score_at!r}")
    height, width = sample.labels.shape
    if score_at == "label":
        return sample.labels, found.resized(width, height)
    size = found.mask.shape[::-1]
    return cv2.resize(sample.labels, size, interpolation=cv2.INTER_NEAREST_EXACT), found


def as_figures(
    evaluation: Evaluation, segmenter: Segmenter, dataset: LabelledImages
) -> dict[str, Any]:
    """Figures in 0-1 by name, for JSON; a class that neither occurs nor is predicted has None."""
    matrix, model = evaluation.matrix, segmenter.model
    return {
        "model": model.name,
        "network": model.network,
        "runtime": segmenter.runtime,
        "precision": segmenter.precision,
        "device": segmenter.device,
        "input_size": f"{model.width}x{model.height}",
        "dataset": dataset.name,
        "split": dataset.split,
        "images": len(dataset),
        "scored_at": evaluation.score_at,
        "miou": matrix.miou,
        "pixel_accuracy": matrix.pixel_accuracy,
        "iou": dict(zip(dataset.classes.names, map(none_for_nan, matrix.iou), strict=True)),
        "expected_calibration_error": evaluation.calibration.error,
        "text": evaluation.text.as_figures() if evaluation.text else None,
        "agreement": {name: asdict(found) for name, found in evaluation.agreement.items()},
    }


def none_for_nan(value: float) -> float | None:
    """``value``, or None for NaN, which JSON lacks."""
    return None if np.isnan(value) else float(value)


def as_table(figures: Mapping[str, Any]) -> str:
    """The figures for people."""
    lines = [f"{name:>16} {in_percent(value):>9}" for name, value in figures["iou"].items()]
    lines.append(
        f"{figures['images']} images of {figures['dataset']} {figures['split']} scored at "
        f"{figures['scored_at']} size: mIoU {in_percent(figures['miou'])}, "
        f"pixel accuracy {in_percent(figures['pixel_accuracy'])}, "
        f"calibration error {in_percent(figures['expected_calibration_error'])}"
    )
    for place, found in (figures["text"] or {}).items():
        lines.append(
            f"text {place.replace('_', ' ')}: of {found['regions']} regions "
            f"{in_percent(found['regions_found'])} found, of their pixels "
            f"{in_percent(found['pixels_found'])}"
        )
    for name, found in figures["agreement"].items():
        lines.append(
            f"{name}: {100 * found['differing']:.2g} % of the pixels differ, "
            f"mIoU {100 * found['miou_difference']:+.3f} points"
        )
    return "\n".join(lines)


def in_percent(value: float | None) -> str:
    """A share in 0-1 for people."""
    return "absent" if value is None else f"{100 * value:.2f} %"
