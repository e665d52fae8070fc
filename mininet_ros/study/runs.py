"""Training the rows of the tables alike, by the protocol of the paper's analysis (Sec. VI-A)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mininet_ros.network import INPUT_MULTIPLE, INPUT_MULTIPLES
from mininet_ros.study.rows import Row, same_network
from mininet_ros.study.timing import Tables
from mininet_ros.training.augmentation import Augmentation, Draws
from mininet_ros.training.datasets import Dataset
from mininet_ros.training.recipe import Recipe
from mininet_ros.training.run_folder import write_atomically
from mininet_ros.training.train import train

RESULT = "result.json"
# Pairs that the paper's conclusions compare come first; the rest in the order of the tables.
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
    """The study can't be run as asked; one sentence says why."""


@dataclass(frozen=True)
class FlipsAndShifts(Augmentation):
    """The augmentation of the paper's analysis: horizontal flips and shifts, no scale.

    ``shift`` is the largest shift, a share of the width; what is missing is padded and ignored.
    """

    scale_range: tuple[float, float] = (1.0, 1.0)
    shift: float = 0.1

    def draw(self, count: int, width: int, height: int, random: np.random.Generator) -> Draws:
        """Draw what happens to ``count`` crops of ``width`` x ``height`` pixels."""
        draws = super().draw(count, width, height, random)
        shifts = np.rint(random.uniform(-self.shift, self.shift, count) * width).astype(int)
        return replace(draws, corner=np.stack([shifts, np.zeros_like(shifts)], axis=1))


@dataclass(frozen=True)
class Schedule:
    """How every row is trained.

    Attributes:
        dataset: its name.
        epochs, batch_size: the paper's are 250 and 12.
        size: width and height of the input; None for each row's own, as in the paper.
        seeds: one run each.
    """

    dataset: str
    epochs: int = 250
    batch_size: int = 12
    size: tuple[int, int] | None = None
    seeds: tuple[int, ...] = (1,)

    def recipe(self, row: Row, seed: int) -> Recipe:
        """One run: Adam 1e-3, poly 0.9, weight decay 2e-4, plain cross entropy (Sec. VI-A).

        Scored once, after the last epoch, so that no weights are picked by their score.
        """
        width, height = self.size_of(row)
        return Recipe(
            network=same_network(row.network),
            dataset=self.dataset,
            width=width,
            height=height,
            epochs=self.epochs,
            batch_size=self.batch_size,
            class_weight_power=0.0,
            augmentation=FlipsAndShifts(),
            seed=seed,
            validate_every=self.epochs,
        )

    def size_of(self, row: Row) -> tuple[int, int]:
        """Width and height that a row is trained at."""
        return self.size or (row.width, row.height)


def runs_of(rows: Iterable[Row], schedule: Schedule) -> list[Recipe]:
    """Every run that the rows need, once, in the order of what matters most; seed by seed.

    Raises:
        StudyError: a network does not take the input size.
    """
    recipes: dict[str, Recipe] = {}
    for seed in schedule.seeds:
        for row in sorted(rows, key=_rank):
            recipe = schedule.recipe(row, seed)
            multiple = INPUT_MULTIPLES.get(recipe.network, INPUT_MULTIPLE)
            if recipe.width % multiple or recipe.height % multiple:
                raise StudyError(
                    f"{recipe.network} takes sides that are multiples of {multiple}, not "
                    f"{recipe.width}x{recipe.height}: give another --input-size, or leave its "
                    f"tables out"
                )
            recipes.setdefault(run_name(recipe), recipe)
    return list(recipes.values())


def run_name(recipe: Recipe) -> str:
    """Name of a run's folder."""
    return f"{recipe.network}_{recipe.width}x{recipe.height}_seed{recipe.seed}"


def train_run(
    recipe: Recipe, training: Dataset, validation: Dataset, folder: Path, device: str
) -> float:
    """The validation mIoU (0-1) of a run, which is made, continued, or known already.

    Raises:
        StudyError: ``folder`` holds the result of another recipe.
        TrainingError, DatasetError: see :func:`mininet_ros.training.train.train`.
    """
    run = folder / run_name(recipe)
    if (run / RESULT).exists():
        return read_result(run, recipe)
    miou = train(recipe, training, validation, run, device).miou
    result = {"miou": miou, "recipe": recipe.as_card()}
    write_atomically(run / RESULT, json.dumps(result, indent=2).encode())
    return miou


def read_result(run: Path, recipe: Recipe) -> float:
    """The mIoU (0-1) that a finished run left.

    Raises:
        StudyError: the result is of another recipe.
    """
    result = json.loads((run / RESULT).read_text())
    if result["recipe"] != json.loads(json.dumps(recipe.as_card())):
        raise StudyError(
            f"{run / RESULT} belongs to a run with other settings: choose another output folder, "
            f"or give the settings written there"
        )
    return result["miou"]


def with_mious(tables: Tables, schedule: Schedule, folder: Path) -> Tables:
    """The tables with the results that ``folder`` holds of their rows.

    Raises:
        StudyError: a result is of another recipe.
    """
    return {
        number: [
            replace(row, mious=_results(row, schedule, folder)) if row.network else row
            for row in rows
        ]
        for number, rows in tables.items()
    }


def mious_by_size(tables: Tables, schedule: Schedule) -> dict[str, dict[str, Sequence[float]]]:
    """Results by the input size that they were trained at, such as ``512x256``, and network."""
    mious: dict[str, dict[str, Sequence[float]]] = {}
    for rows in tables.values():
        for row in rows:
            if row.network:
                width, height = schedule.size_of(row)
                of_size = mious.setdefault(f"{width}x{height}", {})
                of_size[row.network] = of_size[same_network(row.network)] = row.mious
    return mious


def _results(row: Row, schedule: Schedule, folder: Path) -> tuple[float, ...]:
    found = []
    for seed in schedule.seeds:
        recipe = schedule.recipe(row, seed)
        run = folder / run_name(recipe)
        if (run / RESULT).exists():
            found.append(read_result(run, recipe))
    return tuple(found)


def _rank(row: Row) -> int:
    network = same_network(row.network)
    return ORDER.index(network) if network in ORDER else len(ORDER)
