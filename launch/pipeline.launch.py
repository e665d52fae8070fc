"""Segment a camera stream and select its keyframes.

``ros2 launch mininet_ros pipeline.launch.py image:=/camera/image_raw preset:=slam``
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.substitutions import LaunchConfiguration

from mininet_ros.nodes.common.launch_arguments import (
    CONFIG,
    backend_argument,
    camera_arguments,
    included,
    model_argument,
    params_file_argument,
    process_arguments,
    selection_arguments,
)

FOR_BOTH = ("namespace", "image", "image_transport", "model")
FOR_BOTH += ("use_sim_time", "log_level", "dds_profile")


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
            *process_arguments(),
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
            ),
        ]
    )
