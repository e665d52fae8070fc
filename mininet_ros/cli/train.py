"""The command ``train``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mininet_ros.cli.options import (
    NETWORK_HELP,
    add_data_options,
    add_network_options,
    input_size,
    network_options,
)
from mininet_ros.cli.train_options import add_schedule, add_teacher

if TYPE_CHECKING:
    from mininet_ros.lab.training.recipe import Recipe

# Values of the options that the command line leaves out.
PROTOCOLS: dict[str, dict[str, Any]] = {
    "paper": {
        "epochs": 250,
        "patience": 0,
        "scale_range": (0.5, 2.0),
        "photometric": 0.0,
        "lovasz_weight": 0.0,
        "initial_model": "none",
    },
    "small": {
        "epochs": 100,
        "patience": 15,
        "scale_range": (0.75, 1.5),
        "photometric": 0.3,
        "lovasz_weight": 1.0,
        "initial_model": "auto",
    },
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_data_options(parser)
    parser.add_argument(
        "--train-split",
        default="train",
        metavar="SPLIT",
        help="Split to learn from, such as train, or train+coarse of Cityscapes.",
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--validation-split",
        default="val",
        metavar="SPLIT",
        help="Split to choose by: the weights that score best on it are kept.",
    )
    choice.add_argument(
        "--leave-one-drive-out",
        action="store_true",
        help="Judge the recipe instead of making a model: for each drive of CamVid's train "
        "split, train a network on the others and score it on that drive.",
    )
    parser.add_argument("--network", required=True, help=f"{NETWORK_HELP}.")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="Model folder to write; the run is kept in training/ below it.",
    )
    parser.add_argument(
        "--input-size",
        type=input_size,
        default=(480, 360),
        metavar="WxH",
        help="Input width and height of the network, in pixels.",
    )
    parser.add_argument(
        "--crop-size",
        type=input_size,
        metavar="WxH",
        help="Size of what is cut for a step from an image of the input's size, in pixels; as "
        "large as the input by default.",
    )
    add_network_options(parser)
    parser.add_argument(
        "--protocol",
        default="auto",
        choices=("auto", *PROTOCOLS),
        help="Values of the options that are not given: paper trains as the paper does, from fresh "
        "weights; small suits some hundred images: it begins from a shipped model and ends when "
        "the validation no longer improves; auto is small for --dataset folder, and paper for the "
        "paper's datasets.",
    )
    parser.add_argument(
        "--epochs",
        type=int,
        help=f"Largest number of passes over the data (default: {_by_protocol('epochs')}).",
    )
    parser.add_argument(
        "--patience",
        type=int,
        metavar="EPOCHS",
        help="Number of epochs without a better validation after which the training ends; 0 is "
        f"never (default: {_by_protocol('patience')}).",
    )
    parser.add_argument("--batch-size", type=int, default=12, help="Number of images in a step.")
    parser.add_argument(
        "--learning-rate", type=float, default=1e-3, help="Learning rate at the start."
    )
    parser.add_argument(
        "--final-learning-rate", type=float, default=1e-5, help="Learning rate at the end."
    )
    add_schedule(parser)
    parser.add_argument(
        "--weight-decay",
        type=float,
        default=2e-4,
        help="L2 penalty on the weights, as Adam adds it to the gradient.",
    )
    parser.add_argument(
        "--scale-range",
        type=scale_range,
        metavar="LOW,HIGH",
        help="Smallest and largest factor by which images are scaled at random (default: "
        f"{_by_protocol('scale_range')}).",
    )
    parser.add_argument(
        "--photometric",
        type=float,
        metavar="STRENGTH",
        help="Strength of random changes of light, blur and noise, 0 to 1 (default: "
        f"{_by_protocol('photometric')}).",
    )
    parser.add_argument(
        "--class-mix",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="Share of the crops into which about half of the classes of another crop are pasted "
        "(ClassMix), 0 to 1.",
    )
    parser.add_argument(
        "--lovasz-weight",
        type=float,
        metavar="WEIGHT",
        help="Weight of the Lovasz-softmax term of the loss, which approximates IoU (default: "
        f"{_by_protocol('lovasz_weight')}).",
    )
    parser.add_argument(
        "--rendered-text",
        type=int,
        default=0,
        metavar="N",
        help="Number of rendered pictures of text that are added, for scene text.",
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--initial-model",
        metavar="MODEL",
        help="Model whose weights are the start, where they fit; auto is the shipped model of the "
        f"network, none fresh weights (default: {_by_protocol('initial_model')}).",
    )
    begin.add_argument(
        "--initial-run",
        default="",
        metavar="DIR",
        help="Output of another training whose last checkpoint is the start: weights, their "
        "average and the optimizer's state.",
    )
    add_teacher(parser)
    parser.add_argument(
        "--validate-every",
        type=int,
        default=1,
        metavar="EPOCHS",
        help="Number of epochs between two validations.",
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="Seed of weights, order, augmentation and dropout."
    )
    parser.add_argument(
        "--device",
        default="cpu",
        help="PyTorch device, cpu or cuda; for several GPUs: torchrun --nproc-per-node N -m "
        "mininet_ros.cli train --device cuda ...",
    )
    parser.add_argument(
        "--threads", type=int, default=0, help="Number of CPU threads; 0 is one for each core."
    )
    parser.add_argument(
        "--memory",
        type=float,
        default=4.0,
        metavar="GIB",
        help="Memory for decoded images, in GiB; images beyond it are read again each time.",
    )
    parser.add_argument(
        "--tensorboard",
        type=Path,
        metavar="DIR",
        help="Folder for a log of the training for TensorBoard.",
    )


def _by_protocol(option: str) -> str:
    values = ((name, values[option]) for name, values in PROTOCOLS.items())
    return ", ".join(
        f"{name} {','.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in values
    )


def run(arguments: Namespace) -> None:
    """Train by a recipe, alone or among the processes of ``torchrun``.

    Raises:
        ValueError: an argument, the data or the initial model is not usable.
        TrainingError, DistributionError: see :func:`mininet_ros.lab.training.train.train`.
        KeyboardInterrupt: stopped by the user; says what is kept.
    """
    import torch

    from mininet_ros.lab.training.distillation.lesson import Lesson
    from mininet_ros.lab.training.distributed import joined
    from mininet_ros.lab.training.folds import as_table, leave_one_drive_out
    from mininet_ros.lab.training.train_model import train_model

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = read_recipe(arguments)
    lesson = None
    if arguments.teacher:
        lesson = Lesson(arguments.teacher, tuple(arguments.unlabelled), arguments.soft_labels)
    with joined(arguments.device) as (processes, device):
        place = (arguments.data, arguments.output, device, arguments.memory, processes, lesson)
        if not arguments.leave_one_drive_out:
            train_model(recipe, *place, tensorboard=arguments.tensorboard)
            return
        folds = leave_one_drive_out(recipe, *place)
        if processes.leads:
            print(as_table(folds))


def read_recipe(arguments: Namespace) -> Recipe:
    """The recipe that the arguments ask for.

    Raises:
        ValueError: a value is out of its range.
    """
    from mininet_ros.lab.training.data.augmentation import Augmentation
    from mininet_ros.lab.training.data.datasets import FOLDER
    from mininet_ros.lab.training.initial_weights import initial_model
    from mininet_ros.lab.training.recipe import Recipe
    from mininet_ros.network.custom import network_argument

    width, height = arguments.input_size
    crop_width, crop_height = arguments.crop_size or (0, 0)
    chosen = arguments.protocol
    if chosen == "auto":
        chosen = "small" if arguments.dataset == FOLDER else "paper"
    values = {
        name: default if (given := getattr(arguments, name)) is None else given
        for name, default in PROTOCOLS[chosen].items()
    }
    network, options = network_argument(arguments.network)
    begun = "" if arguments.initial_run else initial_model(values["initial_model"], network)
    return Recipe(
        network=network,
        options={**options, **network_options(arguments)},
        dataset=arguments.dataset,
        split=arguments.train_split,
        validation_split=arguments.validation_split,
        width=width,
        height=height,
        crop_width=crop_width,
        crop_height=crop_height,
        epochs=values["epochs"],
        patience=values["patience"],
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        final_learning_rate=arguments.final_learning_rate,
        decay_share=arguments.decay_share,
        warm_up=arguments.warm_up,
        average_decay=arguments.average_decay,
        weight_decay=arguments.weight_decay,
        augmentation=Augmentation(
            scale_range=values["scale_range"], photometric=values["photometric"]
        ),
        lovasz_weight=values["lovasz_weight"],
        class_mix=arguments.class_mix,
        rendered_text=arguments.rendered_text,
        initial_model=begun,
        initial_run=arguments.initial_run,
        teacher=arguments.teacher,
        teacher_weight=arguments.teacher_weight,
        temperature=arguments.temperature,
        unlabelled=tuple(folder.resolve().name for folder in arguments.unlabelled),
        seed=arguments.seed,
        validate_every=arguments.validate_every,
    )


def scale_range(text: str) -> tuple[float, float]:
    """Lowest and highest factor from ``0.5,2``."""
    try:
        low, high = (float(factor) for factor in text.split(","))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not LOW,HIGH, such as 0.5,2") from error
    return low, high
