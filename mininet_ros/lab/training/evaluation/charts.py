"""Draws the charts of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.lab.training.evaluation.calibration import BINS, Calibration
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix

LEAST_PRINTED_PERCENT = 0.5
DARK = 50


def draw_confusion(matrix: ConfusionMatrix, names: Sequence[str]) -> Figure:
    """Draw the confusion matrix in percent of each true class (row); an absent class is blank."""
    total = matrix.counts.sum(axis=1, keepdims=True)
    shares = np.full(matrix.counts.shape, np.nan)
    np.divide(100 * matrix.counts, total, out=shares, where=total > 0)
    side = 2.5 + 0.5 * len(names)
    figure = Figure(figsize=(side, side), layout="tight")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title("% of each class's pixels")
    for row, column in np.argwhere(shares >= LEAST_PRINTED_PERCENT):
        share = shares[row, column]
        color = "white" if share > DARK else "black"
        axes.text(column, row, f"{share:.0f}", ha="center", va="center", color=color, fontsize=8)
    return figure


def draw_iou(matrix: ConfusionMatrix, classes: ClassTable) -> Figure:
    """Draw the IoU of each class as a bar in its colour, and the mean; absent classes have none."""
    figure = Figure(figsize=(8, 1.5 + 0.3 * len(classes.names)), layout="tight")
    axes = figure.subplots()
    percent = 100 * matrix.iou
    colors = np.array(classes.colors) / 255
    axes.barh(range(len(percent)), np.nan_to_num(percent), color=colors, edgecolor="black")
    for row, value in enumerate(percent):
        text = "absent" if np.isnan(value) else f"{value:.1f}"
        axes.text(np.nan_to_num(value) + 1, row, text, va="center", fontsize=8)
    axes.axvline(100 * matrix.miou, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(percent)), classes.names)
    axes.invert_yaxis()
    axes.set_xlim(0, 110)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("IoU in %")
    axes.set_title(f"mIoU {100 * matrix.miou:.2f} % (dashed)")
    return figure


def draw_reliability(calibration: Calibration) -> Figure:
    """Draw accuracy by confidence (calibrated: the diagonal), and the histogram of confidence."""
    figure = Figure(figsize=(6, 7), layout="tight")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = [entry for entry in calibration.bins if entry.pixels]
    centers = [(entry.low + entry.high) / 2 for entry in bins]
    above.bar(
        centers, [entry.accuracy for entry in bins], 1 / BINS, edgecolor="black", label="accuracy"
    )
    above.plot(
        centers, [entry.confidence for entry in bins], "o", color="black", label="mean confidence"
    )
    above.plot([0, 1], [0, 1], "--", color="grey")
    above.set_ylabel("share of right pixels")
    above.set_ylim(0, 1)
    above.legend(loc="upper left")
    above.set_title(f"expected calibration error {100 * calibration.error:.2f} %")
    pixels = sum(entry.pixels for entry in bins)
    below.bar(centers, [100 * entry.pixels / pixels for entry in bins], 1 / BINS, edgecolor="black")
    below.set_yscale("log")
    below.set_ylabel("% of pixels")
    below.set_xlabel("confidence")
    below.set_xlim(0, 1)
    return figure
