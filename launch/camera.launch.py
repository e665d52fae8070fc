"""Publish a video, a folder of pictures or a camera: ``ros2 launch mininet_ros camera.launch.py``.

``ros2 launch mininet_ros camera.launch.py source:=drive.mp4 image:=/camera/image_raw``
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from mininet_ros.nodes.camera.image_stream_node import ImageStreamParameters
from mininet_ros.nodes.launch_arguments import process_arguments
from mininet_ros.nodes.launching import camera_topics, package_node
from mininet_ros.parameters import parameter_specs, to_values

ARGUMENTS = {"source": str, "rate": float, "loop": bool, "frame_id": str, "width": int}
ARGUMENTS |= {"height": int}
KINDS = {bool: "true or false", int: "an integer", float: "a number"}


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node that they start."""
    specs = {spec.name: spec for spec in parameter_specs(ImageStreamParameters)}
    defaults = to_values(ImageStreamParameters())
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "namespace", default_value="", description="Namespace, one for each robot."
            ),
            DeclareLaunchArgument(
                "image",
                default_value="image",
                description="Topic of the images; camera_info is published beside it.",
            ),
            *(
                DeclareLaunchArgument(
                    name, default_value=str(defaults[name]), description=specs[name].description
                )
                for name in ARGUMENTS
            ),
            *process_arguments(),
            OpaqueFunction(function=image_stream_node),
        ]
    )


def image_stream_node(context: LaunchContext) -> list[Node]:
    given = context.launch_configurations
    values = {name: argument_value(name, given[name], kind) for name, kind in ARGUMENTS.items()}
    if given["use_sim_time"]:
        values["use_sim_time"] = given["use_sim_time"].lower() == "true"
    topics = camera_topics(given["image"])
    namespace = given["namespace"]
    return [package_node(context, "image_stream_node", "image_stream", namespace, [values], topics)]


def argument_value(name: str, text: str, kind: type) -> object:
    """Return the value of an argument in its parameter's type.

    Raises:
        ValueError: the text is not of that type.
    """
    if kind is str:
        return ParameterValue(text, value_type=str)  # a source may be called 0
    if kind is bool and text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return {int: int, float: float}[kind](text)
    except (KeyError, ValueError):
        raise ValueError(f"{name}:={text} cannot be used: give {KINDS[kind]}.") from None
