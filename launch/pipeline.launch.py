"""Segment a camera stream and select its keyframes.

``ros2 launch mininet_ros pipeline.launch.py image:=/camera/image_raw preset:=slam``

With ``team_link:=zenoh team_endpoints:=tcp/10.0.0.1:7447`` frames for the team go over the radio to
the base station's ``team_base.launch.py``.
"""

from __future__ import annotations

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import GroupAction, OpaqueFunction
from launch.substitutions import LaunchConfiguration

from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    camera_arguments,
    network_arguments,
    params_file_argument,
    process_arguments,
    selection_arguments,
    team_arguments,
)
from mininet_ros.nodes.launching import existing_file, included, names_from, robot_graph
from mininet_ros.parameters import read_parameter_file

NODE = "keyframe_selector"
FOR_BOTH = ("namespace", "image", "image_transport", "qos")
FOR_BOTH += ("use_sim_time", "log_level", "respawn", "dds_profile")
FOR_THE_TEAM = ("team_link", "team_endpoints", "robot_name", "team_config")


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and both launch files with theirs."""
    return LaunchDescription(
        [
            *camera_arguments(),
            *network_arguments(),
            *selection_arguments(preset="slam"),
            params_file_argument(
                "segmentation_params_file",
                CONFIG / "segmentation.yaml",
                "Parameters of the segmentation node, as a yaml file.",
            ),
            params_file_argument(
                "keyframes_params_file",
                "",
                "Parameters of the keyframe selector besides those of the preset, as a yaml file.",
            ),
            *team_arguments(),
            *process_arguments(),
            OpaqueFunction(function=robot_graph),
            OpaqueFunction(function=both_nodes),
        ]
    )


def both_nodes(context: LaunchContext) -> list[GroupAction]:
    given = context.launch_configurations
    both = {name: LaunchConfiguration(name) for name in FOR_BOTH}
    own = given["keyframes_params_file"]
    own = (
        read_parameter_file(Path(existing_file("keyframes_params_file", own)), NODE) if own else {}
    )
    names = names_from(given, given["segmentation_params_file"])
    return [
        included(
            "segment.launch.py",
            **both,
            model=given["model"],
            backend=given["backend"],
            threads=given["threads"],
            params_file=given["segmentation_params_file"],
        ),
        included(
            "keyframes.launch.py",
            **both,
            # The selector's own file may name another; the argument wins over both.
            model=given["model"] or ("" if own.get("model") else names),
            preset=given["preset"],
            classes=given["classes"],
            mode=given["mode"],
            params_file=given["keyframes_params_file"],
            **{name: given[name] for name in FOR_THE_TEAM},
        ),
    ]
