"""The command ``train``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mininet_ros.cli.options import (
    NETWORK_HELP,
    add_data_options,
    add_network_options,
    input_size,
    network_options,
)

if TYPE_CHECKING:
    from mininet_ros.lab.training.recipe import Recipe


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_data_options(parser)
    parser.add_argument(
        "--train-split",
        default="train",
        metavar="SPLIT",
        help="such as Cityscapes' train+coarse (default: train)",
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--validation-split",
        default="val",
        metavar="SPLIT",
        help="the weights that are kept are those that score best on it (default: val)",
    )
    choice.add_argument(
        "--leave-one-drive-out",
        action="store_true",
        help="judge the recipe, not one network: train one for each drive of CamVid's train split, "
        "score it on that drive, and learn from the others",
    )
    parser.add_argument("--network", required=True, help=NETWORK_HELP)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--input-size", type=input_size, default=(480, 360), metavar="WxH")
    parser.add_argument(
        "--crop-size",
        type=input_size,
        default=(0, 0),
        metavar="WxH",
        help="what a step sees of an image of the input's size (default: as much as the input)",
    )
    add_network_options(parser)
    parser.add_argument("--epochs", type=int, default=250)
    parser.add_argument("--batch-size", type=int, default=12)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--final-learning-rate", type=float, default=1e-5)
    parser.add_argument(
        "--warm-up", type=int, default=0, metavar="STEPS", help="that the rate rises over"
    )
    parser.add_argument(
        "--decay-share",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="last share of the steps, over which the rate decays; 0 keeps it, for a run from "
        "which others go on (default: 1)",
    )
    parser.add_argument(
        "--average-decay",
        type=float,
        default=0.0,
        metavar="DECAY",
        help="judge and keep a running average of the weights, such as 0.999 (default: 0, none)",
    )
    parser.add_argument("--weight-decay", type=float, default=2e-4)
    parser.add_argument("--scale-range", type=scale_range, default=(0.5, 2.0), metavar="LOW,HIGH")
    parser.add_argument(
        "--photometric",
        type=float,
        default=0.0,
        metavar="STRENGTH",
        help="0-1: how far light, blur and noise of the images may move (default: 0)",
    )
    parser.add_argument(
        "--lovasz-weight",
        type=float,
        default=0.0,
        metavar="WEIGHT",
        help="of the Lovasz-softmax term, which stands for IoU in the loss (default: 0)",
    )
    parser.add_argument(
        "--rendered-text",
        type=int,
        default=0,
        metavar="N",
        help="add N pictures of text that are rendered, for scene text (default: 0)",
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument(
        "--initial-model", default="", metavar="MODEL", help="begin from its weights where they fit"
    )
    begin.add_argument(
        "--initial-run",
        default="",
        metavar="DIR",
        help="go on from the last checkpoint of another training's output, with its optimizer",
    )
    add_teacher(parser)
    parser.add_argument("--validate-every", type=int, default=1, metavar="EPOCHS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--device",
        default="cpu",
        help="cpu (default) or cuda; for several GPUs: torchrun --nproc-per-node N -m "
        "mininet_ros.cli train --device cuda ...",
    )
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: one a core")
    parser.add_argument(
        "--memory",
        type=float,
        default=4.0,
        metavar="GIB",
        help="for decoded images; those beyond it are read again each time (default: 4)",
    )


def add_teacher(parser: ArgumentParser) -> None:
    """Declare what is learned from a teacher."""
    parser.add_argument(
        "--teacher",
        default="",
        metavar="TEACHER",
        help="learn from its soft labels, too: a model, or FILE.onnx with FILE.yaml beside it; "
        "{drive} in it stands for the drive that --leave-one-drive-out leaves out",
    )
    parser.add_argument("--teacher-weight", type=float, default=1.0, metavar="WEIGHT")
    parser.add_argument(
        "--temperature", type=float, default=1.0, help="of the soft labels (default: 1)"
    )
    parser.add_argument(
        "--unlabelled",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders of more pictures, which the teacher alone labels",
    )
    parser.add_argument(
        "--soft-labels",
        type=Path,
        metavar="FILE",
        help="keep the soft labels here, for other trainings by the same teacher on the same "
        "images (default: in the output folder)",
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
            train_model(recipe, *place)
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
    from mininet_ros.lab.training.recipe import Recipe
    from mininet_ros.network.custom import network_argument

    width, height = arguments.input_size
    network, options = network_argument(arguments.network)
    return Recipe(
        network=network,
        options={**options, **network_options(arguments)},
        dataset=arguments.dataset,
        split=arguments.train_split,
        validation_split=arguments.validation_split,
        width=width,
        height=height,
        crop_width=arguments.crop_size[0],
        crop_height=arguments.crop_size[1],
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        final_learning_rate=arguments.final_learning_rate,
        decay_share=arguments.decay_share,
        warm_up=arguments.warm_up,
        average_decay=arguments.average_decay,
        weight_decay=arguments.weight_decay,
        augmentation=Augmentation(
            scale_range=arguments.scale_range, photometric=arguments.photometric
        ),
        lovasz_weight=arguments.lovasz_weight,
        rendered_text=arguments.rendered_text,
        initial_model=arguments.initial_model,
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
