"""Select keyframes beside a running segmentation node of the same namespace.

``ros2 launch mininet_ros keyframes.launch.py image:=/camera/image_raw preset:=slam``

The preset comes first, then ``params_file``, then the arguments; the later win.
"""

from __future__ import annotations

from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import OpaqueFunction
from launch_ros.actions import Node

from mininet_ros.nodes.launch_arguments import (
    CONFIG,
    camera_arguments,
    model_argument,
    params_file_argument,
    process_arguments,
    selection_arguments,
    team_arguments,
)
from mininet_ros.nodes.launching import (
    camera_node,
    class_list,
    existing_file,
    names_from,
    robot_graph,
)
from mininet_ros.parameters import read_parameter_file

NODE = "keyframe_selector"
FOR_THE_TEAM = ("team_link", "robot_name", "team_config")


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node that they start."""
    return LaunchDescription(
        [
            *camera_arguments(),
            model_argument(
                "whose class names the masks have, where nobody publishes segmentation/label_info; "
                "the segmentation node's default unless a parameter file names one"
            ),
            *selection_arguments(preset="slam"),
            params_file_argument(
                "params_file",
                "",
                "Parameters of the node besides those of the preset, as a yaml file.",
            ),
            *team_arguments(),
            *process_arguments(),
            OpaqueFunction(function=robot_graph),
            OpaqueFunction(function=keyframe_selector_node),
        ]
    )


def keyframe_selector_node(context: LaunchContext) -> list[Node]:
    given = context.launch_configurations
    files = [str(CONFIG / "keyframes.yaml")]
    if given["preset"]:
        files.append(str(CONFIG / f"keyframes_{given['preset']}.yaml"))
    if given["params_file"]:
        files.append(existing_file("params_file", given["params_file"]))
    further: dict[str, object] = {
        name: class_list(given[name]) for name in ("classes", "team_endpoints") if given[name]
    }
    named = [read_parameter_file(Path(file).expanduser(), NODE).get("model") for file in files[1:]]
    if not any(named):
        further["model"] = names_from(given, "")
    return [
        camera_node(
            context,
            executable="keyframe_selector_node",
            name=NODE,
            params_files=files,
            overrides=("image_transport", "model", "mode", *FOR_THE_TEAM),
            further=further,
        )
    ]
