"""The command ``export``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import DATASETS, input_size


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "model",
        help="Model folder's name or path; or a network's name or FILE.py:FUNCTION, which is "
        "written with random weights, to measure its speed.",
    )
    parser.add_argument(
        "--classes", type=int, default=19, metavar="N", help="Number of classes of a network."
    )
    parser.add_argument(
        "--input-size",
        type=input_size,
        metavar="WxH",
        help="Input width and height (default: the same).",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="the model folder to write, which may be the model's own; a file with --plain",
    )
    parser.add_argument(
        "--plain",
        action="store_true",
        help="instead of a folder, an ordinary ONNX file for other tools: float image to logits, "
        "free batch, classes, colours and normalisation as metadata "
        "(default: MODEL.plain.onnx in the current folder)",
    )
    parser.add_argument(
        "--hub",
        type=Path,
        metavar="DIR",
        help="Write a folder that can be pushed to a model hub as it is.",
    )
    group = parser.add_argument_group(
        "integers",
        "Adds model.int8.onnx, calibrated on training images; stages that suffer stay in float. "
        "A model that has one keeps its calibration at another input size.",
    )
    group.add_argument(
        "--int8", action="store_true", help="Add a calibrated graph in 8-bit integers."
    )
    group.add_argument("--dataset", help=f"Layout of the calibration data: {DATASETS}.")
    group.add_argument(
        "--calibration-data", type=Path, metavar="DIR", help="Root folder of the calibration data."
    )
    group.add_argument(
        "--calibration-split",
        default="train",
        metavar="SPLIT",
        help="Split of the calibration data.",
    )
    group.add_argument(
        "--calibration-images",
        type=int,
        default=64,
        metavar="N",
        help="Number of images for the calibration.",
    )


def run(arguments: Namespace) -> None:
    """Carry out the command; see the function that it calls."""
    from mininet_ros.lab.training.export.export_again import export

    export(arguments)
