"""The training loop, to be read from top to bottom.

A run lives in one folder: ``checkpoint.pt`` to resume from, ``best.safetensors`` with the weights
that scored best on validation, ``log.csv``, ``curves.png`` and ``recipe.yaml``. Every random draw
depends on the seed and the step alone, so an interrupted run continues as if it had not been.
"""

from __future__ import annotations

import copy
import csv
import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import load_file, save
from torch import nn
from tqdm import tqdm

from mininet_ros.models import WEIGHTS, load_model
from mininet_ros.network import StagedNetwork, build_network
from mininet_ros.training.curves import draw_curves
from mininet_ros.training.datasets import LabelledImages, Sample
from mininet_ros.training.loss import class_weights, segmentation_loss
from mininet_ros.training.metrics import ConfusionMatrix
from mininet_ros.training.prediction import score, to_input
from mininet_ros.training.recipe import Recipe

LOG_COLUMNS = ("epoch", "learning_rate", "loss", "miou", "pixel_accuracy")
WARM_UP_STEPS = 10


class TrainingError(RuntimeError):
    """The run can't start, continue or be resumed; one sentence says why."""


@dataclass(frozen=True)
class TrainingResult:
    """The weights that scored best, with their epoch and validation mIoU in 0-1."""

    network: StagedNetwork
    epoch: int
    miou: float


