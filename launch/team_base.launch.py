"""Receive a team's frames at the base station: ``/<robot>/team/image/compressed`` and more.

``ros2 launch mininet_ros team_base.launch.py listen:=tcp/0.0.0.0:7447``

The base station's graph stays on this machine: export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST for
RViz and the command line tools, too.
"""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from mininet_ros.nodes.launching import class_list, graph_of_this_machine


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node that they start."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "listen",
                default_value="tcp/0.0.0.0:7447",
                description="Where robots find this base station; several separated by commas.",
            ),
            DeclareLaunchArgument(
                "connect",
                default_value="",
                description="Zenoh routers between robots and this base station, separated by "
                "commas; usually none.",
            ),
            DeclareLaunchArgument(
                "team_config",
                default_value="",
                description="File with further Zenoh configuration: certificates, access control.",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                choices=["debug", "info", "warn", "error", "fatal"],
                description="Least severity of what is logged.",
            ),
            OpaqueFunction(function=graph_of_this_machine),
            OpaqueFunction(function=team_base_node),
        ]
    )


def team_base_node(context: LaunchContext) -> list[Node]:
    given = context.launch_configurations
    return [
        Node(
            package="mininet_ros",
            executable="team_base_node",
            name="team_base",
            parameters=[
                {
                    "listen": class_list(given["listen"]),
                    "connect": class_list(given["connect"]),
                    "team_config": given["team_config"],
                }
            ],
            ros_arguments=["--log-level", given["log_level"]],
            output="screen",
        )
    ]
