"""Settings of a robot's link to the team."""

from __future__ import annotations

from dataclasses import dataclass

from mininet_ros.parameters import parameter

ROS, ZENOH = "ros", "zenoh"


@dataclass(frozen=True)
class LinkSettings:
    """Settings of the transport to team mates."""

    team_link: str = parameter(
        ROS,
        "Transport of frames to team mates: ros publishes the topics team/ in the robot's own "
        "graph, zenoh sends them over the radio to the base station at team_endpoints.",
        choices=(ROS, ZENOH),
    )
    team_endpoints: tuple[str, ...] = parameter(
        ("",),
        "Zenoh endpoints of base stations where team_link is zenoh, for example "
        "['tcp/10.0.0.1:7447']; the first that answers is used.",
    )
    robot_name: str = parameter(
        "",
        "Name of the robot in the team, one for each robot; empty takes the node's namespace.",
    )
    team_config: str = parameter(
        "",
        "File with further Zenoh configuration where team_link is zenoh, for example TLS "
        "certificates; empty for none.",
    )
