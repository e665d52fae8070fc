"""Arguments that several commands take, and how their texts are read."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace, _ActionsContainer
from pathlib import Path
from typing import Any

from mininet_ros.images.class_tables import CLASS_TABLES
from mininet_ros.images.limits import MAX_PIXELS

DATASETS = f"{', '.join(CLASS_TABLES)}, or folder for your own"
NETWORK_HELP = "a network's name, or FILE.py:FUNCTION for a table of your own"


def add_network_options(parser: ArgumentParser) -> None:
    """Options of a network's table."""
    parser.add_argument(
        "--dilations",
        type=dilations,
        metavar="A,B,.../C,D,...",
        help="Dilation rates of the feature extractor's two stacks (default: the paper's).",
    )


def add_data_options(parser: ArgumentParser) -> None:
    """Which data, and where."""
    parser.add_argument("--dataset", required=True, help=f"Layout of the data: {DATASETS}.")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="Root folder of the data."
    )


def add_backend(parser: _ActionsContainer) -> None:
    """Where a model runs, and on how many threads."""
    parser.add_argument(
        "--backend", default="auto", choices=("auto", "cpu", "gpu"), help="Where the network runs."
    )
    parser.add_argument(
        "--network",
        default="auto",
        help="Network of the model's family; auto takes the one for the backend.",
    )
    parser.add_argument(
        "--threads", type=int, default=0, help="Number of CPU threads; 0 is one for each core."
    )


def add_precision(parser: ArgumentParser) -> None:
    """Which of a model's graphs runs on the CPU."""
    parser.add_argument(
        "--precision",
        default="float32",
        choices=("auto", "float32", "int8"),
        help="Arithmetic on the CPU; auto measures which is faster here.",
    )


def add_input_limits(parser: ArgumentParser) -> None:
    """What is done about inputs that are too large or damaged."""
    parser.add_argument(
        "--max-pixels",
        type=positive,
        default=MAX_PIXELS,
        metavar="N",
        help="Number of pixels beyond which an image is passed over, before it is decoded.",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="Exit with status 1 where a damaged part of the input was passed over.",
    )


def positive(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)


def input_size(text: str) -> tuple[int, int]:
    """Width and height from ``512x256``."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise ArgumentTypeError(f"{text!r} is not WIDTHxHEIGHT, such as 512x256")
    return int(match[1]), int(match[2])


def dilations(text: str) -> tuple[tuple[int, ...], ...]:
    """Two stacks of rates from ``1,2,1,4/1,1,1,2``."""
    try:
        stacks = tuple(
            tuple(int(rate) for rate in stack.split(",") if rate) for stack in text.split("/")
        )
    except ValueError:
        stacks = ()
    if len(stacks) != 2 or any(rate < 1 for stack in stacks for rate in stack):
        raise ArgumentTypeError(f"{text!r} is not two stacks of rates, such as 1,2,1,4/1,1,1,2")
    return stacks


def network_options(arguments: Namespace) -> dict[str, Any]:
    """Options of the network's table that were given on the command line."""
    return {} if arguments.dilations is None else {"dilations": arguments.dilations}


def add_json(parser: ArgumentParser) -> None:
    """Whether the command prints JSON."""
    parser.add_argument("--json", action="store_true", help="Print JSON instead of a table.")
