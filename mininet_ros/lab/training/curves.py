"""Charts of a training run's log."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from matplotlib.figure import Figure


def draw_curves(log: Path) -> bytes:
    """Draw a PNG of loss and validation mIoU over the epochs of the CSV file ``log``."""
    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) for row in rows]
    figure = Figure(figsize=(8, 6), layout="tight")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(epochs, [float(row["loss"]) for row in rows])
    above.set_ylabel("training loss")
    below.plot(epochs, [100 * float(row["miou"]) for row in rows])
    below.set_xlabel("epoch")
    below.set_ylabel("validation mIoU in %")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    return as_png(figure)


def as_png(figure: Figure) -> bytes:
    """Return the figure as a PNG file with 100 pixels per inch."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()
