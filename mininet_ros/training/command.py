"""The command `train`: a recipe from the arguments, and a model folder from the recipe."""

from __future__ import annotations

from argparse import Namespace
from datetime import date

import torch

from mininet_ros.arguments import network_options
from mininet_ros.training.augmentation import Augmentation
from mininet_ros.training.datasets import open_dataset
from mininet_ros.training.export import describe_model, write_model
from mininet_ros.training.recipe import Recipe
from mininet_ros.training.train import train as run_training
from mininet_ros.training.train import what_is_kept


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
        initial_model=arguments.initial_model,
        average_decay=arguments.average_decay,
        seed=arguments.seed,
        validate_every=arguments.validate_every,
    )


def train(arguments: Namespace) -> None:
    """Train by a recipe, then write the best weights as a model folder.

    Raises:
        ValueError: an argument, the data or the initial model is not usable.
        TrainingError: see :func:`mininet_ros.training.train.train`.
        KeyboardInterrupt: stopped by the user; says what is kept.
    """
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = read_recipe(arguments)
    training = open_dataset(arguments.dataset, arguments.data, recipe.split)
    validation = open_dataset(arguments.dataset, arguments.data, "val")
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
            "images": len(training),
        },
    )
    run = arguments.output / "training"
    try:
        result = run_training(recipe, training, validation, run, arguments.device)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(what_is_kept(run)) from stop
    card["training"] = recipe.as_card() | {
        "finished": date.today().isoformat(),
        "best_epoch": result.epoch,
    }
    size = f"{recipe.width}x{recipe.height}"
    card["figures"] = {
        "validation_miou": round(result.miou, 4),
        "measured_by": f"mininet_ros train, PyTorch, {size}, scored at label size",
    }
    model = write_model(result.network, card, arguments.output)
    print(f"{model.folder}: validation mIoU {100 * result.miou:.2f} % at epoch {result.epoch}")
