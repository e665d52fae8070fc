"""The command ``benchmark``."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import input_size


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("models", nargs="*", help="Model folders' names or paths.")
    parser.add_argument(
        "--onnx",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="ONNX file of another network to measure beside ours; repeatable.",
    )
    parser.add_argument(
        "--pytorch", action="store_true", help="Measure eager PyTorch on the CPU, too."
    )
    parser.add_argument("--naive", action="store_true", help="Measure PyTorch's own export, too.")
    parser.add_argument(
        "--openvino", action="store_true", help="Measure our graphs in OpenVINO, too."
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="Measure everything: --pytorch, --naive, and --openvino where it is installed.",
    )
    parser.add_argument(
        "--input-size",
        type=input_size,
        metavar="WxH",
        help="Input width and height (default: the first model's).",
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=os.cpu_count(),
        help="Number of CPU threads (default: every core).",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=40,
        help="Number of rounds of a few runs each, in which the engines take turns.",
    )
    parser.add_argument("--plot", type=Path, metavar="PNG", help="Picture of the results to write.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _add_growth(parser)
    _add_gpu(parser)
    _add_node(parser)
    _add_team(parser)


def run(arguments: Namespace) -> None:
    """Carry out the command; see the function that it calls."""
    from mininet_ros.lab.benchmark.run import benchmark

    benchmark(arguments)


def _add_growth(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "growth",
        "Instead: time and memory of one model beside linear growth, with pixels, threads, "
        "classes, cameras (where rclpy is installed) and in training.",
    )
    group.add_argument("--growth", action="store_true", help="Measure growth.")
    group.add_argument(
        "--axis",
        action="append",
        choices=("pixels", "threads", "classes", "cameras", "training"),
        help="Only this axis of growth; repeatable.",
    )


def _add_gpu(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "GPU", "Instead: the models on CUDA, against plain eager float32 in the same run."
    )
    group.add_argument(
        "--gpu", action="store_true", help="Measure on CUDA; an error where there is none."
    )
    group.add_argument(
        "--batch", type=int, default=16, help="Number of pictures at once for the throughput."
    )


def _add_node(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "node", "Instead: the segmentation node in a real graph, from image message to mask."
    )
    group.add_argument("--node", action="store_true", help="Measure the segmentation node.")
    group.add_argument(
        "--cameras",
        type=int,
        metavar="N",
        help="Number of cameras and nodes: first each node in a process of its own, then all "
        "in one.",
    )
    group.add_argument(
        "--camera-size",
        type=input_size,
        action="append",
        metavar="WxH",
        help="Width and height of the camera images; repeatable (default: 640x480).",
    )


def _add_team(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "team",
        "Instead: N robots and a base station on thin links, in network namespaces. Needs root.",
    )
    group.add_argument("--team", type=int, metavar="N", help="Number of robots.")
    group.add_argument(
        "--loss", type=float, default=0.0, metavar="PERCENT", help="Share of lost packets."
    )
    group.add_argument(
        "--silence",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="Time that the base station is off the air.",
    )
    group = parser.add_argument_group("node and team")
    group.add_argument(
        "--rate",
        help="Rate of cameras in Hz (default: 30), or of radio links, such as 256kbit "
        "(default: 1mbit) or none.",
    )
    group.add_argument(
        "--seconds",
        type=float,
        help="Length of the measurement in seconds (default: 10 for cameras, 60 for a team).",
    )
