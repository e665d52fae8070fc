"""The command ``demo``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.view_options import add_view


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "input",
        nargs="?",
        default="generated",
        help="Image, folder, video, bag, camera index, URL, or 'generated'.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo_output"),
        metavar="DIR",
        help="Folder for pictures and summary.",
    )
    parser.add_argument("--model", default="camvid", help="Model that labels the images.")
    parser.add_argument(
        "--backend", default="cpu", choices=("auto", "cpu", "gpu"), help="Where the network runs."
    )
    parser.add_argument(
        "--preset",
        default="text",
        choices=("slam", "team", "text"),
        help="Preset of the keyframe selector.",
    )
    parser.add_argument("--seconds", type=float, default=20.0, help="Longest run, in seconds.")
    add_view(parser)
    parser.add_argument(
        "--rate", type=float, default=0.0, help="Number of frames per second; 0 is the input's own."
    )


def run(arguments: Namespace) -> None:
    """Segment a stream in a real ROS 2 graph and report."""
    from mininet_ros.demo.run import run_demo

    run_demo(
        source=arguments.input,
        output=arguments.output,
        model=arguments.model,
        backend=arguments.backend,
        preset=arguments.preset,
        seconds=arguments.seconds,
        rate_hz=arguments.rate,
        view=arguments.view,
        save_rrd=arguments.save_rrd,
    )
