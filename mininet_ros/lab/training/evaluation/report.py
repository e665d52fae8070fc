"""Writes the report of an evaluation: a folder of images, charts and figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.images.drawing import colorize, contact_sheet, with_legend
from mininet_ros.inference import Segmenter
from mininet_ros.lab.training.curves import as_png
from mininet_ros.lab.training.data.datasets import LabelledImages
from mininet_ros.lab.training.evaluation.charts import draw_confusion, draw_iou, draw_reliability
from mininet_ros.lab.training.evaluation.evaluate import Evaluation, ImageScore, none_for_nan

REPORT, CONFUSION, IOU = "report.json", "confusion.png", "iou.png"
CALIBRATION, BEST, WORST = "calibration.png", "best.png", "worst.png"
ENTRIES = (REPORT, CONFUSION, IOU, CALIBRATION, BEST, WORST)
"""Files of a report."""
EXAMPLES = 6
TILE_WIDTH = 320
WRONG_BGR = (40, 40, 255)


def write_report(
    folder: Path,
    evaluation: Evaluation,
    figures: Mapping[str, Any],
    segmenter: Segmenter,
    dataset: LabelledImages,
) -> None:
    """Write the files of :data:`ENTRIES`.

    ``best.png`` and ``worst.png`` show the images with the highest and lowest mIoU: image, true
    labels, prediction and errors.

    Args:
        folder: empty folder, see :class:`mininet_ros.results.ResultFolder`.
        evaluation: result of the evaluation.
        figures: figures from :func:`mininet_ros.lab.training.evaluation.evaluate.as_figures`.
        segmenter: engine that was evaluated.
        dataset: dataset that it was evaluated on.

    Raises:
        OSError: a file cannot be written.
    """
    text = json.dumps({**figures, **_details(evaluation)}, indent=2)
    (folder / REPORT).write_text(text + "\n", encoding="utf-8")
    charts = {
        CONFUSION: draw_confusion(evaluation.matrix, dataset.classes.names),
        IOU: draw_iou(evaluation.matrix, dataset.classes),
        CALIBRATION: draw_reliability(evaluation.calibration),
    }
    for name, chart in charts.items():
        (folder / name).write_bytes(as_png(chart))
    scored = [image for image in evaluation.images if not np.isnan(image.miou)]
    scored.sort(key=lambda image: image.miou)
    for name, chosen in ((BEST, scored[::-1]), (WORST, scored)):
        sheet = _examples(chosen[:EXAMPLES], segmenter, dataset)
        (folder / name).write_bytes(cv2.imencode(".png", sheet)[1].tobytes())


def draw_errors(image: np.ndarray, labels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw wrong pixels red and unlabelled pixels black on a dim grey image, uint8 (H, W, 3) BGR.

    Args:
        image: image uint8 (H, W, 3) BGR.
        labels: true class ids uint8 (H, W).
        mask: predicted class ids uint8 (H, W).
    """
    picture = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) // 2
    picture[mask != labels] = WRONG_BGR
    picture[labels == IGNORE_LABEL] = 0
    return picture


def _details(evaluation: Evaluation) -> dict[str, Any]:
    """Return the values of a report that are not printed."""
    return {
        "confusion": evaluation.matrix.counts.tolist(),
        "calibration": [
            {
                **asdict(entry),
                "confidence": none_for_nan(entry.confidence),
                "accuracy": none_for_nan(entry.accuracy),
            }
            for entry in evaluation.calibration.bins
        ],
        "by_image": [
            {
                "name": image.name,
                "miou": none_for_nan(image.miou),
                "pixel_accuracy": none_for_nan(image.pixel_accuracy),
            }
            for image in evaluation.images
        ],
    }


def _examples(
    chosen: Sequence[ImageScore], segmenter: Segmenter, dataset: LabelledImages
) -> np.ndarray:
    """Draw rows of image, true labels, prediction and errors, and a legend of the classes."""
    colors = np.array(dataset.classes.colors, np.uint8)
    tiles, captions = [], []
    for score in chosen:
        sample = dataset[score.index]
        mask = segmenter.segment(sample.image).mask
        height = round(TILE_WIDTH * mask.shape[0] / mask.shape[1])
        pictures = (
            sample.image,
            colorize(sample.labels, colors)[..., ::-1],
            colorize(mask, colors)[..., ::-1],
            draw_errors(sample.image, sample.labels, mask),
        )
        tiles += (
            cv2.resize(picture, (TILE_WIDTH, height), interpolation=cv2.INTER_AREA)
            for picture in pictures
        )
        captions += (sample.name, "truth", "prediction", f"errors, mIoU {100 * score.miou:.1f} %")
    sheet = contact_sheet(tiles, captions, columns=4)
    return with_legend(sheet, dataset.classes)
