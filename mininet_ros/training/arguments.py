"""The arguments of the command `train`."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

from mininet_ros.arguments import add_data_options, add_network_options, input_size


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
    parser.add_argument("--network", required=True)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--input-size", type=input_size, default=(480, 360), metavar="WxH")
    add_network_options(parser)
    parser.add_argument("--epochs", type=int, default=250)
    parser.add_argument("--batch-size", type=int, default=12)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--final-learning-rate", type=float, default=1e-5)
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
    parser.add_argument(
        "--initial-model", default="", metavar="MODEL", help="begin from its weights where they fit"
    )
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


def scale_range(text: str) -> tuple[float, float]:
    """Lowest and highest factor from ``0.5,2``."""
    try:
        low, high = (float(factor) for factor in text.split(","))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not LOW,HIGH, such as 0.5,2") from error
    return low, high
