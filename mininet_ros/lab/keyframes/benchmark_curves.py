"""Curves of a benchmark: what each way of choosing reaches, by budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from mininet_ros.lab.keyframes.benchmark import OURS, Outcome
from mininet_ros.offline.evaluation import SelectionMetrics

_PANELS: tuple[tuple[str, Callable[[SelectionMetrics], float]], ...] = (
    ("target instances shown whole, %", lambda m: 100 * m.instance_recall),
    ("pixels of their largest views, %", lambda m: 100 * m.pixel_recall),
    ("frames with a cut target, %", lambda m: 100 * m.cut_share),
    ("mean sharpness", lambda m: m.sharpness),
    ("clipped channel values, %", lambda m: 100 * m.clipped),
    ("largest gap, s", lambda m: m.largest_gap_s),
)
_BOUND = "greedy_bound"


def draw_curves(outcomes: Sequence[Outcome], path: Path) -> None:
    """Draw each metric over the budget, one curve for each way of choosing, as PNG.

    Args:
        outcomes: one for each budget.
        path: of the picture.
    """
    ordered = sorted(outcomes, key=lambda outcome: outcome.budget)
    budgets = [100 * outcome.budget for outcome in ordered]
    figure = Figure(figsize=(13, 7.6), layout="constrained")
    all_axes = figure.subplots(2, 3)
    for axes, (title, value) in zip(all_axes.flat, _PANELS):
        for name in ordered[0].selectors:
            values = [value(outcome.selectors[name]) for outcome in ordered]
            axes.plot(budgets, values, label=name.replace("_", " "), **_look(name))
        axes.set_title(title, fontsize=11)
        axes.set_xscale("log")
        axes.set_xticks(budgets, [f"{budget:g}" for budget in budgets])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in all_axes[1]:
        axes.set_xlabel("budget, % of the frames")
    handles, labels = all_axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=8, frameon=False)
    figure.suptitle(f"Keyframes of {ordered[0].sequence}, {ordered[0].length} frames")
    figure.savefig(path, dpi=120)


def _look(name: str) -> dict[str, object]:
    if name == OURS:
        return {"color": "#0a7f6f", "linewidth": 2.8, "marker": "o", "zorder": 3}
    if name == _BOUND:
        return {"color": "#555555", "linestyle": "--", "linewidth": 1.6}
    return {"linewidth": 1.3, "marker": ".", "alpha": 0.9}
