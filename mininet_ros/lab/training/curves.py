"""The course of a training over the crops, with the runs that it goes on from."""

from __future__ import annotations

import csv
import io
from dataclasses import astuple, dataclass, fields, replace
from itertools import groupby
from pathlib import Path

from matplotlib.figure import Figure

from mininet_ros.lab.training.run_folder import LOG, write_atomically

HISTORY = "history.csv"  # the course of the runs before, in the folder of a run


@dataclass(frozen=True)
class Scored:
    """One validation of a training.

    Attributes:
        run: name of the run's output folder.
        crops: number of crops that the weights had learned from, in all runs of the chain.
        loss: mean training loss of the epoch before.
        miou: validation mIoU, 0 to 1.
    """

    run: str
    crops: int
    loss: float
    miou: float


def course_of(run: Path) -> list[Scored]:
    """Return the validations of a run and of all runs that it goes on from, in order.

    Rows of logs that were written before logs counted crops are left out.

    Args:
        run: folder of the run, ``training`` in its output folder.
    """
    name = run.resolve().parent.name
    rows = _rows(run / HISTORY) + [{"run": name} | row for row in _rows(run / LOG)]
    return [
        Scored(row["run"], int(row["crops"]), float(row["loss"]), float(row["miou"]))
        for row in rows
        if row.get("crops")
    ]


def inherit_course(parent: Path, run: Path) -> None:
    """Keep the course of another run in the folder of the run that goes on from it.

    Args:
        parent: output folder of the other run.
        run: folder of the new run.

    Raises:
        TrainingError: the file cannot be written.
    """
    text = io.StringIO(newline="")
    columns = tuple(field.name for field in fields(Scored))
    rows = [astuple(scored) for scored in course_of(parent / "training")]
    csv.writer(text).writerows([columns, *rows])
    write_atomically(run / HISTORY, text.getvalue().encode())


def draw_curves(run: Path) -> bytes:
    """Draw a PNG of loss and validation mIoU over the crops of :func:`course_of`."""
    figure = Figure(figsize=(8, 6), layout="tight")
    above, below = figure.subplots(2, 1, sharex=True)
    last: list[Scored] = []
    for name, scored in groupby(course_of(run), key=lambda one: one.run):
        part = [*(replace(one, run=name) for one in last), *scored]
        crops = [one.crops for one in part]
        above.plot(crops, [one.loss for one in part], marker=".", label=name)
        below.plot(crops, [100 * one.miou for one in part], marker=".", label=name)
        last = part[-1:]
    above.set_ylabel("training loss")
    below.set_xlabel("crops")
    below.set_ylabel("validation mIoU in %")
    if last:
        below.legend()
    for axes in (above, below):
        axes.grid(alpha=0.3)
    return as_png(figure)


def as_png(figure: Figure) -> bytes:
    """Return the figure as a PNG file with 100 pixels per inch."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100)
    return buffer.getvalue()


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
