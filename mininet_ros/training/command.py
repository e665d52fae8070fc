"""The command `train`: a recipe from the arguments, and a model folder from the recipe."""

from __future__ import annotations

from argparse import Namespace
from datetime import date
from typing import Any

import numpy as np
import torch

from mininet_ros.arguments import network_options
from mininet_ros.training.augmentation import Augmentation
from mininet_ros.training.datasets import open_dataset
from mininet_ros.training.distributed import Processes, joined
from mininet_ros.training.export import describe_model, write_model
from mininet_ros.training.folds import as_table, leave_one_drive_out
from mininet_ros.training.metrics import ConfusionMatrix
from mininet_ros.training.model_readme import write_readme
from mininet_ros.training.prediction import score
from mininet_ros.training.recipe import Recipe
from mininet_ros.training.run_folder import read_curve, what_is_kept
from mininet_ros.training.stored_images import StoredImages, for_validation
from mininet_ros.training.train import train as run_training


def read_recipe(arguments: Namespace) -> Recipe:
    """The recipe that the arguments ask for.

    Raises:
        ValueError: a value is out of its range.
    """
    width, height = arguments.input_size
    return Recipe(
        network=arguments.network,
        options=network_options(arguments),
        dataset=arguments.dataset,
        split=arguments.train_split,
        validation_split=arguments.validation_split,
        width=width,
        height=height,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        final_learning_rate=arguments.final_learning_rate,
        weight_decay=arguments.weight_decay,
        augmentation=Augmentation(
            scale_range=arguments.scale_range, photometric=arguments.photometric
        ),
        lovasz_weight=arguments.lovasz_weight,
        rendered_text=arguments.rendered_text,
        initial_model=arguments.initial_model,
        seed=arguments.seed,
        validate_every=arguments.validate_every,
    )


def train(arguments: Namespace) -> None:
    """Train by a recipe, alone or among the processes of ``torchrun``.

    Raises:
        ValueError: an argument, the data or the initial model is not usable.
        TrainingError, DistributionError: see :func:`mininet_ros.training.train.train`.
        KeyboardInterrupt: stopped by the user; says what is kept.
    """
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = read_recipe(arguments)
    with joined(arguments.device) as (processes, device):
        if arguments.leave_one_drive_out:
            folds = leave_one_drive_out(
                recipe, arguments.data, arguments.output, device, arguments.memory, processes
            )
            if processes.leads:
                print(as_table(folds))
        else:
            train_model(recipe, arguments, device, processes)


def train_model(recipe: Recipe, arguments: Namespace, device: str, processes: Processes) -> None:
    """Train one network, then write the best weights as a model folder.

    Raises:
        ValueError, TrainingError, DistributionError, KeyboardInterrupt: as :func:`train`.
    """
    training, validation = (
        open_dataset(recipe.dataset, arguments.data, split)
        for split in (recipe.split, recipe.validation_split)
    )
    if recipe.rendered_text:
        from mininet_ros.training.rendered_text import WithRenderedText

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
            "images": len(training) - recipe.rendered_text,
        },
    )
    run = arguments.output / "training"
    try:
        result = run_training(
            recipe, training, validation, run, device, arguments.memory, processes
        )
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(what_is_kept(run)) from stop
    if not processes.leads:
        return
    unseen = StoredImages(validation, for_validation(recipe), arguments.memory)
    card["training"] = recipe.as_card() | {
        "finished": date.today().isoformat(),
        "best_epoch": result.epoch,
        "images_seen": result.images,
        "hours": round(result.hours, 2),
        "device": processes.describe(device),
        "validation_curve": read_curve(run / "log.csv"),
    }
    card["figures"] = figures_of(score(result.network, unseen), recipe, training.classes.names)
    model = write_model(result.network, card, arguments.output)
    write_readme(model.folder, model.card)
    print(f"{model.folder}: validation mIoU {100 * result.miou:.2f} % at epoch {result.epoch}")


def figures_of(matrix: ConfusionMatrix, recipe: Recipe, classes: tuple[str, ...]) -> dict[str, Any]:
    """The card's figures, in 0-1, of the weights that ship."""
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
