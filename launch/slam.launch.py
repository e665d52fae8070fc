"""Visual SLAM without moving things: ``ros2 launch mininet_ros slam.launch.py image:=...``.

``slam:=cuvslam right:=/camera/infra2/image_rect_raw`` hands cuVSLAM a mask of what may move;
``slam:=rtabmap depth:=/camera/aligned_depth_to_color/image_raw`` hands RTAB-Map depth images
without it. Without ``slam:=`` only the masks are made, for a SLAM system that you start yourself.
"""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node

from mininet_ros.nodes.cloud.topics import DEPTH
from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    camera_arguments,
    network_arguments,
    params_file_argument,
    process_arguments,
)
from mininet_ros.nodes.launching import existing_file, included, names_from
from mininet_ros.nodes.recipes import (
    absolute,
    camera_info_beside,
    foreign_node,
    how_to_install,
    is_installed,
)
from mininet_ros.nodes.segmentation.topics import RESULTS

# From Isaac ROS 5 on, and before.
CUVSLAM = ("isaac_ros_cuvslam", "isaac_ros_visual_slam")
RTABMAP = "rtabmap_launch"
OF_BOTH = ("namespace", "image", "use_sim_time", "log_level", "respawn", "dds_profile")
OF_SEGMENTATION = (*OF_BOTH, "image_transport", "qos", "backend", "threads", "model")


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, and the nodes that they start."""
    return LaunchDescription(
        [
            *camera_arguments(),
            DeclareLaunchArgument(
                "slam",
                default_value="none",
                choices=["none", "cuvslam", "rtabmap"],
                description="SLAM system that is started.",
            ),
            DeclareLaunchArgument(
                "right",
                default_value="",
                description="Topic of the right camera's images, for slam:=cuvslam; image:= is the "
                "left one.",
            ),
            DeclareLaunchArgument(
                "depth",
                default_value="",
                description="Topic of the depth images, registered to the camera, for "
                "slam:=rtabmap; given, semantic_depth is published.",
            ),
            DeclareLaunchArgument(
                "base_frame", default_value="base_link", description="Frame of the robot."
            ),
            *network_arguments(),
            params_file_argument(
                "params_file",
                CONFIG / "slam_masks.yaml",
                "Which classes may move: parameters of segmentation and semantic cloud.",
            ),
            params_file_argument(
                "cuvslam_params_file",
                CONFIG / "slam_cuvslam.yaml",
                "Parameters of cuVSLAM, as a yaml file.",
            ),
            *process_arguments(),
            # First, so that nothing starts where a package is missing.
            OpaqueFunction(function=slam),
            OpaqueFunction(function=masks),
        ]
    )


def masks(context: LaunchContext) -> list[GroupAction]:
    """Return the nodes that make class_mask and, of depth images, semantic_depth."""
    given = context.launch_configurations
    file = existing_file("params_file", given["params_file"])
    values = {name: given[name] for name in OF_SEGMENTATION}
    actions = [included("segment.launch.py", params_file=file, **values)]
    if given["depth"]:
        values = {name: given[name] for name in OF_BOTH}
        actions.append(
            included(
                "cloud.launch.py",
                depth=given["depth"],
                params_file=file,
                # So that it does not need vision_msgs.
                model=names_from(given, file),
                **values,
            )
        )
    return actions


def slam(context: LaunchContext) -> list[Node | GroupAction]:
    given = context.launch_configurations
    if given["slam"] == "cuvslam":
        return [cuvslam(context)]
    if given["slam"] == "rtabmap":
        return [rtabmap(context)]
    return []


def cuvslam(context: LaunchContext) -> Node:
    given = context.launch_configurations
    if not given["right"]:
        raise ValueError("slam:=cuvslam needs right:=, the topic of the right camera's images.")
    installed = [package for package in CUVSLAM if is_installed(package)]
    package = (installed or CUVSLAM)[0]
    return foreign_node(
        context,
        package,
        package,
        "slam:=cuvslam",
        parameters=[
            existing_file("cuvslam_params_file", given["cuvslam_params_file"]),
            {"base_frame": given["base_frame"]},
        ],
        remappings={
            "visual_slam/image_0": given["image"],
            "visual_slam/camera_info_0": camera_info_beside(given["image"]),
            "visual_slam/image_1": given["right"],
            "visual_slam/camera_info_1": camera_info_beside(given["right"]),
            "visual_slam/seg_mask_0": RESULTS["class_mask"].name,
        },
        name="visual_slam",
        namespace=given["namespace"],
    )


def rtabmap(context: LaunchContext) -> GroupAction:
    """Return RTAB-Map, which passes over pixels without depth (Vis/DepthAsMask, its default)."""
    given = context.launch_configurations
    if not given["depth"]:
        raise ValueError("slam:=rtabmap needs depth:=, the topic of the registered depth images.")
    if not is_installed(RTABMAP):
        raise RuntimeError(how_to_install("rtabmap_ros", "slam:=rtabmap", context))
    namespace, image = given["namespace"], given["image"]
    arguments = {
        "rgb_topic": absolute(image, namespace),
        "camera_info_topic": absolute(camera_info_beside(image), namespace),
        "depth_topic": absolute(DEPTH.name, namespace),
        "frame_id": given["base_frame"],
        "namespace": f"{namespace}/rtabmap".strip("/"),
        # The depth image comes when the mask is ready: the image waits for it here.
        "approx_sync": "true",
        "approx_sync_max_interval": "0.02",
        "sync_queue_size": "30",
        "topic_queue_size": "30",
        "rtabmap_viz": "false",
        "use_sim_time": given["use_sim_time"].lower() or "false",
    }
    path = Path(get_package_share_directory(RTABMAP)) / "launch" / "rtabmap.launch.py"
    # Not forwarded: RTAB-Map's file has arguments of the same names that mean something else.
    return GroupAction(
        [
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(path)), launch_arguments=list(arguments.items())
            )
        ],
        forwarding=False,
    )
