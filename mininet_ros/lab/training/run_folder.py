"""The folder of a training run: what it holds, and how it stays usable whatever happens.

``recipe.yaml`` what it was begun with, ``checkpoint.pt`` to resume from, ``best.safetensors`` the
weights that scored best on validation, ``log.csv`` and ``curves.png`` its course.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
import yaml

from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.lab.training.recipe import Recipe

RECIPE = "recipe.yaml"
LOG_COLUMNS = ("epoch", "learning_rate", "loss", "miou", "pixel_accuracy")


class TrainingError(RuntimeError):
    """The run cannot start, continue or be resumed; one sentence says why."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        epoch: epochs done.
        best_epoch, best_miou: of the weights that scored best on validation; mIoU in 0-1.
        seconds: that the run took so far, without its interruptions.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_miou: float = -1.0
    seconds: float = 0.0


@contextmanager
def sole_process(run: Path) -> Iterator[None]:
    """Hold the folder of a run, so that no second process trains into it.

    The folder is made where it does not exist, and goes again if nothing was written to it.

    Raises:
        TrainingError: another process holds it, or it cannot be made.
    """
    made = [folder for folder in (run, *run.parents) if not folder.exists()]
    try:
        run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise TrainingError(f"folder {run} cannot be made: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise TrainingError(
            f"another process is training into {run}: wait until it ends, or choose another "
            "output folder"
        ) from error
    finally:
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        os.close(descriptor)


def check_run_folder(recipe: Recipe, run: Path) -> None:
    """Make sure that a run that the folder holds is of the same recipe; write nothing.

    Raises:
        TrainingError: it is of another recipe.
    """
    path = run / RECIPE
    if path.exists() and path.read_text() != _as_text(recipe):
        raise TrainingError(
            f"{path} belongs to a run with other settings: choose another output folder, or give "
            f"the settings written there to resume it"
        )


def claim_run_folder(recipe: Recipe, run: Path) -> None:
    """Write the recipe into the run's folder, which is made where it does not exist.

    Raises:
        TrainingError: the folder is of another recipe, or cannot be written.
    """
    check_run_folder(recipe, run)
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"folder {run} cannot be made: {error.strerror}") from error
    write_atomically(run / RECIPE, _as_text(recipe).encode())


def _as_text(recipe: Recipe) -> str:
    return yaml.safe_dump(recipe.as_card(), sort_keys=False)


def read_checkpoint(run: Path, parts: Mapping[str, Any]) -> Progress:
    """Load the last checkpoint, if any, into ``parts``, all of which have ``load_state_dict``.

    Raises:
        TrainingError: the checkpoint is damaged.
    """
    path = run / "checkpoint.pt"
    if not path.exists():
        return Progress()
    try:
        checkpoint = torch.load(path, weights_only=True, map_location="cpu")
        for name, part in parts.items():
            part.load_state_dict(checkpoint[name])
        return Progress(**{field.name: checkpoint[field.name] for field in fields(Progress)})
    except (RuntimeError, ValueError, LookupError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path} is damaged, so the run cannot be resumed: delete it to begin again"
        ) from error


def go_on_from(output: Path, parts: Mapping[str, Any]) -> None:
    """Load what another training of the same network has learned, and its optimizer's state.

    Args:
        output: the other training's output folder.
        parts: as of :func:`read_checkpoint`.

    Raises:
        TrainingError: it has no checkpoint, or one of another network.
    """
    path = output / "training" / "checkpoint.pt"
    try:
        checkpoint = torch.load(path, weights_only=True, map_location="cpu")
        for name, part in parts.items():
            part.load_state_dict(checkpoint[name])
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
    except (RuntimeError, ValueError, LookupError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path} cannot be gone on from: it is damaged, of another network, or lacks the "
            f"running average that is asked for"
        ) from error


def write_checkpoint(run: Path, parts: Mapping[str, Any], progress: Progress) -> None:
    """Write what :func:`read_checkpoint` reads.

    Raises:
        TrainingError: the file cannot be written; the one before is kept.
    """
    states = {name: part.state_dict() for name, part in parts.items()}
    buffer = io.BytesIO()
    torch.save(asdict(progress) | states, buffer)
    write_atomically(run / "checkpoint.pt", buffer.getvalue())


def write_log(
    path: Path, epoch: int, learning_rate: float, loss: float, matrix: ConfusionMatrix
) -> None:
    """Add a row to the log, in place of those that a run wrote after its last checkpoint.

    Raises:
        TrainingError: the file cannot be written.
    """
    rows = []
    if path.exists():
        with path.open(newline="") as file:
            rows = [
                row for row in csv.reader(file) if row and row[0].isdigit() and int(row[0]) < epoch
            ]
    row = [
        str(epoch),
        f"{learning_rate:.3e}",
        f"{loss:.4f}",
        f"{matrix.miou:.4f}",
        f"{matrix.pixel_accuracy:.4f}",
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([LOG_COLUMNS, *rows, row])
    write_atomically(path, text.getvalue().encode())


def read_curve(path: Path) -> dict[int, float]:
    """Validation mIoU (0-1) by epoch, from a log that :func:`write_log` wrote."""
    with path.open(newline="") as file:
        return {int(row["epoch"]): float(row["miou"]) for row in csv.DictReader(file)}


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside and rename, so that an interrupted write leaves the last good file.

    Raises:
        TrainingError: the file cannot be written.
    """
    beside = path.with_suffix(path.suffix + ".part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        kept = what_is_kept(path.parent)
        raise TrainingError(f"{path} cannot be written: {error.strerror}; {kept}") from error
    finally:
        beside.unlink(missing_ok=True)


def what_is_kept(run: Path) -> str:
    """How an interrupted run goes on, as a clause."""
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        return f"the same command resumes from {checkpoint}"
    return f"no epoch was finished, so {run} holds nothing to resume from"
