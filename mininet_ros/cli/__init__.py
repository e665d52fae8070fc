"""The ``mininet_ros`` command: one file a command, loaded only when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

COMMANDS = {
    "describe": "Print a network's cost, or a model's card.",
    "train": "Train a network into a model folder; resumes.",
    "evaluate": "Score a model on a split of a dataset.",
    "calibrate": "Teach a model to say when pictures are unlike those that it was trained on.",
    "export": "Export a model at another input size, or in int8.",
    "import-checkpoint": (
        "Turn a TensorFlow checkpoint released by the paper's authors into a model folder."
    ),
    "segment": "Label an image, a folder, a video or the generated sequence into pictures.",
    "select-keyframes": "Select the frames of a recording that are worth keeping, and report why.",
    "benchmark": "Time models and ONNX files side by side, each alone in its process.",
    "study": "Rebuild the paper's tables: cost, time and accuracy beside the printed values.",
    "demo": "Segment a stream in a real ROS 2 graph and report.",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: command line without the program's name; None takes the process's own.

    Returns:
        The exit status: 0, 1 after an error of the user's or of the machine's (one line on
        standard error), 2 after wrong arguments, 130 after Ctrl-C.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    parsed = build_parser(given).parse_args(given)
    try:
        parsed.run(parsed)
    except (ValueError, RuntimeError, OSError, ModuleNotFoundError) as error:
        print(f"mininet_ros {parsed.command}: {describe_error(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        reason = "; ".join(("interrupted", *map(str, stop.args)))
        print(f"mininet_ros {parsed.command}: {reason}", file=sys.stderr)
        return 130
    return 0


def describe_error(error: Exception) -> str:
    """One line for a person; a missing package is named with the extra that brings it."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed for {sys.executable}: pip install mininet_ros[train]"
    return " ".join(str(error).splitlines()) if not _shows_tree(error) else str(error)


def build_parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all commands, with the arguments of the one that is given."""
    parser = argparse.ArgumentParser(
        prog="mininet_ros", description="MiniNet-v2 semantic segmentation for robots."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    called = next((word for word in given if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(name, help=summary, description=summary)
        if name == called:
            command = load_command(name)
            command.add_arguments(subparser)
            subparser.set_defaults(run=command.run)
    return parser


def load_command(name: str) -> ModuleType:
    """The module of a command, with ``add_arguments(parser)`` and ``run(arguments)``."""
    return import_module(f"{__name__}.{name.replace('-', '_')}")


def _shows_tree(error: Exception) -> bool:
    return "expected tree" in str(error)
