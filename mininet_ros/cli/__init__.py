"""The ``mininet_ros`` command: one file a command, loaded only when it is called."""

from __future__ import annotations

import argparse
import io
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from mininet_ros import __version__
from mininet_ros.escaping import as_line
from mininet_ros.extras import missing_module

DEBUG = "debug"
EXPECTED = (ValueError, RuntimeError, OSError)
"""What commands raise for what users can mend; all else is a defect."""

COMMANDS = {
    "describe": "Print a network's cost, or a model's card.",
    "train": "Train a network into a model folder; resumes.",
    "evaluate": "Score a model on a split of a dataset.",
    "calibrate": "Teach a model to say when pictures are unlike those that it was trained on.",
    "export": "Export a model at another input size, or in int8.",
    "import-checkpoint": (
        "Turn a TensorFlow checkpoint released by the paper's authors into a model folder."
    ),
    "adopt": "Wrap somebody else's segmentation network (ONNX) into a model folder.",
    "import-labels": "Bring labels of other tools into the layout of --dataset folder.",
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
        The exit status: 0, 1 after an error (one line on standard error; with ``--debug`` the
        traceback, too), 2 after wrong arguments, 130 after Ctrl-C.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Names of files need not be text in the encoding of the terminal.
            stream.reconfigure(errors="backslashreplace")
    parsed = build_parser(given).parse_args(given)
    try:
        parsed.run(parsed)
    # The last barrier: whatever a library raises that nobody has thought of.
    except Exception as error:  # noqa: BLE001
        if getattr(parsed, DEBUG, False):
            traceback.print_exception(error)
        print(f"mininet_ros {parsed.command}: {describe_error(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        reason = "; ".join(("interrupted", *map(str, stop.args)))
        print(f"mininet_ros {parsed.command}: {reason}", file=sys.stderr)
        return 130
    return 0


def describe_error(error: Exception) -> str:
    """One line for a person; a missing package is named with the line that installs it."""
    if isinstance(error, ModuleNotFoundError):
        return missing_module(error.name or str(error))
    if not isinstance(error, EXPECTED):
        said = as_line(str(error)) or "nothing more is known"
        return (
            f"unexpected {type(error).__name__}: {said}; give --debug for the traceback, and "
            "report it with that"
        )
    if _shows_tree(error):
        return str(error)
    return as_line(str(error))


class HelpWithDefaults(argparse.HelpFormatter):
    """Help in which every argument says its default, unless its text does."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text, default = action.help or "", action.default
        if "default" in text or not (action.option_strings or action.nargs):
            return text
        # By identity: a default of 0 is worth showing, and equals False.
        if default is None or default is False or default in ("", argparse.SUPPRESS, []):
            return text
        if isinstance(default, (tuple, list)):
            separator = {"WxH": "x", None: " "}.get(action.metavar, ",")
            default = separator.join(map(str, default))
        return f"{text} (default: {default})".replace("%", "%%")


def build_parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all commands, with the arguments of the one that is given."""
    parser = argparse.ArgumentParser(
        prog="mininet_ros", description="MiniNet-v2 semantic segmentation for robots."
    )
    parser.add_argument("--version", action="version", version=f"mininet_ros {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    called = next((word for word in given if not word.startswith("-")), None)
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(
            name, help=summary, description=summary, formatter_class=HelpWithDefaults
        )
        subparser.add_argument(
            f"--{DEBUG}", action="store_true", help="Show the traceback of an error."
        )
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
