"""The command ``study``."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import DATASETS, input_size

NUMBERS = ("II", "III", "IV", "V", "VI", "VII", "VIII")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--tables",
        nargs="+",
        choices=NUMBERS,
        default=list(NUMBERS),
        metavar="TABLE",
        help="Numbers of the paper's tables, II to VIII.",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="Folder for the report."
    )
    parser.add_argument(
        "--onnx",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="ONNX file of a peer of Tables VI to VIII, measured in the same run; repeatable.",
    )
    parser.add_argument(
        "--network",
        action="append",
        default=[],
        metavar="FILE.py:FUNCTION",
        help="Table of your own as a further row of each table; repeatable.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    group = parser.add_argument_group("times")
    group.add_argument(
        "--threads",
        type=int,
        default=os.cpu_count(),
        help="Number of CPU threads (default: every core).",
    )
    group.add_argument(
        "--blocks",
        type=int,
        default=24,
        help="Number of rounds of a few runs each, in which the networks take turns; 0 "
        "measures no times.",
    )
    _add_training(parser)


def run(arguments: Namespace) -> None:
    """Carry out the command; see the function that it calls."""
    from mininet_ros.lab.study.rebuild import study

    study(arguments)


def _add_training(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "training",
        "Every network of the tables alike, by the paper's protocol: that of its analysis for "
        "Tables II to V, that of its benchmarks for VI to VIII. Runs are kept in OUTPUT/runs: the "
        "same command goes on where it was stopped and repeats nothing. Started several times side "
        "by side, each takes the next run that no other one has.",
    )
    group.add_argument("--train", action="store_true", help="Train the networks; needs --data.")
    group.add_argument("--data", type=Path, metavar="DIR", help="Root folder of the data.")
    group.add_argument("--dataset", default="cityscapes", help=f"Layout of the data: {DATASETS}.")
    group.add_argument(
        "--epochs",
        type=int,
        help="Number of passes over the data (default: the paper's, 250 for Tables II to V, "
        "and a million steps for VI to VIII).",
    )
    group.add_argument(
        "--batch-size",
        type=int,
        help="Number of images in a step (default: the paper's, 12 for Tables II to V and 6 "
        "for VI to VIII).",
    )
    group.add_argument(
        "--input-size",
        type=input_size,
        metavar="WxH",
        help="Input size of every network in training (default: each row's own, 512x256 in "
        "Tables II to V).",
    )
    group.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[1],
        metavar="SEED",
        help="Seeds; each is a run of its own.",
    )
    group.add_argument(
        "--device", default="auto", help="PyTorch device; auto takes a GPU where there is one."
    )
