"""The launch files' arguments, of one vocabulary.

An argument that is not given leaves its parameter to the parameter files; one that is given wins.
"""

from __future__ import annotations

from pathlib import Path

from launch.actions import DeclareLaunchArgument

from mininet_ros.nodes.common.endpoints import RELIABILITIES
from mininet_ros.nodes.common.transport import image_profile
from mininet_ros.share import share_folder

CONFIG = share_folder() / "config"
DDS_PROFILE = str(image_profile())
FROM_PARAMS_FILE = "Not given: what the parameter files say."


def camera_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments of a node that takes a camera's images."""
    return [
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
            "qos",
            default_value="",
            choices=["", *RELIABILITIES],
            description="Reliability of the subscriptions to the camera and to masks. "
            f"{FROM_PARAMS_FILE}",
        ),
    ]


def model_argument(purpose: str) -> DeclareLaunchArgument:
    """Return the argument that names a model.

    Args:
        purpose: what it is for, in a few words.
    """
    return DeclareLaunchArgument(
        "model",
        default_value="",
        description=f"Model family, folder name or path: {purpose}. {FROM_PARAMS_FILE}",
    )


def network_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments of a network: where it runs, on how many processors, and which."""
    return [
        DeclareLaunchArgument(
            "backend",
            default_value="",
            choices=["", "auto", "cpu", "gpu"],
            description=f"Where the network runs. {FROM_PARAMS_FILE}",
        ),
        DeclareLaunchArgument(
            "threads",
            default_value="",
            description="CPU threads of the network; 0 lets the runtime choose. "
            f"{FROM_PARAMS_FILE}",
        ),
        model_argument("what labels the images"),
    ]


def selection_arguments(preset: str) -> list[DeclareLaunchArgument]:
    """Return the arguments that say which frames are looked for.

    Args:
        preset: the one that is taken unless another is named.
    """
    # Here, for they bring OpenCV along, which a launch without them need not wait for.
    from mininet_ros.keyframes import Mode
    from mininet_ros.keyframes.settings import preset_names

    return [
        DeclareLaunchArgument(
            "preset",
            default_value=preset,
            choices=["", *preset_names()],
            description="Parameters for a use, of config/keyframes_<preset>.yaml; empty: the "
            "defaults.",
        ),
        DeclareLaunchArgument(
            "classes",
            default_value="",
            description="Target classes of the model with optional weights, separated by commas: "
            f"'SignSymbol, Car: 0.5'. {FROM_PARAMS_FILE}",
        ),
        DeclareLaunchArgument(
            "mode",
            default_value="",
            choices=["", *(mode.value for mode in Mode)],
            description=f"How frames are picked. {FROM_PARAMS_FILE}",
        ),
    ]


def team_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments of the link to team mates."""
    return [
        DeclareLaunchArgument(
            "team_link",
            default_value="",
            choices=["", "ros", "zenoh"],
            description="How frames reach team mates: ros (topics in this graph), or zenoh: over "
            "the radio to team_endpoints, while this robot's own graph stays on this machine. "
            f"{FROM_PARAMS_FILE}",
        ),
        DeclareLaunchArgument(
            "team_endpoints",
            default_value="",
            description="Base stations for team_link:=zenoh, separated by commas: "
            f"tcp/10.0.0.1:7447. {FROM_PARAMS_FILE}",
        ),
        DeclareLaunchArgument(
            "robot_name",
            default_value="",
            description="Name of this robot in the team; not given: its namespace.",
        ),
        DeclareLaunchArgument(
            "team_config",
            default_value="",
            description="File with further Zenoh configuration, such as TLS certificates. "
            f"{FROM_PARAMS_FILE}",
        ),
    ]


def process_arguments() -> list[DeclareLaunchArgument]:
    """Return the arguments that every node has as a process."""
    return [
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
            description="Least severity of what the nodes themselves log.",
        ),
        DeclareLaunchArgument(
            "respawn",
            default_value="false",
            choices=["true", "false"],
            description="Whether a node that ends by an error is started again; otherwise it ends "
            "the launch with a status that is not 0.",
        ),
        DeclareLaunchArgument(
            "dds_profile",
            default_value=DDS_PROFILE,
            description="Fast DDS profile of the nodes. The shipped one lets large images "
            "through, unless the environment names a profile already; empty: what each node "
            "chooses by itself. The camera driver needs it, too.",
        ),
    ]


def params_file_argument(name: str, default: Path | str, description: str) -> DeclareLaunchArgument:
    """Return the argument for a yaml file with parameters."""
    return DeclareLaunchArgument(name, default_value=str(default), description=description)
