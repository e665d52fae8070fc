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
    parser.add_argument("--epochs", type=int, default=250, help="Number of passes over the data.")
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
        default=(0.5, 2.0),
        metavar="LOW,HIGH",
        help="Smallest and largest factor by which images are scaled at random.",
    )
    parser.add_argument(
        "--photometric",
        type=float,
        default=0.0,
        metavar="STRENGTH",
        help="Strength of random changes of light, blur and noise, 0 to 1.",
    )
    parser.add_argument(
        "--lovasz-weight",
        type=float,
        default=0.0,
        metavar="WEIGHT",
        help="Weight of the Lovasz-softmax term of the loss, which approximates IoU.",
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
        default="",
        metavar="MODEL",
        help="Model whose weights are the start, where they fit.",
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


def add_schedule(parser: ArgumentParser) -> None:
    """Declare the course of the learning rate, and the average of the weights."""
    parser.add_argument(
        "--warm-up",
        type=int,
        default=0,
        metavar="STEPS",
        help="Number of steps over which the learning rate rises.",
    )
    parser.add_argument(
        "--decay-share",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="Last share of the steps, over which the learning rate decays; 0 keeps it constant, "
        "for a run from which others go on.",
    )
    parser.add_argument(
        "--average-decay",
        type=float,
        default=0.0,
        metavar="DECAY",
        help="Decay of the running average of the weights, which is then validated and kept, such "
        "as 0.999; 0 for none.",
    )


def add_teacher(parser: ArgumentParser) -> None:
    """Declare what is learned from a teacher."""
    parser.add_argument(
        "--teacher",
        default="",
        metavar="TEACHER",
        help="Network whose soft labels are learned, too: a model, or FILE.onnx with FILE.yaml "
        "beside it. {drive} in it stands for the drive that --leave-one-drive-out leaves out.",
    )
    parser.add_argument(
        "--teacher-weight",
        type=float,
        default=1.0,
        metavar="WEIGHT",
        help="Weight of the teacher's term in the loss.",
    )
    parser.add_argument(
        "--temperature", type=float, default=1.0, help="Temperature of the soft labels."
    )
    parser.add_argument(
        "--unlabelled",
        type=Path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="Folders of more pictures, which the teacher alone labels.",
    )
    parser.add_argument(
        "--soft-labels",
        type=Path,
        metavar="FILE",
        help="File that keeps the soft labels for other trainings by the same teacher on the same "
        "images; in the output folder by default.",
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
    crop_width, crop_height = arguments.crop_size or (0, 0)
    network, options = network_argument(arguments.network)
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
