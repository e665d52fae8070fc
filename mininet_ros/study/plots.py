"""Accuracy against what it costs: the paper's values beside those measured here."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mininet_ros.study.paper import TABLES
from mininet_ros.study.rows import Row
from mininet_ros.study.timing import Tables

# Label of the axis, and factor to its unit.
AXES = {
    "cpu_ms": ("ms from picture to label mask on the CPU", 1.0),
    "parameters": ("million parameters", 1e-6),
}
COLORS = dict(zip(TABLES, ("C0", "C1", "C2", "C3", "C4", "C5", "C6"), strict=True))


def draw_accuracy(tables: Tables, cost: str, path: Path) -> None:
    """Write a PNG of mIoU against ``cost`` (``cpu_ms`` or ``parameters``).

    Left as the paper prints both. Right as measured here; where a row was not trained, its printed
    mIoU over the cost measured here, as a hollow mark.
    """
    figure = Figure(figsize=(13, 5.5), layout="tight")
    printed, measured = figure.subplots(1, 2)
    label, factor = AXES[cost]
    for number, rows in tables.items():
        for row in rows:
            _mark(printed, number, row, row.printed(cost), row.printed("miou"), factor)
            _mark(measured, number, row, getattr(row, cost), row.miou, factor, row.miou_spread)
            if row.miou is None:
                paper = row.printed("miou")
                _mark(measured, number, row, getattr(row, cost), paper, factor, is_hollow=True)
    printed.set_title("as printed in the paper")
    measured.set_title("here (hollow: cost measured here, mIoU of the paper)")
    for axes in (printed, measured):
        axes.set_xlabel(label)
        axes.set_ylabel("mIoU in %")
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(title="Table", loc="lower right")
        else:
            axes.text(0.5, 0.5, "nothing to show", ha="center", transform=axes.transAxes)
    figure.savefig(path, dpi=100)


def _mark(
    axes: Axes,
    number: str,
    row: Row,
    cost: float | None,
    miou: float | None,
    factor: float,
    spread: float | None = None,
    is_hollow: bool = False,
) -> None:
    if cost is None or miou is None:
        return
    _, known = axes.get_legend_handles_labels()
    axes.errorbar(
        factor * cost,
        100 * miou,
        yerr=100 * spread if spread else None,
        fmt="o",
        color=COLORS[number],
        markerfacecolor="none" if is_hollow else COLORS[number],
        label=None if number in known else number,
    )
    axes.annotate(
        f"{row.name}\n{row.width}x{row.height}",
        (factor * cost, 100 * miou),
        xytext=(4, 4),
        textcoords="offset points",
        fontsize=7,
    )
