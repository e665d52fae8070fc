"""Runs the trainings of the tables and reads their results."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from mininet_ros.lab.study.paper import TABLES
from mininet_ros.lab.study.rows import Row, same_network
from mininet_ros.lab.study.schedule import Schedule
from mininet_ros.lab.study.timing import Tables
from mininet_ros.lab.training.data.datasets import Dataset
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.lab.training.run_folder import write_atomically
from mininet_ros.lab.training.train import train
from mininet_ros.network import network_table
from mininet_ros.network.stages import input_multiple

RESULT = "result.json"
LOCK = "lock"
# Networks that the paper's conclusions compare come first, then the rest in table order.
ORDER = (
    "mininet_v2_d",
    "mininet_v2_s",
    "mininet_v2_d_s",
    "mininet_v2_d_i",
    "mininet_v2_0",
    "mininet_v2_1",
    "mininet_v2_2",
    "mininet_v2_m",
    "mininet_v2",
    "mininet_v2_cpu",
)


class StudyError(ValueError):
    """The study cannot run with these arguments; the message is one sentence."""


@dataclass(frozen=True)
class Run:
    """One training run: the protocol of its tables and its recipe."""

    protocol: str
    recipe: Recipe

    @property
    def name(self) -> str:
        """Path of the run's folder, relative to the folder of all runs."""
        recipe = self.recipe
        network = f"{recipe.network}_{recipe.width}x{recipe.height}"
        return f"{self.protocol}/{network}_seed{recipe.seed}"


def runs_of(tables: Tables, schedule: Schedule) -> list[Run]:
    """Return each run of the tables once: seed by seed, the most important networks first.

    Raises:
        StudyError: a network does not accept the input size.
    """
    ours = [
        (TABLES[number].protocol, row)
        for number, rows in tables.items()
        for row in rows
        if row.network
    ]
    runs: dict[str, Run] = {}
    for seed in schedule.seeds:
        for protocol, row in sorted(ours, key=_rank):
            run = Run(protocol, schedule.recipe(row, protocol, seed))
            _check_size(run.recipe)
            runs.setdefault(run.name, run)
    return list(runs.values())


def train_run(
    run: Run, training: Dataset, validation: Dataset, folder: Path, device: str
) -> float | None:
    """Train or continue a run unless its result is known.

    Returns:
        Validation mIoU, 0 to 1; None if another process works on the run.

    Raises:
        StudyError: ``folder`` has the result of another recipe.
        TrainingError, DatasetError: see :func:`mininet_ros.lab.training.train.train`.
    """
    with _claim(folder / run.name) as is_ours:
        if not is_ours:
            return None
        if (folder / run.name / RESULT).exists():
            return read_result(run, folder)
        miou = train(run.recipe, training, validation, folder / run.name, device).miou
        result = {"miou": miou, "recipe": run.recipe.as_card()}
        write_atomically(folder / run.name / RESULT, json.dumps(result, indent=2).encode())
        return miou


@contextmanager
def _claim(run: Path) -> Iterator[bool]:
    """Lock the run's folder and yield whether it worked; the lock ends with the process."""
    run.mkdir(parents=True, exist_ok=True)
    with (run / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def read_result(run: Run, folder: Path) -> float:
    """Return the mIoU (0 to 1) of a finished run from ``folder``.

    Raises:
        StudyError: the result belongs to another recipe.
    """
    path = folder / run.name / RESULT
    result = json.loads(path.read_text())
    if result["recipe"] != json.loads(json.dumps(run.recipe.as_card())):
        raise StudyError(
            f"{path} belongs to a run with other settings: choose another output folder, or give "
            f"the settings written there"
        )
    return result["miou"]


def with_mious(tables: Tables, schedule: Schedule, folder: Path) -> Tables:
    """Return the tables with the results from ``folder``.

    Raises:
        StudyError: a result belongs to another recipe.
    """
    return {
        number: [
            replace(row, mious=_results(row, TABLES[number].protocol, schedule, folder))
            if row.network
            else row
            for row in rows
        ]
        for number, rows in tables.items()
    }


def alike(tables: Tables, schedule: Schedule) -> dict[tuple[str, str], dict[str, Sequence[float]]]:
    """Return the mIoU (0 to 1) of each network's seeds, grouped by protocol and input size.

    The keys are a protocol and an input size such as ``512x256``. A network with several names
    gets the name from :func:`~mininet_ros.lab.study.rows.same_network`.
    """
    mious: dict[tuple[str, str], dict[str, Sequence[float]]] = {}
    for number, rows in tables.items():
        for row in rows:
            if row.network:
                width, height = schedule.size_of(row)
                group = mious.setdefault((TABLES[number].protocol, f"{width}x{height}"), {})
                group[same_network(row.network)] = row.mious
    return mious


def _results(row: Row, protocol: str, schedule: Schedule, folder: Path) -> tuple[float, ...]:
    runs = [Run(protocol, schedule.recipe(row, protocol, seed)) for seed in schedule.seeds]
    return tuple(read_result(run, folder) for run in runs if (folder / run.name / RESULT).exists())


def _check_size(recipe: Recipe) -> None:
    multiple = input_multiple(network_table(recipe.network, 2, **recipe.options))
    if recipe.width % multiple or recipe.height % multiple:
        raise StudyError(
            f"{recipe.network} takes sides that are multiples of {multiple}, not "
            f"{recipe.width}x{recipe.height}: give another --input-size, or leave its tables out"
        )


def _rank(entry: tuple[str, Row]) -> int:
    network = same_network(entry[1].network)
    return ORDER.index(network) if network in ORDER else len(ORDER)
