"""Trains a model folder from a recipe."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from mininet_ros.lab.training.curves import course_of
from mininet_ros.lab.training.data.datasets import Dataset, open_dataset
from mininet_ros.lab.training.data.datasets.held_out import refuse_held_out
from mininet_ros.lab.training.data.stored_images import (
    DEFAULT_MEMORY_GIB,
    StoredImages,
    for_validation,
)
from mininet_ros.lab.training.distillation.lesson import Lesson
from mininet_ros.lab.training.distributed import ALONE, Processes
from mininet_ros.lab.training.evaluation.metrics import ConfusionMatrix
from mininet_ros.lab.training.export.model_folder import describe_model, write_model
from mininet_ros.lab.training.model_readme import write_readme
from mininet_ros.lab.training.prediction import score
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.lab.training.run_folder import sole_process, what_is_kept
from mininet_ros.lab.training.train import train as run_training
from mininet_ros.model_writing import check_target


def train_model(
    recipe: Recipe,
    data: Path,
    output: Path,
    device: str = "cpu",
    memory_gib: float = DEFAULT_MEMORY_GIB,
    processes: Processes = ALONE,
    lesson: Lesson | None = None,
    tensorboard: Path | None = None,
) -> None:
    """Train one network, then write the best weights as a model folder.

    Args:
        recipe: settings of the training.
        data: root folder of the recipe's dataset.
        output: model folder; the run is kept in its subfolder ``training/``.
        device: PyTorch device, such as ``cpu`` or ``cuda``.
        memory_gib: memory limit in GiB of each process for the images of each dataset.
        processes: this process in the group of training processes.
        lesson: teacher and its images; None without a teacher.
        tensorboard: folder for the TensorBoard log; None means no log.

    Raises:
        ValueError: the data, the initial model or the teacher cannot be used.
        TrainingError, DistributionError: see :func:`mininet_ros.lab.training.train.train`.
        KeyboardInterrupt: the user stopped the command; the message says what is kept.
    """
    if processes.leads:
        check_target(output, (data, recipe.initial_model))
    labelled, validation = (
        open_dataset(recipe.dataset, data, split)
        for split in (recipe.split, recipe.validation_split)
    )
    refuse_held_out(path for path, _ in labelled.pairs)
    training: Dataset = labelled
    if recipe.rendered_text:
        from mininet_ros.lab.training.data.rendered_text import WithRenderedText

        training = WithRenderedText(
            training, recipe.rendered_text, recipe.width, recipe.height, recipe.seed
        )
    card = describe_model(
        recipe.network,
        recipe.options,
        training.classes,
        recipe.width,
        recipe.height,
        data={
            "name": training.name,
            "split": training.split,
            "licence": training.licence,
            "images": len(labelled),
        },
    )
    run = output / "training"
    if lesson:
        recipe, training, card["teacher"] = lesson.prepare(recipe, training, run, processes)
    try:
        with sole_process(run) if processes.leads else nullcontext():
            result = run_training(
                recipe, training, validation, run, device, memory_gib, processes, tensorboard
            )
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(what_is_kept(run)) from stop
    if not processes.leads:
        return
    unseen = StoredImages(validation, for_validation(recipe), memory_gib)
    card["training"] = recipe.as_card() | {
        "finished": date.today().isoformat(),
        "best_epoch": result.epoch,
        "images_seen": result.images,
        "hours": round(result.hours, 2),
        "device": processes.describe(device),
        "validation_by_crops": {scored.crops: scored.miou for scored in course_of(run)},
    }
    card["figures"] = figures_of(score(result.network, unseen), recipe, training.classes.names)
    model = write_model(result.network, card, output)
    write_readme(model.folder, model.card)
    print(f"{model.folder}: validation mIoU {100 * result.miou:.2f} % at epoch {result.epoch}")


def figures_of(matrix: ConfusionMatrix, recipe: Recipe, classes: tuple[str, ...]) -> dict[str, Any]:
    """Return the figures of the final weights for the card, 0 to 1."""
    return {
        "validation_miou": round(matrix.miou, 4),
        "validation_pixel_accuracy": round(matrix.pixel_accuracy, 4),
        "validation_iou": {
            name: None if np.isnan(iou) else round(float(iou), 4)
            for name, iou in zip(classes, matrix.iou, strict=True)
        },
        "measured_by": f"mininet_ros train, PyTorch, {recipe.width}x{recipe.height}, "
        f"scored at label size",
    }
