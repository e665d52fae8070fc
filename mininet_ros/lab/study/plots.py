"""Plots accuracy against cost: the paper's values beside those measured here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, cycle
from pathlib import Path

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

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
    """Write a PNG of mIoU against cost.

    All tables that are evaluated on the same images share a row of charts. The left chart has the
    values of the paper; if it has no CPU time, its GPU time. The right chart has the cost measured
    here and the mIoU trained here, with its standard deviation over the seeds. If nothing was
    trained, it has the printed mIoU as hollow markers.

    The counted parameters equal the printed ones. If nothing was trained, the right charts would
    repeat the left ones and are left out. The chart then does not show a user's own network.

    Args:
        tables: rows by the number of their table.
        cost: quantity on the horizontal axis, ``cpu_ms`` or ``parameters``.
        path: file to write.
        trained_on: images and input size of the training; the cost may be for another size.
    """
    groups = grouped(tables)
    is_repeated = cost == "parameters" and not _is_trained(chain(*groups.values()))
    figure = Figure(figsize=(8 if is_repeated else 13, 4.6 * len(groups)), layout="constrained")
    charts = figure.subplots(len(groups), 1 if is_repeated else 2, squeeze=False)
    for (title, rows), axes in zip(groups.items(), charts, strict=True):
        printed, measured = axes[0], axes[-1]
        has_cost = any(row.printed(cost) is not None for row in rows)
        printed_cost = cost if has_cost else "gpu_ms"
        is_trained = _is_trained(rows)
        _draw(printed, rows, printed_cost, is_paper=True, is_trained=False)
        printed.set_title(f"{title}: as printed")
        if not is_repeated:
            _draw(measured, rows, cost, is_paper=False, is_trained=is_trained)
            trained = f"mIoU trained here, {trained_on}"
            measured.set_title(trained if is_trained else "here, with printed mIoU")
        handles = {
            label: handle
            for chart in axes
            for handle, label in zip(*chart.get_legend_handles_labels(), strict=True)
        }
        measured.legend(
            handles.values(), handles, loc="center left", bbox_to_anchor=(1.02, 0.5), fontsize=8
        )
    figure.savefig(path, dpi=100)


def _is_trained(rows: Iterable[Row]) -> bool:
    return any(row.miou is not None for row in rows)


def grouped(tables: Tables) -> dict[str, list[Row]]:
    """Group the rows by the images of their evaluation; each method and size occurs once."""
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
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(LABELS[cost])
    axes.set_ylabel("mIoU in %")
    axes.grid(alpha=0.3)
    if not costs:
        axes.text(0.5, 0.5, "nothing measured", ha="center", transform=axes.transAxes)
