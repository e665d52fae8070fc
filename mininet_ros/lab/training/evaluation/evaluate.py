"""Scores a model folder on a split of a dataset."""

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
from mininet_ros.lab.training.evaluation.border_text import BorderText, windows
from mininet_ros.lab.training.evaluation.calibration import Calibration
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.models import INT8_GRAPH, Model, ModelError
from mininet_ros.progress import progress_bar

# Two conventions of the literature. "label": the mask is enlarged to the size of the labels, as on
# a robot. "network": the labels are reduced to the size of the network.
SCORE_AT = ("label", "network")

TEXT_FIGURES = ("text", "text_in_windows")
"""Figures of found text: in whole pictures, and in windows whose borders cut more of it."""


@dataclass(frozen=True)
class ImageScore:
    """Score of one image: its index in the dataset, its name, and its figures, 0 to 1."""

    index: int
    name: str
    miou: float
    pixel_accuracy: float


@dataclass(frozen=True)
class Agreement:
    """Difference between the masks of another engine and the scored engine.

    Attributes:
        differing: share of pixels at network size whose class differs, 0 to 1.
        miou_difference: mIoU of the other engine minus that of the scored engine, -1 to 1.
    """

    differing: float
    miou_difference: float


@dataclass(frozen=True)
class Evaluation:
    """Result of an evaluation.

    Attributes:
        score_at: size that is scored at, one of :data:`SCORE_AT`.
        text: counts of found text regions by the keys of :data:`TEXT_FIGURES`; empty for other
            data than scene text.
    """

    score_at: str
    matrix: ConfusionMatrix
    calibration: Calibration
    images: tuple[ImageScore, ...]
    agreement: Mapping[str, Agreement]
    text: Mapping[str, BorderText]


def open_segmenter(
    model: Model, size: tuple[int, int] | None = None, precision: str = "float32"
) -> Segmenter:
    """Open the engine to score, on the CPU: a graph of the model, or PyTorch at another ``size``.

    Args:
        model: model to score.
        size: width and height of the network's input in pixels; None means the model's own size.
        precision: precision of the engine, see :func:`mininet_ros.inference.load_segmenter`; at
            another size it is float32.

    Raises:
        ModelError: a file of the model cannot be loaded, or int8 is asked for at another size.
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
    """Open other engines of the same model at the same size, by name, on the CPU.

    If ``model.onnx`` is scored, these are PyTorch and, if the folder has it, ``model.int8.onnx``.
    If PyTorch is scored, there are none, because the graphs then have another size.

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
    """Score all images with one confusion matrix; void pixels are ignored.

    Args:
        segmenter: engine to score.
        dataset: images with labels.
        score_at: size to score at, one of :data:`SCORE_AT`.
        others: other engines of the same model by name, whose masks are compared.

    Raises:
        DatasetError: dataset and model have different classes, a file cannot be used, or no pixel
            is labelled.
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
    is_text = dataset.classes == SCENE_TEXT
    text = {name: BorderText() for name in TEXT_FIGURES} if is_text else {}
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
            text["text"].add(labels, predicted.mask)
            for window in windows(sample):
                found_in_it = segmenter.infer(window.image, with_confidence=False)
                in_it, seen = at_one_size(window, found_in_it, score_at)
                text["text_in_windows"].add(in_it, seen.mask)
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
    """Resize labels or prediction to the size of a scoring convention.

    Raises:
        ValueError: there is no such convention.
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
    """Return figures (0 to 1) by name, for JSON; None for classes not labelled or predicted."""
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
        **{name: found.as_figures() for name, found in evaluation.text.items()},
        "agreement": {name: asdict(found) for name, found in evaluation.agreement.items()},
    }


def none_for_nan(value: float) -> float | None:
    """Return ``value``, or None for NaN, which JSON does not have."""
    return None if np.isnan(value) else float(value)


def as_table(figures: Mapping[str, Any]) -> str:
    """Return the figures as a text table."""
    lines = [f"{name:>16} {in_percent(value):>9}" for name, value in figures["iou"].items()]
    lines.append(
        f"{figures['images']} images of {figures['dataset']} {figures['split']} scored at "
        f"{figures['scored_at']} size: mIoU {in_percent(figures['miou'])}, "
        f"pixel accuracy {in_percent(figures['pixel_accuracy'])}, "
        f"calibration error {in_percent(figures['expected_calibration_error'])}"
    )
    for name in TEXT_FIGURES:
        for place, found in figures.get(name, {}).items():
            title = f"{name} {place}".replace("_", " ")
            lines.append(
                f"{title}: of {found['regions']} regions "
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
    """Return a share (0 to 1) as text in percent."""
    return "absent" if value is None else f"{100 * value:.2f} %"
