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
        help="such as Cityscapes' train+coarse (default: train); the best weights are those of val",
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
        "--initial-model", default="", metavar="MODEL", help="begin from its weights where they fit"
    )
    parser.add_argument(
        "--average-decay", type=float, default=0.0, help="running average of the weights; 0: none"
    )
    parser.add_argument("--validate-every", type=int, default=1, metavar="EPOCHS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="PyTorch device (default: cpu)")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: one a core")


def scale_range(text: str) -> tuple[float, float]:
    """Lowest and highest factor from ``0.5,2``."""
    try:
        low, high = (float(factor) for factor in text.split(","))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not LOW,HIGH, such as 0.5,2") from error
    return low, high
