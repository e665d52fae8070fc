"""The command ``select-keyframes --benchmark``: outcomes as a table, as JSON and as curves."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from mininet_ros.keyframes import ConfigError
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.benchmark import (
    BUDGETS,
    Outcome,
    advantage,
    benchmark_sequence,
    mean_outcome,
)
from mininet_ros.lab.keyframes.true_sequences import TrueSequence, open_true_sequences
from mininet_ros.offline.source import SourceOptions
from mininet_ros.progress import progress_bar
from mininet_ros.results import ResultFolder

RESULTS, CURVES = "benchmark.json", "benchmark.png"


def run_benchmark(arguments: Namespace, options: SourceOptions, settings: KeyframeSettings) -> None:
    """Judge the selector against the baselines as the arguments say; print what came out.

    Raises:
        ValueError: an argument is wrong, or nothing is known of the truth.
        ModuleNotFoundError: matplotlib, which draws the curves, is not installed.
    """
    from mininet_ros.lab.keyframes.benchmark_curves import draw_curves

    targets = settings.targets()
    if not targets:
        raise ConfigError("a benchmark needs targets: name them as --classes")
    sequences = open_true_sequences(options, tuple(targets), arguments.tours)
    inputs = (options.input, options.labels, options.model, options.dataset)
    target = ResultFolder(arguments.output, "select-keyframes-benchmark", (RESULTS, CURVES), inputs)
    target.check()
    outcomes = []
    for sequence in sequences:
        progress = partial(_progress, sequence.name)
        budgets = arguments.budget or BUDGETS
        outcomes += benchmark_sequence(sequence, settings, budgets, progress)
    summary = _summary(outcomes, sequences)
    results = _as_json(arguments, settings, sequences, outcomes, summary)
    with target:
        text = json.dumps(results, indent=2) + "\n"
        (target.staging / RESULTS).write_text(text, encoding="utf-8")
        draw_curves(summary, target.staging / CURVES)
    if arguments.json:
        print(json.dumps(results, indent=2))
    else:
        _print(sequences, summary, arguments.output)


def _progress(name: str, frames: Any, length: int | None) -> Any:
    return progress_bar(frames, total=length, unit="frame", desc=name)


def _summary(outcomes: Sequence[Outcome], sequences: Sequence[TrueSequence]) -> list[Outcome]:
    """One outcome for each budget: of the only sequence, or the mean over all."""
    if len(sequences) == 1:
        return list(outcomes)
    name = f"mean of {len(sequences)} sequences"
    budgets = dict.fromkeys(outcome.budget for outcome in outcomes)
    return [mean_outcome([o for o in outcomes if o.budget == b], name) for b in budgets]


def _as_json(
    arguments: Namespace,
    settings: KeyframeSettings,
    sequences: Sequence[TrueSequence],
    outcomes: Sequence[Outcome],
    summary: Sequence[Outcome],
) -> dict[str, Any]:
    shown = [*outcomes, *(summary if len(sequences) > 1 else ())]
    return {
        "input": arguments.input,
        "preset": arguments.preset,
        "classes": settings.targets(),
        "masks": sequences[0].masks_from,
        "truth": sequences[0].truth_from,
        "outcomes": [{**asdict(outcome), "advantage": advantage(outcome)} for outcome in shown],
    }


def _print(sequences: Sequence[TrueSequence], summary: Sequence[Outcome], output: Path) -> None:
    print(f"truth: {sequences[0].truth_from}; masks: {sequences[0].masks_from}")
    for outcome in summary:
        print(
            f"\n{outcome.sequence}: {outcome.frames} of {outcome.length} frames, "
            f"budget {100 * outcome.budget:g} %"
        )
        print(
            f"{'selector':>20} {'instances':>10} {'pixels':>8} {'cut':>7} {'sharpness':>10} "
            f"{'clipped':>8} {'gap':>8} {'bytes':>11}"
        )
        for name, metrics in outcome.selectors.items():
            print(
                f"{name:>20} {100 * metrics.instance_recall:>8.1f} % "
                f"{100 * metrics.pixel_recall:>6.1f} % {100 * metrics.cut_share:>5.0f} % "
                f"{metrics.sharpness:>10.3f} {100 * metrics.clipped:>6.1f} % "
                f"{metrics.largest_gap_s:>6.2f} s {metrics.bytes:>11,}"
            )
        ratios = advantage(outcome)
        print(
            f"instance recall {_times(ratios['recall_over_single_cue'])} the best single cue's "
            f"({ratios['best_single_cue']}), {_times(ratios['recall_over_bound'])} the bound's; "
            f"cut frames {_times(ratios['cut_over_every_n'])} every-N's"
        )
    cost = summary[-1].cost
    parts = " + ".join(f"{name} {ms:.2f}" for name, ms in cost.ms_per_frame.items())
    print(
        f"\nscores of a frame of {cost.width}x{cost.height}: "
        f"{parts} = {sum(cost.ms_per_frame.values()):.2f} ms"
    )
    print(f"curves: {output / CURVES}")


def _times(ratio: float | str | None) -> str:
    return "beyond" if ratio is None or isinstance(ratio, str) else f"{ratio:.2f} x"
