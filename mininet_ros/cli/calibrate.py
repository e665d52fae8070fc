"""The command ``calibrate``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import add_data_options


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", help="Name or path of the model folder, whose card is changed.")
    add_data_options(parser)
    parser.add_argument(
        "--others",
        type=Path,
        required=True,
        metavar="DIR",
        help="Folder of photos unlike the model's own, such as those of an indoor robot.",
    )


def run(arguments: Namespace) -> None:
    """Teach a model folder what its own pictures look like."""
    from mininet_ros.lab.training.evaluation.calibrate import calibrate

    found = calibrate(arguments.model, arguments.dataset, arguments.data, arguments.others)
    print(
        f"{100 * found.strange_found:.0f} % of the photos of another kind lie below "
        f"{found.warn_below}, and 2 % of the model's own"
    )
