"""Reads and writes the folder of a training run, so that it stays usable after an interruption.

``recipe.yaml`` has the settings of the run. ``checkpoint.pt`` is the state to resume from.
``best.safetensors`` has the weights with the best validation score. ``log.csv`` and ``curves.png``
show the course of the training, ``history.csv`` that of the runs that it goes on from.
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
LOG = "log.csv"
LOG_COLUMNS = ("epoch", "learning_rate", "loss", "miou", "pixel_accuracy", "crops")


class TrainingError(RuntimeError):
    """The run cannot start, continue or be resumed; the message is one sentence."""


@dataclass(frozen=True)
class Progress:
    """Progress of a run.

    Attributes:
        epoch: number of completed epochs.
        best_epoch: epoch of the weights with the best validation score.
        best_miou: validation mIoU of these weights, 0 to 1.
        seconds: training time so far in seconds, without interruptions.
        crops: number of crops so far, with those of the runs that this one goes on from.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_miou: float = -1.0
    seconds: float = 0.0
    crops: int = 0


@contextmanager
def sole_process(run: Path) -> Iterator[None]:
    """Lock the folder of a run, so that no second process trains into it.

    The folder is created if it does not exist. It is removed at the end if it is still empty.

    Raises:
        TrainingError: another process has locked the folder, or it cannot be created.
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
    """Check that a run in the folder has the same recipe; write nothing.

    Raises:
        TrainingError: the run has another recipe.
    """
    path = run / RECIPE
    if path.exists() and path.read_text() != _as_text(recipe):
        raise TrainingError(
            f"{path} belongs to a run with other settings: choose another output folder, or give "
            f"the settings written there to resume it"
        )


def claim_run_folder(recipe: Recipe, run: Path) -> None:
    """Write the recipe into the run's folder, which is created if it does not exist.

    Raises:
        TrainingError: the folder has a run of another recipe, or cannot be written.
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
        checkpoint.setdefault("crops", 0)  # older checkpoints count none
        return Progress(**{field.name: checkpoint[field.name] for field in fields(Progress)})
    except (RuntimeError, ValueError, LookupError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path} is damaged, so the run cannot be resumed: delete it to begin again"
        ) from error


def go_on_from(output: Path, parts: Mapping[str, Any]) -> int:
    """Load the weights and the optimizer state of another training of the same network.

    Args:
        output: output folder of the other training.
        parts: objects to load by name, see :func:`read_checkpoint`.

    Returns:
        Number of crops that the other training has learned from.

    Raises:
        TrainingError: the folder has no checkpoint, or one of another network.
    """
    path = output / "training" / "checkpoint.pt"
    try:
        checkpoint = torch.load(path, weights_only=True, map_location="cpu")
        for name, part in parts.items():
            part.load_state_dict(checkpoint[name])
        return int(checkpoint.get("crops", 0))
    except OSError as error:
        raise TrainingError(f"{path} cannot be read: {error.strerror}") from error
    except (RuntimeError, ValueError, LookupError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path} cannot be gone on from: it is damaged, of another network, or lacks the "
            f"running average that is asked for"
        ) from error


def write_checkpoint(run: Path, parts: Mapping[str, Any], progress: Progress) -> None:
    """Write a checkpoint for :func:`read_checkpoint`.

    Raises:
        TrainingError: the file cannot be written; the previous one is kept.
    """
    states = {name: part.state_dict() for name, part in parts.items()}
    buffer = io.BytesIO()
    torch.save(asdict(progress) | states, buffer)
    write_atomically(run / "checkpoint.pt", buffer.getvalue())


def write_log(
    path: Path, epoch: int, learning_rate: float, loss: float, matrix: ConfusionMatrix, crops: int
) -> None:
    """Add a row to the log; remove rows that a run wrote after its last checkpoint.

    Args:
        path: file of the log.
        epoch: number of completed epochs.
        learning_rate: learning rate of the last step.
        loss: mean loss of the last epoch.
        matrix: confusion matrix of the validation.
        crops: number of crops so far, see :class:`Progress`.

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
        str(crops),
    ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([LOG_COLUMNS, *rows, row])
    write_atomically(path, text.getvalue().encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a temporary file and rename it, so that an interrupted write keeps the last good file.

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
    """Return a clause that says how to continue an interrupted run."""
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        return f"the same command resumes from {checkpoint}"
    return f"no epoch was finished, so {run} holds nothing to resume from"
