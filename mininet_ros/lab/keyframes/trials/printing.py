"""Figures of trials as text and as JSON."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from mininet_ros.lab.keyframes.trials.outcome import Trial, Value

RESULTS = "trials.json"


def write_trials(arguments: Namespace, trials: Sequence[Trial]) -> None:
    """Print trials and write them to the output folder.

    Raises:
        OSError: the results cannot be written.
    """
    results = {
        "input": arguments.input,
        "preset": arguments.preset,
        "set": dict(arguments.set),
        "trials": [asdict(trial) for trial in trials],
    }
    text = json.dumps(results, indent=2)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / RESULTS).write_text(text + "\n", encoding="utf-8")
    if arguments.json:
        print(text)
        return
    for trial in trials:
        print(f"{trial.name}: {trial.meaning}\n{table(trial.rows)}\n")
    print(f"figures: {arguments.output / RESULTS}")


def table(rows: Sequence[dict[str, Value]]) -> str:
    """Rows with the same keys as text: columns as wide as they must be."""
    columns = list(rows[0])
    cells = [columns, *([_text(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in cells
    )


def _text(value: Value) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else str(value)
