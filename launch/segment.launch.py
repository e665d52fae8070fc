"""Segment a camera stream: ``ros2 launch mininet_ros segment.launch.py image:=/camera/image_raw``.

An argument that is not given leaves its parameter to ``params_file``; one that is given wins.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

CONFIG = Path(__file__).resolve().parents[1] / "config"
PARAMETERS = str(CONFIG / "segmentation.yaml")
DDS_PROFILE = str(CONFIG / "fastdds_images.xml")
# Fast DDS 2 (Humble, Jazzy) reads the first name, Fast DDS 3 (Kilted and later) the second.
DDS_PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
FROM_PARAMS_FILE = "Not given: what params_file says."


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node that they start."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "namespace", default_value="", description="Namespace, one for each robot."
            ),
            DeclareLaunchArgument(
                "image",
                default_value="image",
                description="Topic of the camera images, also for compressed ones the name without "
                "/compressed; camera_info is taken from beside it.",
            ),
            DeclareLaunchArgument(
                "image_transport",
                default_value="",
                choices=["", "raw", "compressed"],
                description=f"How the camera images come. {FROM_PARAMS_FILE}",
            ),
            DeclareLaunchArgument(
                "backend",
                default_value="",
                choices=["", "auto", "cpu", "gpu"],
                description=f"Where the network runs. {FROM_PARAMS_FILE}",
            ),
            DeclareLaunchArgument(
                "model",
                default_value="",
                description=f"Model family, folder name or path. {FROM_PARAMS_FILE}",
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=PARAMETERS,
                description="Parameters of the node, as a yaml file.",
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="",
                choices=["", "true", "false", "True", "False"],
                description=f"Take the time from /clock (simulators, bags). {FROM_PARAMS_FILE}",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                choices=["debug", "info", "warn", "error", "fatal"],
                description="Least severity of what is logged.",
            ),
            DeclareLaunchArgument(
                "dds_profile",
                default_value=DDS_PROFILE,
                description="Fast DDS profile of the node. The shipped one lets large images "
                "through, unless the environment names a profile already; empty: what the "
                "environment says. The camera driver needs it, too.",
            ),
            OpaqueFunction(function=segmentation_node),
        ]
    )


def segmentation_node(context: LaunchContext) -> list[Node]:
    """Return the node that the values of the arguments describe.

    Raises:
        ValueError: an argument names a file that does not exist, or a compressed topic.
    """
    given = context.launch_configurations
    parameters = [existing_file("params_file", given["params_file"])]
    overrides = {
        # As a string: a model may be called 1.
        name: ParameterValue(given[name], value_type=str)
        for name in ("image_transport", "backend", "model")
        if given[name]
    }
    if given["use_sim_time"]:
        overrides["use_sim_time"] = given["use_sim_time"].lower() == "true"
    if overrides:
        parameters.append(overrides)
    return [
        Node(
            package="mininet_ros",
            executable="segmentation_node",
            # Both names given, so that overrides are of this very node and win over a params_file
            # that names it.
            name="segmentation",
            namespace=given["namespace"],
            parameters=parameters,
            remappings=camera_topics(given["image"]),
            ros_arguments=["--log-level", given["log_level"]],
            additional_env=dds_environment(given["dds_profile"], context),
            output="screen",
        )
    ]


def camera_topics(image: str) -> list[tuple[str, str]]:
    """Return the remappings to a camera: its images, and the camera_info beside them."""
    if image.endswith("/compressed"):
        base = image[: -len("/compressed")]
        raise ValueError(
            f"image:={image} is a compressed topic: give image:={base} image_transport:=compressed."
        )
    return [("image", image), ("camera_info", str(PurePosixPath(image).with_name("camera_info")))]


def dds_environment(profile: str, context: LaunchContext) -> dict[str, str]:
    """Return the environment variables that give the node a Fast DDS profile."""
    chosen = any(context.environment.get(name) for name in DDS_PROFILE_VARIABLES)
    if not profile or (chosen and profile == DDS_PROFILE):
        return {}
    return dict.fromkeys(DDS_PROFILE_VARIABLES, existing_file("dds_profile", profile))


def existing_file(argument: str, path: str) -> str:
    file = Path(path).expanduser()
    if not file.is_file():
        raise ValueError(f"{argument}:={path} is no file: give the path of one that exists.")
    return str(file)
