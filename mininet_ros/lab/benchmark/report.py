"""Reports the figures of a benchmark as a table, as plain values and as a chart."""

from __future__ import annotations

import io
import os
import platform
from collections.abc import Sequence
from typing import Any

from mininet_ros.inference.onnx_runtime import processor_name
from mininet_ros.lab.benchmark.measure import Timing

PLOT_MARK = b"mininet_ros benchmark"
"""Text in the PNG's metadata; a later plot may replace a file that has it."""


def as_values(
    timings: Sequence[Timing], gflops: float, size: tuple[int, int], threads: int
) -> dict[str, Any]:
    """Return all measured figures as plain values, for JSON.

    The top-level ``gemm_bound_ms`` belongs to the first engine; each result has its own value.
    """
    return {
        "machine": processor_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "threads": threads,
        "gemm_gflops": gflops,
        "gemm_bound_ms": timings[0].gemm_bound_ms,
        "results": [
            {
                "name": timing.engine.name,
                "runtime": timing.engine.runtime,
                "precision": timing.engine.precision,
                "input_size": f"{size[0]}x{size[1]}",
                "median_ms": timing.median_ms,
                "p95_ms": timing.p95_ms,
                "frames_per_s": 1e3 / timing.median_ms,
                "ratio_to_first": timing.median_ms / timings[0].median_ms,
                "gemm_bound_ms": timing.gemm_bound_ms,
                **_ratios(timing),
                "peak_mb": timing.peak_mb,
                "macs": timing.engine.macs,
                "parameters": timing.engine.parameters,
                "miou": timing.engine.miou,
            }
            for timing in timings
        ],
    }


def as_table(values: dict[str, Any]) -> str:
    """Return the values of :func:`as_values` as a text table."""
    lines = [
        f"{'engine':30}{'runtime':13}{'precision':11}{'median':>10}{'p95':>10}"
        f"{'frames/s':>10}{'x first':>9}{'x bound (quartiles)':>21}{'peak MB':>9}"
        f"{'GMACs':>8}{'parameters':>12}"
    ]
    for row in values["results"]:
        lines.append(
            f"{row['name']:30}{row['runtime']:13}{row['precision']:11}"
            f"{row['median_ms']:>7.2f} ms{row['p95_ms']:>7.2f} ms"
            f"{row['frames_per_s']:>10.1f}{row['ratio_to_first']:>9.2f}"
            f"{_spread(row):>21}{row['peak_mb']:>9.0f}"
            f"{_or_dash(row['macs'] and row['macs'] / 1e9, '.3f'):>8}"
            f"{_or_dash(row['parameters'], ',d'):>12}"
        )
    lines.append(
        f"uint8 picture to label mask at {values['results'][0]['input_size']}, "
        f"{values['threads']} threads of {values['machine']} ({values['cores']} cores), "
        f"matrix product {values['gemm_gflops']:.0f} GFLOP/s; bound: the network's "
        f"multiply-accumulates at that speed, in each block of runs"
    )
    return "\n".join(lines)


def draw(values: dict[str, Any]) -> bytes:
    """Draw a PNG: latency of each engine, and accuracy against latency where it is known."""
    from matplotlib.figure import Figure

    rows = values["results"]
    known = [row for row in rows if row["miou"] is not None]
    figure = Figure(figsize=(11, 4.5), layout="tight")
    axes = figure.subplots(1, 2 if known else 1, squeeze=False)
    names = [f"{row['name']}\n{row['runtime']} {row['precision']}" for row in rows]
    axes[0][0].barh(names[::-1], [row["median_ms"] for row in rows[::-1]])
    axes[0][0].set_xlabel("ms from picture to mask (median)")
    if known:
        for row in known:
            axes[0][1].scatter(row["median_ms"], 100 * row["miou"])
            axes[0][1].annotate(
                f"{row['name']} ({row['runtime']})", (row["median_ms"], 100 * row["miou"])
            )
        axes[0][1].set_xlabel("ms from picture to mask (median)")
        axes[0][1].set_ylabel("validation mIoU in %")
        axes[0][1].grid(alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, metadata={"Software": PLOT_MARK.decode()})
    return buffer.getvalue()


def _ratios(timing: Timing) -> dict[str, float | None]:
    low, middle, high = timing.gemm_ratios or (None, None, None)
    return {"gemm_ratio": middle, "gemm_ratio_low": low, "gemm_ratio_high": high}


def _spread(row: dict[str, Any]) -> str:
    if row["gemm_ratio"] is None:
        return "-"
    return f"{row['gemm_ratio']:.2f} ({row['gemm_ratio_low']:.2f}-{row['gemm_ratio_high']:.2f})"


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
