"""Accuracy against what it costs: the paper's values beside those measured here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from mininet_ros.lab.study.paper import TABLES
from mininet_ros.lab.study.rows import Row
from mininet_ros.lab.study.timing import Tables

LABELS = {
    "cpu_ms": "ms on the CPU, input of the table",
    "gpu_ms": "ms on the GPU that the paper names, input of the table",
    "parameters": "million parameters",
}
PARAMETERS_UNIT = 1e6
MARKERS = "osD^v<>P"
LOGARITHMIC_FROM = 5


def draw_accuracy(tables: Tables, cost: str, path: Path, trained_on: str = "") -> None:
    """Write a PNG of mIoU against ``cost`` (``cpu_ms`` or ``parameters``).

    A row of charts for all tables that are evaluated on the same images. Left as the paper prints
    both (its time on a GPU, where it prints none on a CPU). Right the cost measured here and the
    mIoU trained here, with its standard deviation over the seeds; where nothing was trained, the
    printed mIoU as hollow marks. ``trained_on`` names the images and the size of that training,
    which may be another than the size that the cost is of.
    """
    groups = grouped(tables)
    figure = Figure(figsize=(13, 4.6 * len(groups)), layout="constrained")
    charts = figure.subplots(len(groups), 2, squeeze=False)
    for (title, rows), (printed, measured) in zip(groups.items(), charts, strict=True):
        has_cost = any(row.printed(cost) is not None for row in rows)
        printed_cost = cost if has_cost else "gpu_ms"
        is_trained = any(row.miou is not None for row in rows)
        _draw(printed, rows, printed_cost, is_paper=True, is_trained=False)
        _draw(measured, rows, cost, is_paper=False, is_trained=is_trained)
        printed.set_title(f"{title}: as printed")
        trained = f"mIoU trained here, {trained_on}"
        measured.set_title(trained if is_trained else "here, with printed mIoU")
        handles = {
            label: handle
            for axes in (printed, measured)
            for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        measured.legend(
            handles.values(), handles, loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8
        )
    figure.savefig(path, dpi=100)


def grouped(tables: Tables) -> dict[str, list[Row]]:
    """The rows by what they are evaluated on, each method and size once."""
    groups: dict[str, dict[tuple[str, int, int], Row]] = {}
    for number, rows in tables.items():
        group = groups.setdefault(TABLES[number].evaluated_on, {})
        for row in rows:
            group.setdefault((row.network or row.name, row.width, row.height), row)
    return {title: list(rows.values()) for title, rows in groups.items()}


def _draw(axes: Axes, rows: Sequence[Row], cost: str, is_paper: bool, is_trained: bool) -> None:
    has_one_size = len({(row.width, row.height) for row in rows}) == 1
    unit = PARAMETERS_UNIT if cost == "parameters" else 1.0
    colors = cycle(colormaps["tab10"](range(10)))
    markers = cycle(MARKERS)
    costs = []
    for row, color, marker in zip(rows, colors, markers, strict=False):
        x = row.printed(cost) if is_paper else getattr(row, cost)
        y = row.miou if is_trained else row.printed("miou")
        if x is None or y is None:
            continue
        spread = row.miou_spread if is_trained else None
        axes.errorbar(
            x / unit,
            100 * y,
            yerr=100 * spread if spread else None,
            fmt=marker,
            color=color,
            markerfacecolor=color if is_paper or is_trained else "none",
            label=row.name if has_one_size else f"{row.name} {row.width}x{row.height}",
        )
        costs.append(x)
    if costs and max(costs) > LOGARITHMIC_FROM * min(costs):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(LABELS[cost])
    axes.set_ylabel("mIoU in %")
    axes.grid(alpha=0.3)
    if not costs:
        axes.text(0.5, 0.5, "nothing measured", ha="center", transform=axes.transAxes)
