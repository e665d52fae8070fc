"""Look at everything in RViz or Foxglove: ``ros2 launch mininet_ros view.launch.py``.

``ros2 launch mininet_ros view.launch.py image:=/camera/image_raw`` with a camera,
``ros2 launch mininet_ros view.launch.py source:=generated`` without one.

Starts segmentation and keyframe selector, with ``depth:=`` also the semantic cloud, and the viewers
that are installed.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, GroupAction, LogInfo, OpaqueFunction
from launch_ros.actions import Node

from mininet_ros.nodes.cloud.topics import CLOUD
from mininet_ros.nodes.keyframes.topics import KEYFRAMES, SCORES
from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    camera_arguments,
    network_arguments,
    process_arguments,
    selection_arguments,
)
from mininet_ros.nodes.launching import included
from mininet_ros.nodes.recipes import (
    absolute,
    foreign_node,
    how_to_install,
    is_installed,
    layout_for,
)
from mininet_ros.nodes.segmentation.topics import IMAGE, RESULTS

PACKAGES = {"rviz": "rviz2", "foxglove": "foxglove_bridge"}
SHOWN = (RESULTS["overlay"], RESULTS["mask"], KEYFRAMES["image"], SCORES, CLOUD)
OF_CAMERA = ("namespace", "image", "source", "use_sim_time", "log_level", "respawn", "dds_profile")
OF_PIPELINE = ("namespace", "image", "image_transport", "qos", "backend", "threads", "model")
OF_PIPELINE += ("preset", "classes", "mode", "use_sim_time", "log_level", "respawn", "dds_profile")
OF_CLOUD = ("namespace", "image", "depth", "use_sim_time", "log_level", "respawn", "dds_profile")


def generate_launch_description() -> LaunchDescription:
    """Return the arguments, the nodes and the viewers."""
    return LaunchDescription(
        [
            *camera_arguments(),
            DeclareLaunchArgument(
                "source",
                default_value="",
                description="Video, folder, camera index or generated, published as the camera; "
                "empty where a camera driver runs.",
            ),
            DeclareLaunchArgument(
                "depth",
                default_value="",
                description="Topic of the registered depth images, for the semantic cloud; empty "
                "for no cloud.",
            ),
            DeclareLaunchArgument(
                "viewer",
                default_value="both",
                choices=["both", *PACKAGES],
                description="Viewers to start.",
            ),
            DeclareLaunchArgument(
                "fixed_frame",
                default_value="camera_optical_frame",
                description="Frame in which RViz shows the cloud.",
            ),
            DeclareLaunchArgument(
                "port", default_value="8765", description="Port of the Foxglove bridge."
            ),
            *network_arguments(),
            *selection_arguments(preset="slam"),
            *process_arguments(),
            # First, so that nothing starts where no viewer is installed.
            OpaqueFunction(function=viewers),
            OpaqueFunction(function=nodes),
        ]
    )


def nodes(context: LaunchContext) -> list[GroupAction]:
    given = context.launch_configurations
    files: list[tuple[str, tuple[str, ...]]] = [("pipeline.launch.py", OF_PIPELINE)]
    if given["source"]:
        files.insert(0, ("camera.launch.py", OF_CAMERA))
    if given["depth"]:
        files.append(("cloud.launch.py", OF_CLOUD))
    return [included(file, **{name: given[name] for name in names}) for file, names in files]


def viewers(context: LaunchContext) -> list[Node | LogInfo]:
    given = context.launch_configurations
    wanted = PACKAGES if given["viewer"] == "both" else (given["viewer"],)
    missing = [name for name in wanted if not is_installed(PACKAGES[name])]
    sentences = [how_to_install(PACKAGES[name], f"viewer:={name}", context) for name in missing]
    if len(missing) == len(wanted):
        raise RuntimeError("; ".join(sentences))
    topics = {f"/{topic.name}": absolute(topic.name, given["namespace"]) for topic in SHOWN}
    topics[f"/{IMAGE.name}"] = absolute(given["image"], given["namespace"])
    actions: list[Node | LogInfo] = [LogInfo(msg=sentence) for sentence in sentences]
    if "rviz" in wanted and "rviz" not in missing:
        arguments = ["-d", str(CONFIG / "mininet_ros.rviz"), "-f", given["fixed_frame"]]
        actions.append(
            foreign_node(
                context, "rviz2", "rviz2", "viewer:=rviz", remappings=topics, arguments=arguments
            )
        )
    if "foxglove" in wanted and "foxglove" not in missing:
        layout = layout_for(CONFIG / "foxglove.json", topics)
        port = given["port"]
        actions += [
            foreign_node(
                context,
                "foxglove_bridge",
                "foxglove_bridge",
                "viewer:=foxglove",
                parameters=[{"port": int(port)}],
            ),
            LogInfo(
                msg=f"Foxglove: open a connection to ws://localhost:{port} and import the layout "
                f"{layout}"
            ),
        ]
    return actions
