"""Classes in Nav2's costmap: ``ros2 launch mininet_ros nav2.launch.py image:=... depth:=...``.

Starts the segmentation, what Nav2's semantic segmentation layer needs beside it (a point for each
pixel of the mask), and a costmap with that layer to look at. With ``costmap:=false`` your own Nav2
has the layer.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction
from launch_ros.actions import Node

from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    camera_arguments,
    network_arguments,
    params_file_argument,
    process_arguments,
)
from mininet_ros.nodes.launching import existing_file, included
from mininet_ros.nodes.recipes import absolute, camera_info_beside, foreign_node, is_installed
from mininet_ros.nodes.segmentation.topics import LABEL_INFO, RESULTS

LAYER = "semantic_segmentation_layer"
READ = (RESULTS["mask"], RESULTS["confidence"], LABEL_INFO)
OF_SEGMENTATION = ("namespace", "image", "image_transport", "qos", "backend", "threads", "model")
OF_SEGMENTATION += ("params_file", "use_sim_time", "log_level", "respawn", "dds_profile")


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and the nodes that they start."""
    return LaunchDescription(
        [
            *camera_arguments(),
            DeclareLaunchArgument(
                "depth",
                default_value="depth",
                description="Topic of the depth images, registered to the camera and of its size; "
                "camera_info is taken from beside it.",
            ),
            DeclareLaunchArgument(
                "points",
                default_value="",
                description="Topic of a point cloud with a point for each pixel of the mask, where "
                "the camera driver publishes one; empty: made of the depth images.",
            ),
            DeclareLaunchArgument(
                "costmap",
                default_value="true",
                choices=["true", "false"],
                description="Whether a costmap with the layer is started; false where Nav2 runs.",
            ),
            params_file_argument(
                "costmap_params_file",
                CONFIG / "nav2_costmap.yaml",
                "Parameters of the costmap, as a yaml file.",
            ),
            *network_arguments(),
            params_file_argument(
                "params_file",
                CONFIG / "segmentation.yaml",
                "Parameters of the segmentation node, as a yaml file.",
            ),
            *process_arguments(),
            # First, so that nothing starts where a package is missing.
            OpaqueFunction(function=costmap),
            OpaqueFunction(function=points),
            OpaqueFunction(function=segmentation),
        ]
    )


def segmentation(context: LaunchContext) -> list[GroupAction]:
    given = context.launch_configurations
    arguments = {name: given[name] for name in OF_SEGMENTATION}
    return [included("segment.launch.py", **arguments)]


def points(context: LaunchContext) -> list[Node]:
    """Return the node that makes an ordered point cloud of depth images, unless there is one."""
    given = context.launch_configurations
    if given["points"]:
        return []
    return [
        foreign_node(
            context,
            "depth_image_proc",
            "point_cloud_xyz_node",
            "a point for each pixel (or points:=)",
            name="point_cloud_xyz",
            namespace=given["namespace"],
            remappings={
                "image_rect": given["depth"],
                "camera_info": camera_info_beside(given["depth"]),
            },
        )
    ]


def costmap(context: LaunchContext) -> list[Node]:
    """Return a costmap that stands alone, and the manager that activates it."""
    given = context.launch_configurations
    if given["costmap"] == "false":
        return []
    if not is_installed(LAYER):
        raise RuntimeError(
            f"costmap:=true needs {LAYER}, which is not installed: build it in your workspace from "
            f"https://github.com/ros-navigation/{LAYER}, or give costmap:=false"
        )
    topics = {f"/{topic.name}": absolute(topic.name, given["namespace"]) for topic in READ}
    topics["/points"] = absolute(given["points"] or "points", given["namespace"])
    file = existing_file("costmap_params_file", given["costmap_params_file"])
    return [
        foreign_node(
            context,
            "nav2_costmap_2d",
            "nav2_costmap_2d",
            "costmap:=true",
            parameters=[file],
            remappings=topics,
        ),
        foreign_node(
            context,
            "nav2_lifecycle_manager",
            "lifecycle_manager",
            "costmap:=true",
            name="lifecycle_manager_costmap",
            parameters=[
                # The costmap alone has no bond with its manager.
                {"autostart": True, "node_names": ["costmap/costmap"], "bond_timeout": 0.0}
            ],
        ),
    ]
