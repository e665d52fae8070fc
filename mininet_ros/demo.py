"""The demo: stream, segmentation and recorder as processes of one ROS 2 graph.

This process only starts and watches them; the graph is theirs.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mininet_ros.share import share_folder

NODES = "mininet_ros.nodes"
DEMO_DOMAINS = range(150, 200)
GRACE_S = 10.0
STARTUP_S = 60.0


class DemoError(RuntimeError):
    """The demo did not come to its end; one sentence says what happened."""


def run_demo(
    source: str, output: Path, model: str, backend: str, seconds: float, rate_hz: float
) -> dict[str, Any]:
    """Segment ``source`` in a graph of three processes; leave pictures and ``summary.json``.

    Args:
        source: what :func:`mininet_ros.sequences.open_sequence` takes.
        output: folder for ``overlays/``, ``contact_sheet.png`` and ``summary.json``.
        model, backend: parameters of the segmentation node.
        seconds: longest run; the stream is cut there.
        rate_hz: images a second; 0 for the source's own rate.

    Returns:
        The summary.

    Raises:
        DemoError: rclpy is not installed, a process failed, or none gave a mask.
        SequenceError: the source can't be opened.
    """
    from mininet_ros.sequences import open_sequence

    if find_spec("rclpy") is None:
        raise DemoError("the demo needs rclpy: run `make demo`, or source your ROS 2 installation")
    if not seconds > 0:
        raise DemoError(f"the demo must run for more than 0 seconds, not {seconds}")
    sequence = open_sequence(source, rate_hz or None)
    images = max(1, round(seconds * sequence.rate_hz))
    if sequence.length is not None:
        images = min(images, sequence.length)
    sequence.close()
    (output / "summary.json").unlink(missing_ok=True)
    environment = demo_environment()
    recorder, segmentation, stream = (
        [sys.executable, "-m", f"{NODES}.{name}", "--ros-args", *_parameters(parameters)]
        for name, parameters in (
            ("stream_recorder_node", {"output_dir": str(output), "start_timeout": STARTUP_S}),
            ("segmentation_node", {"model": model, "backend": backend}),
            (
                "image_stream_node",
                {
                    "source": source,
                    "rate": rate_hz,
                    "loop": False,
                    "max_images": images,
                    # The segmentation node takes the images, the recorder counts them.
                    "wait_for_subscribers": 2,
                },
            ),
        )
    )
    print(
        f"{images} images of {source} at {sequence.rate_hz:g} Hz, in ROS domain "
        f"{environment['ROS_DOMAIN_ID']}: Ctrl-C ends the demo early"
    )
    _run_together(recorder, (segmentation, stream), environment)
    summary = json.loads((output / "summary.json").read_text())
    print_summary(summary, output)
    return summary


def demo_environment() -> dict[str, str]:
    """Environment of the demo's processes.

    This machine only and a ROS domain of their own, whatever the user's is: the demo's ``image``
    must never reach a robot's nodes. A Fast DDS profile that the user has chosen stays.
    """
    profile = str(share_folder() / "config" / "fastdds_images.xml")
    profiles = dict.fromkeys(
        ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"), profile
    )
    return {
        **profiles,
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "ROS_DOMAIN_ID": str(random.choice(DEMO_DOMAINS)),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        # The same for Humble; later distributions warn of it.
        **({"ROS_LOCALHOST_ONLY": "1"} if os.environ.get("ROS_DISTRO") == "humble" else {}),
    }


def print_summary(summary: dict[str, Any], output: Path) -> None:
    """Print what came out, and where the pictures are."""
    latency = summary["latency_ms"]
    print(
        f"{summary['published']} published, {summary['masks']} masks, "
        f"{summary['replaced']} replaced by newer ones, {summary['lost']} lost; "
        f"{summary['rate_hz']} Hz, latency {latency['median']} ms median, {latency['p95']} ms p95\n"
        f"{summary['model']} on {summary['backend']} ({summary['runtime']}, {summary['device']})\n"
        f"pictures: {output / 'contact_sheet.png'}, {output / 'overlays'}"
    )


def _parameters(parameters: dict[str, Any]) -> list[str]:
    arguments = []
    for name, value in parameters.items():
        if isinstance(value, str):
            value = "'" + value.replace("'", "''") + "'"
        elif isinstance(value, bool):
            value = str(value).lower()
        arguments += ["-p", f"{name}:={value}"]
    return arguments


def _run_together(
    awaited: Sequence[str], others: Sequence[Sequence[str]], environment: dict[str, str]
) -> None:
    """Run processes until the awaited one ends; a failure of any ends all.

    Raises:
        DemoError: a process failed; it has said why on standard error.
    """
    processes = [
        subprocess.Popen(command, env=environment, start_new_session=True)
        for command in (awaited, *others)
    ]
    try:
        while processes[0].poll() is None:
            for process in processes[1:]:
                if process.poll():
                    raise DemoError(f"{_name(process)} ended with status {process.returncode}")
            time.sleep(0.05)
    except KeyboardInterrupt:
        print()
        # The stream alone: without it the recorder ends by itself, once the last masks are in.
        processes[-1].send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            processes[0].wait(GRACE_S)
    finally:
        _end(processes)
    if processes[0].returncode:
        raise DemoError(f"{_name(processes[0])} ended with status {processes[0].returncode}")


def _end(processes: Sequence[subprocess.Popen]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + GRACE_S
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _name(process: subprocess.Popen) -> str:
    return str(process.args[2]).rsplit(".", 1)[-1]
