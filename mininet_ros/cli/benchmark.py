"""The command ``benchmark``."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import input_size


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("models", nargs="*", help="model folders' names or paths")
    parser.add_argument(
        "--onnx", type=Path, action="append", default=[], metavar="FILE", help="a peer; repeatable"
    )
    parser.add_argument("--pytorch", action="store_true", help="also eager PyTorch on the CPU")
    parser.add_argument("--naive", action="store_true", help="also as PyTorch itself exports it")
    parser.add_argument("--openvino", action="store_true", help="also our graphs in OpenVINO")
    parser.add_argument(
        "--all",
        action="store_true",
        help="--pytorch, --naive, and --openvino where it is installed",
    )
    parser.add_argument("--input-size", type=input_size, metavar="WxH", help="default: the model's")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="default: every core")
    parser.add_argument("--rounds", type=int, default=40, help="of four runs (default: 40)")
    parser.add_argument("--plot", type=Path, metavar="PNG")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    _add_gpu(parser)
    _add_node(parser)


def run(arguments: Namespace) -> None:
    """Carry out the command; see the function that it calls."""
    from mininet_ros.lab.benchmark.run import benchmark

    benchmark(arguments)


def _add_gpu(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "GPU", "Instead: the models on CUDA, against plain eager float32 in the same run."
    )
    group.add_argument("--gpu", action="store_true", help="an error where there is none")
    group.add_argument("--batch", type=int, default=16, help="for the throughput (default: 16)")


def _add_node(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "node", "Instead: the segmentation node in a real graph, from image message to mask."
    )
    group.add_argument("--node", action="store_true")
    group.add_argument(
        "--cameras",
        type=int,
        metavar="N",
        help="as many cameras and nodes: the nodes in a process each, then all in one process",
    )
    group.add_argument(
        "--camera-size",
        type=input_size,
        action="append",
        metavar="WxH",
        help="repeatable (default: 640x480)",
    )
    group.add_argument("--rate", type=float, default=30.0, help="(default: 30 Hz)")
    group.add_argument("--seconds", type=float, default=10.0, help="(default: 10)")
