"""Runs the command ``benchmark``."""

from __future__ import annotations

import argparse
import json
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from mininet_ros.lab.benchmark.cameras import as_table as as_cameras_table
from mininet_ros.lab.benchmark.cameras import measure_cameras
from mininet_ros.lab.benchmark.entries import OPENVINO, OTHERS, engines_of
from mininet_ros.lab.benchmark.measure import measure
from mininet_ros.lab.benchmark.node import as_table as as_node_table
from mininet_ros.lab.benchmark.node import measure_node
from mininet_ros.lab.benchmark.report import PLOT_MARK, as_table, as_values, draw
from mininet_ros.result_files import check_result_file, write_result_file

CAMERA_HZ, CAMERA_SECONDS = 30.0, 10.0
TEAM_RATE, TEAM_SECONDS, MAX_ROBOTS = "1mbit", 60.0, 100


def benchmark(arguments: argparse.Namespace) -> None:
    """Time engines side by side, the GPU, or nodes in a ROS graph.

    Raises:
        ValueError, RuntimeError: something cannot be measured; the message says why.
    """
    if arguments.team is not None:
        _benchmark_team(arguments)
    elif arguments.node and arguments.cameras is not None:
        _benchmark_cameras(arguments)
    elif arguments.cameras is not None:
        raise ValueError("--cameras is for the node: give --node, too")
    elif arguments.node:
        _benchmark_node(arguments)
    elif arguments.gpu:
        _benchmark_gpu(arguments)
    elif arguments.growth:
        _benchmark_growth(arguments)
    else:
        _benchmark_engines(arguments)


def _benchmark_engines(arguments: argparse.Namespace) -> None:
    if arguments.plot:
        check_result_file(arguments.plot, PLOT_MARK)
    others = {name for name in OTHERS if getattr(arguments, name)}
    if arguments.all:
        others |= {name for name in OTHERS if name != OPENVINO or find_spec(OPENVINO)}
    with TemporaryDirectory() as folder:
        engines, size = engines_of(
            arguments.models, arguments.onnx, arguments.input_size, others, Path(folder)
        )
        timings, gflops = measure(engines, *size, arguments.threads, arguments.rounds)
    values = as_values(timings, gflops, size, arguments.threads)
    if arguments.plot:
        write_result_file(arguments.plot, draw(values), PLOT_MARK)
    print(json.dumps(values, indent=2) if arguments.json else as_table(values))


def _benchmark_growth(arguments: argparse.Namespace) -> None:
    from mininet_ros.lab.benchmark.growth import AXES, measure_growth
    from mininet_ros.lab.benchmark.growth_report import as_growth_table, draw_growth

    if arguments.plot:
        check_result_file(arguments.plot, PLOT_MARK)
    axes = arguments.axis or [axis for axis in AXES if axis != "cameras" or find_spec("rclpy")]
    if len(arguments.models) > 1:
        raise ValueError(f"--growth is of one model, not {len(arguments.models)}")
    (name,) = arguments.models or ["camvid"]
    with TemporaryDirectory() as folder:
        points = measure_growth(name, axes, arguments.threads, arguments.rounds, Path(folder))
    if arguments.plot:
        write_result_file(arguments.plot, draw_growth(points), PLOT_MARK)
    if arguments.json:
        print(json.dumps([point.as_dict() for point in points], indent=2))
    else:
        print(as_growth_table(points))


def _benchmark_gpu(arguments: argparse.Namespace) -> None:
    from mininet_ros.lab.benchmark.gpu import as_table as as_gpu_table
    from mininet_ros.lab.benchmark.gpu import measure_gpu

    timings = [
        measure_gpu(model, arguments.input_size, arguments.batch)
        for model in arguments.models or ["camvid"]
    ]
    if arguments.json:
        print(json.dumps([timing.as_dict() for timing in timings], indent=2))
    else:
        print(as_gpu_table(timings))


def _benchmark_team(arguments: argparse.Namespace) -> None:
    from mininet_ros.lab.benchmark.team.measure import measure_team
    from mininet_ros.lab.benchmark.team.report import as_table as as_team_table

    if not 1 <= arguments.team <= MAX_ROBOTS:
        raise ValueError(f"--team is from 1 to {MAX_ROBOTS} robots, not {arguments.team}")
    if not 0.0 <= arguments.loss <= 90.0:
        raise ValueError(f"--loss is from 0 to 90 percent, not {arguments.loss:g}")
    seconds = TEAM_SECONDS if arguments.seconds is None else arguments.seconds
    rate = TEAM_RATE if arguments.rate is None else arguments.rate
    rate = "" if rate == "none" else rate
    if not 0.0 <= arguments.silence <= 2 / 3 * seconds:
        raise ValueError(
            f"--silence is at most two thirds of --seconds ({seconds:g}), not {arguments.silence:g}"
        )
    timing = measure_team(arguments.team, rate, arguments.loss, seconds, arguments.silence)
    print(json.dumps(timing.as_dict(), indent=2) if arguments.json else as_team_table([timing]))


def _camera_stream(arguments: argparse.Namespace) -> tuple[float, float, int]:
    """Return rate in Hz, length in seconds and number of threads of a camera stream."""
    seconds = CAMERA_SECONDS if arguments.seconds is None else arguments.seconds
    if arguments.rate is None:
        return CAMERA_HZ, seconds, arguments.threads
    try:
        return float(arguments.rate), seconds, arguments.threads
    except ValueError:
        raise ValueError(f"--rate '{arguments.rate}' of a camera is images a second") from None


def _benchmark_node(arguments: argparse.Namespace) -> None:
    rate_hz, seconds, threads = _camera_stream(arguments)
    timings = [
        measure_node(model, width, height, rate_hz, seconds, threads)
        for model in arguments.models or ["camvid"]
        for width, height in arguments.camera_size or [(640, 480)]
    ]
    if arguments.json:
        print(json.dumps([timing.as_dict() for timing in timings], indent=2))
    else:
        print(as_node_table(timings))


def _benchmark_cameras(arguments: argparse.Namespace) -> None:
    rate_hz, seconds, threads = _camera_stream(arguments)
    timings = [
        timing
        for model in arguments.models or ["camvid"]
        for width, height in arguments.camera_size or [(640, 480)]
        for timing in measure_cameras(
            model, arguments.cameras, width, height, rate_hz, seconds, threads
        )
    ]
    if arguments.json:
        print(json.dumps([timing.as_dict() for timing in timings], indent=2))
    else:
        print(as_cameras_table(timings))
