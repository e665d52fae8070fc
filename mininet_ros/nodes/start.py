"""Entry points of the nodes: each imports its module only when called.

The imports of a node take a second or more. A signal during that time ends the process at once and
silently, because there is nothing to release yet.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from importlib.util import find_spec

from mininet_ros.extras import missing_extra
from mininet_ros.freed_memory import use_one_arena

_ENDING = (signal.SIGINT, signal.SIGTERM)
_ROOM = "mininet_ros.nodes"
MODULES = {
    "segmentation_node": f"{_ROOM}.segmentation.segmentation_node",
    "segmentation_group": f"{_ROOM}.segmentation.group",
    "keyframe_selector_node": f"{_ROOM}.keyframes.keyframe_selector_node",
    "image_stream_node": f"{_ROOM}.camera.image_stream_node",
    "stream_recorder_node": f"{_ROOM}.recorder.stream_recorder_node",
    "mask_timing_node": f"{_ROOM}.recorder.mask_timing_node",
    "semantic_cloud_node": f"{_ROOM}.cloud.semantic_cloud_node",
    "team_recorder_node": f"{_ROOM}.recorder.team_recorder_node",
    "team_base_node": f"{_ROOM}.team.team_base_node",
}
"""Module of each executable; its function ``main`` returns the exit status."""


def start(executable: str) -> int:
    """Run an executable, named by a key of ``MODULES``; return its exit status."""
    # rclpy's wheels from PyPI restart the process when they are imported. Signals in that time are
    # held back, because a new interpreter would answer them with a traceback.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    if find_spec("rclpy") is None:
        how = f"source your ROS 2 installation; without one, {missing_extra('a node', 'ros')}"
        print(f"{executable}: {how}", file=sys.stderr)
        return 1
    use_one_arena()
    import_module("rclpy")
    for number in _ENDING:
        signal.signal(number, lambda *_: os._exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    return import_module(MODULES[executable]).main()


def segmentation_node() -> int:
    """Run the segmentation node."""
    return start("segmentation_node")


def keyframe_selector_node() -> int:
    """Run the keyframe selector."""
    return start("keyframe_selector_node")


def image_stream_node() -> int:
    """Run the node that publishes files as a camera."""
    return start("image_stream_node")


def stream_recorder_node() -> int:
    """Run the recorder."""
    return start("stream_recorder_node")


def semantic_cloud_node() -> int:
    """Run the node that publishes labelled points."""
    return start("semantic_cloud_node")


def team_base_node() -> int:
    """Run the base station of a team."""
    return start("team_base_node")


def main() -> int:
    """Run the executable that the first argument names: ``python -m mininet_ros.nodes NAME``."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in MODULES:
        print(f"name one of the nodes: {', '.join(MODULES)}", file=sys.stderr)
        return 2
    del sys.argv[1]
    return start(name)
