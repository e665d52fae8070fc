"""Segment a camera stream and select its keyframes.

``ros2 launch mininet_ros pipeline.launch.py image:=/camera/image_raw preset:=slam``

With ``team_link:=zenoh team_endpoints:=tcp/10.0.0.1:7447`` frames for the team go over the radio to
the base station's ``team_base.launch.py``.
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import OpaqueFunction
from launch.substitutions import LaunchConfiguration

from mininet_ros.nodes.common.launch_arguments import (
    CONFIG,
    backend_argument,
    camera_arguments,
    included,
    model_argument,
    params_file_argument,
    process_arguments,
    robot_graph,
    selection_arguments,
    team_arguments,
)

FOR_BOTH = ("namespace", "image", "image_transport", "model")
FOR_BOTH += ("use_sim_time", "log_level", "dds_profile")
FOR_THE_TEAM = ("team_link", "team_endpoints", "robot_name", "team_config")


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and both launch files with theirs."""
    both = {name: LaunchConfiguration(name) for name in FOR_BOTH}
    return LaunchDescription(
        [
            *camera_arguments(),
            backend_argument(),
            model_argument("what labels the images"),
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
            included(
                "segment.launch.py",
                **both,
                backend=LaunchConfiguration("backend"),
                params_file=LaunchConfiguration("segmentation_params_file"),
            ),
            included(
                "keyframes.launch.py",
                **both,
                preset=LaunchConfiguration("preset"),
                classes=LaunchConfiguration("classes"),
                mode=LaunchConfiguration("mode"),
                params_file=LaunchConfiguration("keyframes_params_file"),
                **{name: LaunchConfiguration(name) for name in FOR_THE_TEAM},
            ),
        ]
    )
