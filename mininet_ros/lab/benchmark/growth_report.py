"""Reports measured growth as a table and as a chart."""

from __future__ import annotations

import io
from collections.abc import Sequence

from mininet_ros.inference.onnx_runtime import processor_name
from mininet_ros.lab.benchmark.growth import Growth

WORK = {
    "pixels": "pixels (first = 1)",
    "threads": "threads",
    "classes": "multiply-accumulates (first = 1)",
    "cameras": "cameras",
    "training": "pixels of a crop (first = 1)",
}


def as_growth_table(points: Sequence[Growth]) -> str:
    """Return the figures as a text table."""
    lines = [
        f"{'axis':10}{'of':18}{'at':>10}{'work':>7}{'median':>12}{'linear':>12}{'x bound':>9}"
        f"{'per s':>8}{'memory':>10}{'linear':>11}"
    ]
    for point in points:
        bounds = "-" if point.bounds is None else f"{point.bounds:.2f}"
        lines.append(
            f"{point.axis:10}{point.series:18}{point.setting:>10}{point.work:>7.2f}"
            f"{point.ms:>9.1f} ms{point.linear_ms:>9.1f} ms{bounds:>9}{point.per_s:>8.1f}"
            f"{point.memory_mb:>7.0f} MB{point.linear_mb:>8.0f} MB"
        )
    lines.append(f"on {processor_name()}; linear: the first line of its kind, times the work")
    return "\n".join(lines)


def draw_growth(points: Sequence[Growth]) -> bytes:
    """Draw a PNG: time (top) and memory (bottom) against the work; dashed lines are linear."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    axes_names = list(dict.fromkeys(point.axis for point in points))
    figure, grid = pyplot.subplots(
        2, len(axes_names), figsize=(3.4 * len(axes_names), 6.5), squeeze=False
    )
    for column, axis in enumerate(axes_names):
        own = [point for point in points if point.axis == axis]
        for row, (value, linear, label) in enumerate(
            (("ms", "linear_ms", "time in ms"), ("memory_mb", "linear_mb", "memory in MB"))
        ):
            place = grid[row][column]
            for series in dict.fromkeys(point.series for point in own):
                of_series = [point for point in own if point.series == series]
                works = [point.work for point in of_series]
                (line,) = place.plot(
                    works, [getattr(point, value) for point in of_series], "o-", label=series
                )
                place.plot(
                    works,
                    [getattr(point, linear) for point in of_series],
                    "--",
                    color=line.get_color(),
                    alpha=0.5,
                )
            place.set_ylim(bottom=0)
            place.set_xlabel(WORK[axis])
            place.grid(alpha=0.3)
            if row == 0:
                place.set_title(axis)
                place.legend(fontsize="small")
            if column == 0:
                place.set_ylabel(f"{label} (dashed: linear)")
    figure.tight_layout()
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    pyplot.close(figure)
    return content.getvalue()
