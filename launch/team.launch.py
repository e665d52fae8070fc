"""Try a team of robots on one machine: each a camera from files, a segmentation, a selector.

``ros2 launch mininet_ros team.launch.py robots:=2 sources:=first.mp4,second.mp4``

Robot 1 has namespace robot1, and so on. A robot works while somebody listens to it, as to
``/robot1/team/image/compressed`` or ``/robot1/keyframe/scores``.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    network_arguments,
    params_file_argument,
    process_arguments,
    selection_arguments,
)
from mininet_ros.nodes.launching import included, package_node

MAX_ROBOTS = 16
FOR_EACH = ("backend", "threads", "model", "preset", "classes", "mode", "use_sim_time", "log_level")
FOR_EACH += ("respawn", "dds_profile", "segmentation_params_file", "keyframes_params_file")


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the robots that they describe."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "robots",
                default_value="2",
                choices=[str(count) for count in range(1, MAX_ROBOTS + 1)],
                description="How many robots.",
            ),
            DeclareLaunchArgument(
                "sources",
                default_value="generated",
                description="What the robots see, separated by commas: videos, folders of images, "
                "or generated; where there are fewer than robots, from the first again.",
            ),
            *network_arguments(),
            *selection_arguments(preset="team"),
            params_file_argument(
                "segmentation_params_file",
                CONFIG / "segmentation.yaml",
                "Parameters of the segmentation nodes, as a yaml file.",
            ),
            params_file_argument(
                "keyframes_params_file",
                "",
                "Parameters of the keyframe selectors besides those of the preset, as a yaml file.",
            ),
            *process_arguments(),
            OpaqueFunction(function=robots),
        ]
    )


def robots(context: LaunchContext) -> list[Node | GroupAction]:
    given = context.launch_configurations
    sources = [source.strip() for source in given["sources"].split(",") if source.strip()]
    if not sources:
        raise ValueError("sources:= names none: give files separated by commas, or generated.")
    actions: list[Node | GroupAction] = []
    for index in range(int(given["robots"])):
        namespace = f"robot{index + 1}"
        actions += [
            package_node(
                context,
                "image_stream_node",
                "image_stream",
                namespace,
                [
                    {
                        "source": sources[index % len(sources)],
                        "frame_id": f"{namespace}/camera_optical_frame",
                    }
                ],
            ),
            included(
                "pipeline.launch.py",
                namespace=namespace,
                image="image",
                image_transport="raw",
                **{name: LaunchConfiguration(name) for name in FOR_EACH},
            ),
        ]
    return actions
