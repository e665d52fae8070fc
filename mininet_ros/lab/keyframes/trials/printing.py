"""Figures of trials as text and as JSON."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

from mininet_ros.lab.keyframes.trials.outcome import Trial, Value
from mininet_ros.offline.source import SourceOptions
from mininet_ros.results import ResultFolder

TRIALS, RECONSTRUCTION = "trials.json", "reconstruction.json"


def results_folder(arguments: Namespace, options: SourceOptions, file: str) -> ResultFolder:
    """The folder for the figures, which can be written.

    Args:
        arguments: of the command line.
        options: of the input.
        file: name of the file of figures.

    Raises:
        ResultError: it cannot be written.
    """
    name = f"select-keyframes-{file.partition('.')[0]}"
    inputs = (options.input, options.labels, options.model, options.dataset)
    folder = ResultFolder(arguments.output, name, (file,), inputs)
    folder.check()
    return folder


def write_trials(
    arguments: Namespace, trials: Sequence[Trial], folder: ResultFolder, file: str
) -> None:
    """Print trials and write them to a folder of results.

    Raises:
        ResultError: the results cannot be written.
    """
    results = {
        "input": arguments.input,
        "preset": arguments.preset,
        "set": dict(arguments.set),
        "trials": [asdict(trial) for trial in trials],
    }
    text = json.dumps(results, indent=2)
    with folder:
        (folder.staging / file).write_text(text + "\n", encoding="utf-8")
    if arguments.json:
        print(text)
        return
    for trial in trials:
        print(f"{trial.name}: {trial.meaning}\n{table(trial.rows)}\n")
    print(f"figures: {arguments.output / file}")


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
