"""Picture of a training run's log."""

from __future__ import annotations

import csv
from pathlib import Path


def draw_curves(log: Path, picture: Path) -> None:
    """Draw loss and validation mIoU over the epochs of ``log`` (csv) into a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with log.open(newline="") as file:
        rows = list(csv.DictReader(file))
    epochs = [int(row["epoch"]) for row in rows]
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 6))
    above.plot(epochs, [float(row["loss"]) for row in rows])
    above.set_ylabel("training loss")
    below.plot(epochs, [100 * float(row["miou"]) for row in rows])
    below.set_xlabel("epoch")
    below.set_ylabel("validation mIoU in %")
    for axes in (above, below):
        axes.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(picture, dpi=100)
    pyplot.close(figure)
