"""The ``mininet_ros`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mininet_ros import commands
from mininet_ros.arguments import (
    add_data_options,
    add_network_options,
    add_precision,
    input_size,
)
from mininet_ros.benchmark import arguments as benchmarking
from mininet_ros.offline import arguments as selection
from mininet_ros.study import arguments as study
from mininet_ros.training import arguments as training
from mininet_ros.training import export_arguments as exporting

Handler = Callable[[argparse.Namespace], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the process's exit status.

    An error of the user's or of the machine's ends in one line on standard error and status 1,
    wrong arguments in status 2, Ctrl-C in 130.
    """
    parsed = build_parser().parse_args(arguments)
    try:
        parsed.handler(parsed)
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


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="mininet_ros", description="MiniNet-v2 semantic segmentation for robots."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_describe(subparsers)
    _add_train(subparsers)
    _add_evaluate(subparsers)
    _add_export(subparsers)
    _add_import_checkpoint(subparsers)
    _add_segment(subparsers)
    _add_select_keyframes(subparsers)
    _add_benchmark(subparsers)
    _add_study(subparsers)
    _add_demo(subparsers)
    return parser


def _command(
    subparsers: argparse._SubParsersAction, name: str, handler: Handler, summary: str
) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=summary, description=summary)
    parser.set_defaults(handler=handler)
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def _add_describe(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers, "describe", commands.describe, "Print a network's cost, or a model's card."
    )
    parser.add_argument("name", help="a network's name, or a model folder's name or path")
    parser.add_argument("--classes", type=int, default=19, help="of a network (default: 19)")
    parser.add_argument(
        "--input-size", type=input_size, default=(512, 256), metavar="WxH", help="of a network"
    )
    add_network_options(parser)
    _add_json(parser)


def _add_train(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers, "train", commands.train, "Train a network into a model folder; resumes."
    )
    training.add_arguments(parser)


def _add_evaluate(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers, "evaluate", commands.evaluate, "Score a model on a split of a dataset."
    )
    parser.add_argument("model", help="a model folder's name or path")
    add_data_options(parser)
    parser.add_argument("--split", default="val", help="train, val, ... (default: val)")
    parser.add_argument(
        "--input-size",
        type=input_size,
        metavar="WxH",
        help="default: the model's own; at another size the weights run in PyTorch",
    )
    parser.add_argument(
        "--score-at",
        default="label",
        choices=("label", "network"),
        help="size of the compared masks: the labels' (default), or the network's",
    )
    add_precision(parser)
    parser.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="write charts, best and worst images and all figures; compare PyTorch and int8",
    )
    _add_json(parser)


def _add_export(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers, "export", commands.export, "Export a model at another input size, or in int8."
    )
    exporting.add_arguments(parser)


def _add_import_checkpoint(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers,
        "import-checkpoint",
        commands.import_checkpoint,
        "Turn a TensorFlow checkpoint released by the paper's authors into a model folder.",
    )
    parser.add_argument("prefix", type=Path, help="path of the checkpoint without .index")
    parser.add_argument("--network", required=True)
    parser.add_argument(
        "--dataset",
        required=True,
        help="camvid, cityscapes, cocotext, icdar2015, or a yaml file of classes",
    )
    parser.add_argument("--input-size", type=input_size, required=True, metavar="WxH")
    add_network_options(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")


def _add_segment(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers,
        "segment",
        commands.segment,
        "Label an image, a folder, a video or the generated sequence into pictures.",
    )
    parser.add_argument("model", help="a model's name, such as camvid, or a model folder's path")
    parser.add_argument("input", help="image, folder, video, camera index, or 'generated'")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--backend", default="auto", choices=("auto", "cpu", "gpu"))
    parser.add_argument("--network", default="auto")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: one a core")
    add_precision(parser)
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames")


def _add_select_keyframes(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers,
        "select-keyframes",
        commands.select_keyframes,
        "Select the frames of a recording that are worth keeping, and report why.",
    )
    selection.add_arguments(parser)


def _add_benchmark(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers,
        "benchmark",
        commands.benchmark,
        "Time models and ONNX files side by side, each alone in its process.",
    )
    benchmarking.add_arguments(parser)


def _add_study(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers,
        "study",
        commands.study,
        "Rebuild the paper's tables: cost, time and accuracy beside the printed values.",
    )
    study.add_arguments(parser)


def _add_demo(subparsers: argparse._SubParsersAction) -> None:
    parser = _command(
        subparsers, "demo", commands.demo, "Segment a stream in a real ROS 2 graph and report."
    )
    parser.add_argument("input", nargs="?", default="generated", help="as for segment")
    parser.add_argument("--output", type=Path, default=Path("demo_output"), metavar="DIR")
    parser.add_argument("--model", default="camvid")
    parser.add_argument("--backend", default="cpu", choices=("auto", "cpu", "gpu"))
    parser.add_argument(
        "--preset", default="text", choices=("slam", "team", "text"), help="of the keyframes"
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="longest run (default: 20)")
    parser.add_argument("--rate", type=float, default=0.0, help="frames/s; 0: the input's own")


def _shows_tree(error: Exception) -> bool:
    return "expected tree" in str(error)


if __name__ == "__main__":
    sys.exit(main())