def train(
    recipe: Recipe,
    training: LabelledImages,
    validation: LabelledImages,
    run: Path,
    device: str = "cpu",
) -> TrainingResult:
    """Train by ``recipe``, resuming what ``run`` already holds.

    Raises:
        TrainingError: ``run`` holds a run of another recipe or a damaged one, the loss is no
            longer finite, no pixel of ``validation`` is labelled, or a file can't be written.
        ModelError: the recipe's initial model can't be loaded.
        DatasetError: a file of either dataset is not what it must be.
    """
    claim_run_folder(recipe, run)
    torch.manual_seed(recipe.seed)
    network = build_network(recipe.network, len(training.classes.names), **recipe.options)
    if recipe.initial_model:
        begin_from(network, recipe.initial_model)
    network = network.to(device, memory_format=torch.channels_last)
    averaged = copy.deepcopy(network).eval() if recipe.average_decay else None
    optimizer = torch.optim.Adam(
        network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    weights = class_weights(training, recipe.class_weight_power).to(device)
    samples = [training[index] for index in range(len(training))]

    first_epoch, best_epoch, best_miou = resume(run, network, averaged, optimizer)
    for epoch in range(first_epoch, recipe.epochs):
        title = f"epoch {epoch + 1}/{recipe.epochs}, best mIoU {100 * best_miou:.1f} %"
        loss = train_epoch(recipe, epoch, samples, network, averaged, optimizer, weights, title)
        if (epoch + 1) % recipe.validate_every == 0 or epoch + 1 == recipe.epochs:
            candidate = averaged or network
            matrix = score(candidate, validation, recipe.width, recipe.height)
            if np.isnan(matrix.miou):
                raise TrainingError(
                    f"no pixel of {validation.name} {validation.split} is labelled: weights can't "
                    f"be chosen by it"
                )
            if matrix.miou > best_miou:
                best_epoch, best_miou = epoch + 1, matrix.miou
                write_atomically(run / "best.safetensors", save(candidate.packed_weights()))
            rate = optimizer.param_groups[0]["lr"]
            write_log(run / "log.csv", epoch + 1, rate, loss, matrix)
            write_atomically(run / "curves.png", draw_curves(run / "log.csv"))
        checkpoint = {
            "epoch": epoch + 1,
            "best_epoch": best_epoch,
            "best_miou": best_miou,
            "network": network.state_dict(),
            "averaged": averaged.state_dict() if averaged else {},
            "optimizer": optimizer.state_dict(),
        }
        write_atomically(run / "checkpoint.pt", as_bytes(checkpoint))
    network.load_state_dict(load_file(run / "best.safetensors"))
    return TrainingResult(network.eval(), best_epoch, best_miou)


def begin_from(network: StagedNetwork, model: str) -> tuple[str, ...]:
    """Take over every stage that a model folder has too, with the same tensors.

    The last stage is taken over only where the classes are as many.

    Returns:
        The names of the stages taken.

    Raises:
        ModelError: no such model, or its folder is damaged.
        TrainingError: none of its stages fits.
    """
    weights = load_file(load_model(model).path(WEIGHTS))
    taken = []
    for name, stage in network.stages.items():
        prefix = f"stages.{name}."
        offered = {key[len(prefix) :]: weights[key] for key in weights if key.startswith(prefix)}
        wanted = stage.state_dict()
        if offered.keys() == wanted.keys() and all(
            offered[key].shape == wanted[key].shape for key in wanted
        ):
            stage.load_state_dict(offered)
            taken.append(name)
    if not taken:
        raise TrainingError(f"no stage of {model} fits the network that is to be trained")
    return tuple(taken)


def train_epoch(
    recipe: Recipe,
    epoch: int,
    samples: list[Sample],
    network: nn.Module,
    averaged: nn.Module | None,
    optimizer: torch.optim.Optimizer,
    weights: torch.Tensor,
    title: str,
) -> float:
    """One pass over the samples in an order of the epoch's own; returns the mean loss.

    Raises:
        TrainingError: the loss is no longer finite.
    """
    network.train()
    order = np.random.default_rng((recipe.seed, epoch)).permutation(len(samples))
    steps = max(1, len(samples) // recipe.batch_size)
    losses = []
    bar = tqdm(range(steps), desc=title, leave=False)
    for index in bar:
        step = epoch * steps + index
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate_at(step, recipe.epochs * steps)
        chosen = order[index * recipe.batch_size : (index + 1) * recipe.batch_size]
        images, labels = draw_batch(recipe, [samples[i] for i in chosen], step)
        torch.manual_seed(hash((recipe.seed, step)))
        logits = network(to_input(images, weights.device))
        truth = torch.from_numpy(labels).to(weights.device, torch.int64)
        loss = segmentation_loss(logits, truth, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if averaged is not None:
            update_average(averaged, network, recipe.average_decay, step)
        losses.append(loss.item())
        bar.set_postfix(loss=f"{np.mean(losses):.3f}")
    if not np.isfinite(losses).all():
        raise TrainingError(
            f"the loss of epoch {epoch + 1} is not finite: lower the learning rate; "
            f"the checkpoint of the epoch before is kept"
        )
    return float(np.mean(losses))


def draw_batch(recipe: Recipe, samples: list[Sample], step: int) -> tuple[np.ndarray, np.ndarray]:
    """Augmented uint8 images (N, height, width, 3) and labels (N, height, width) of one step."""
    crops = [
        recipe.augmentation(
            sample.image,
            sample.labels,
            recipe.width,
            recipe.height,
            np.random.default_rng((recipe.seed, step, position)),
        )
        for position, sample in enumerate(samples)
    ]
    images, labels = zip(*crops, strict=True)
    return np.stack(images), np.stack(labels)


@torch.no_grad()
def update_average(averaged: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move the running average towards the weights; it follows faster in the first steps."""
    decay = min(decay, (1 + step) / (WARM_UP_STEPS + step))
    current = network.state_dict()
    for name, value in averaged.state_dict().items():
        if value.is_floating_point():
            value.lerp_(current[name], 1 - decay)


def claim_run_folder(recipe: Recipe, run: Path) -> None:
    """Make the run's folder, or make sure that the one there belongs to the same recipe."""
    run.mkdir(parents=True, exist_ok=True)
    path = run / "recipe.yaml"
    text = yaml.safe_dump(recipe.as_card(), sort_keys=False)
    if path.exists() and path.read_text() != text:
        raise TrainingError(
            f"{path} belongs to a run with other settings: choose another output folder, or give "
            f"the settings written there to resume it"
        )
    write_atomically(path, text.encode())


def resume(
    run: Path,
    network: nn.Module,
    averaged: nn.Module | None,
    optimizer: torch.optim.Optimizer,
) -> tuple[int, int, float]:
    """Load the last checkpoint, if any; returns (epochs done, best epoch, best mIoU).

    Raises:
        TrainingError: the checkpoint is damaged.
    """
    path = run / "checkpoint.pt"
    if not path.exists():
        return 0, 0, -1.0
    try:
        checkpoint = torch.load(path, weights_only=True, map_location="cpu")
        network.load_state_dict(checkpoint["network"])
        if averaged is not None:
            averaged.load_state_dict(checkpoint["averaged"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        return checkpoint["epoch"], checkpoint["best_epoch"], checkpoint["best_miou"]
    except (RuntimeError, ValueError, LookupError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path} is damaged, so the run can't be resumed: delete it to begin again"
        ) from error


def what_is_kept(run: Path) -> str:
    """How an interrupted run goes on, as a clause."""
    checkpoint = run / "checkpoint.pt"
    if checkpoint.exists():
        return f"the same command resumes from {checkpoint}"
    return f"no epoch was finished, so {run} holds nothing to resume from"


def as_bytes(checkpoint: dict[str, Any]) -> bytes:
    """What ``torch.save`` would write."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    return buffer.getvalue()


def write_atomically(path: Path, content: bytes) -> None:
    """Write beside and rename, so that an interrupted write leaves the last good file.

    Raises:
        TrainingError: the file can't be written.
    """
    beside = path.with_suffix(path.suffix + ".part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        kept = what_is_kept(path.parent)
        raise TrainingError(f"{path} can't be written: {error.strerror}; {kept}") from error
    finally:
        beside.unlink(missing_ok=True)


def write_log(
    path: Path, epoch: int, learning_rate: float, loss: float, matrix: ConfusionMatrix
) -> None:
    """Add a row to the log, in place of those that a run wrote after its last checkpoint."""
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
