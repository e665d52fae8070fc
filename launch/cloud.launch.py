"""Labelled points: ``ros2 launch mininet_ros cloud.launch.py depth:=/camera/depth/image_rect``."""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    model_argument,
    params_file_argument,
    process_arguments,
)
from mininet_ros.nodes.launching import camera_node, camera_topics

IMAGE_HELP = "Topic of the colour images for the points' colours."
DEPTH_HELP = (
    "Topic of the depth images, registered to the camera of the mask; camera_info is taken from "
    "beside it."
)


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node that they start."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "namespace", default_value="", description="Namespace, one for each robot."
            ),
            DeclareLaunchArgument("image", default_value="image", description=IMAGE_HELP),
            DeclareLaunchArgument("depth", default_value="depth", description=DEPTH_HELP),
            model_argument("names the masks' classes"),
            params_file_argument(
                "params_file",
                CONFIG / "semantic_cloud.yaml",
                "Parameters of the node, as a yaml file.",
            ),
            *process_arguments(),
            OpaqueFunction(function=semantic_cloud_node),
        ]
    )


def semantic_cloud_node(context: LaunchContext) -> list[Node]:
    depth = context.launch_configurations["depth"]
    topics = []
    if depth != "depth":
        (_, images), (_, info) = camera_topics(depth)
        topics = [("depth", images), ("depth/camera_info", info)]
    return [
        camera_node(
            context,
            executable="semantic_cloud_node",
            name="semantic_cloud",
            params_files=[context.launch_configurations["params_file"]],
            overrides=("model",),
            topics=topics,
        )
    ]
