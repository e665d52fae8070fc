"""Segment a camera stream: ``ros2 launch mininet_ros segment.launch.py image:=/camera/image_raw``.

An argument that is not given leaves its parameter to ``params_file``; one that is given wins.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    camera_arguments,
    network_arguments,
    params_file_argument,
    process_arguments,
)
from mininet_ros.nodes.launching import camera_node, threads_given


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node that they start."""
    return LaunchDescription(
        [
            *camera_arguments(),
            *network_arguments(),
            params_file_argument(
                "params_file",
                CONFIG / "segmentation.yaml",
                "Parameters of the node, as a yaml file.",
            ),
            *process_arguments(),
            OpaqueFunction(function=segmentation_node),
        ]
    )


def segmentation_node(context: LaunchContext) -> list[Node]:
    return [
        camera_node(
            context,
            executable="segmentation_node",
            name="segmentation",
            params_files=[context.launch_configurations["params_file"]],
            overrides=("image_transport", "backend", "model"),
            further=threads_given(context.launch_configurations["threads"]),
        )
    ]
