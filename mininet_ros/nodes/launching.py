"""What the launch files share: nodes that are made of their arguments.

An argument that is not given leaves its parameter to the parameter files; one that is given wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from launch import LaunchContext
from launch.actions import (
    GroupAction,
    IncludeLaunchDescription,
    SetEnvironmentVariable,
)
from launch.events.process import ProcessExited
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from mininet_ros.nodes.common.transport import PROFILE_VARIABLES
from mininet_ros.nodes.launch_arguments import DDS_PROFILE
from mininet_ros.nodes.segmentation.parameters import SegmentationParameters
from mininet_ros.parameters import read_parameter_file
from mininet_ros.share import share_folder

LAUNCH = share_folder() / "launch"
RESPAWN_DELAY_S = 2.0


def threads_given(text: str) -> dict[str, int]:
    """Return the parameter threads, where the argument is given.

    Raises:
        ValueError: the argument is no number.
    """
    if not text:
        return {}
    if not text.isdecimal():
        raise ValueError(f"threads:={text} is no number: give 0 or more threads.")
    return {"threads": int(text)}


def graph_of_this_machine(context: LaunchContext) -> list[SetEnvironmentVariable]:
    """Return what keeps the nodes that are started from here on off the network."""
    if context.environment.get("ROS_DISTRO") == "humble":
        return [SetEnvironmentVariable("ROS_LOCALHOST_ONLY", "1")]
    return [SetEnvironmentVariable("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")]


def robot_graph(context: LaunchContext) -> list[SetEnvironmentVariable]:
    """Return what keeps a robot's graph off the radio where its link is zenoh."""
    zenoh = context.launch_configurations["team_link"] == "zenoh"
    return graph_of_this_machine(context) if zenoh else []


def camera_node(
    context: LaunchContext,
    executable: str,
    name: str,
    params_files: Sequence[str],
    overrides: Sequence[str],
    further: Mapping[str, object] | None = None,
    topics: Sequence[tuple[str, str]] = (),
) -> Node:
    """Return a node of this package that takes a camera's images, as the arguments describe it.

    Args:
        context: knows the values of the arguments.
        executable: of this package.
        name: of the node.
        params_files: the later win.
        overrides: arguments that stand for the string parameter of their name, where given.
        further: values of other parameters.
        topics: remappings besides those of the camera.

    Raises:
        ValueError: an argument names a file that does not exist, or a compressed topic.
    """
    given = context.launch_configurations
    parameters: list[object] = [existing_file("params_file", file) for file in params_files]
    values = dict(further or {})
    for parameter in overrides:
        if given[parameter]:
            # As a string: a model may be called 1.
            values[parameter] = ParameterValue(given[parameter], value_type=str)
    if given.get("qos"):
        values["reliability"] = given["qos"]
    if given["use_sim_time"]:
        values["use_sim_time"] = given["use_sim_time"].lower() == "true"
    if values:
        parameters.append(values)
    remappings = [*camera_topics(given["image"]), *topics]
    return package_node(context, executable, name, given["namespace"], parameters, remappings)


def package_node(
    context: LaunchContext,
    executable: str,
    name: str,
    namespace: str,
    parameters: Sequence[object],
    remappings: Sequence[tuple[str, str]] = (),
) -> Node:
    """Return a node of this package as a process, by the arguments of :func:`process_arguments`.

    Args:
        context: knows the values of the arguments.
        executable: of this package.
        name, namespace: of the node.
        parameters: files and values; the later win.
        remappings: of its topics.

    Raises:
        ValueError: an argument names a file that does not exist.
    """
    given = context.launch_configurations
    respawn = given["respawn"] == "true"
    return Node(
        package="mininet_ros",
        executable=executable,
        # Both names given, so that overrides are of this very node and win over a params_file
        # that names it.
        name=name,
        namespace=namespace,
        parameters=parameters,
        remappings=remappings,
        ros_arguments=["--log-level", f"{logger_name(namespace, name)}:={given['log_level']}"],
        additional_env=dds_environment(given["dds_profile"], context),
        respawn=respawn,
        respawn_delay=RESPAWN_DELAY_S,
        on_exit=None if respawn else end_with_error,
        output="screen",
    )


def end_with_error(event: ProcessExited, context: LaunchContext) -> None:
    """End the launch with a status that is not 0, for a process of it failed.

    Raises:
        RuntimeError: the process ended by an error; launch ends by it.
    """
    if event.returncode and not context.is_shutdown:
        raise RuntimeError(
            f"{event.process_name} ended with status {event.returncode}; its last line says why"
        )


def logger_name(namespace: str, node: str) -> str:
    """Return the name of a node's logger: of the node alone, not of what it is made of."""
    return ".".join([*filter(None, namespace.split("/")), node])


def names_from(given: Mapping[str, str], params_file: str) -> str:
    """Return the model whose class names the masks have, as the segmentation node's arguments say.

    Args:
        given: values of the arguments.
        params_file: parameters of the segmentation node; "" for none.

    Raises:
        ValueError: the file cannot be read.
    """
    if given["model"] or not params_file:
        return given["model"] or SegmentationParameters().model
    path = Path(existing_file("params_file", params_file))
    named = read_parameter_file(path, "segmentation").get("model")
    return str(named or SegmentationParameters().model)


def class_list(text: str) -> list[str]:
    """Return the entries of the argument classes, which may also look like a yaml list."""
    entries = text.strip().removeprefix("[").removesuffix("]").split(",")
    return [entry.strip().strip("'\"") for entry in entries]


def included(launch_file: str, **arguments: object) -> GroupAction:
    """Return a launch file of this package with these arguments, which end with it."""
    source = PythonLaunchDescriptionSource(str(LAUNCH / launch_file))
    return GroupAction([IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))])


def camera_topics(image: str) -> list[tuple[str, str]]:
    """Return the remappings to a camera: its images, and the camera_info beside them.

    Raises:
        ValueError: the topic is one of compressed images.
    """
    if image.endswith("/compressed"):
        base = image[: -len("/compressed")]
        raise ValueError(
            f"image:={image} is a compressed topic: give image:={base} image_transport:=compressed."
        )
    return [("image", image), ("camera_info", str(PurePosixPath(image).with_name("camera_info")))]


def dds_environment(profile: str, context: LaunchContext) -> dict[str, str]:
    """Return the environment variables that give a node a Fast DDS profile.

    Raises:
        ValueError: there is no such file.
    """
    chosen = any(context.environment.get(name) for name in PROFILE_VARIABLES)
    if not profile or (chosen and profile == DDS_PROFILE):
        return {}
    return dict.fromkeys(PROFILE_VARIABLES, existing_file("dds_profile", profile))


def existing_file(argument: str, path: str) -> str:
    """Return the path of a file that an argument names.

    Raises:
        ValueError: there is no such file.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f"{argument}:={path} is no file: give the path of one that exists.")
    return str(file)
