"""The parameters of the team base node."""

from __future__ import annotations

from dataclasses import dataclass

from mininet_ros.parameters import parameter


@dataclass(frozen=True)
class TeamBaseParameters:
    """Parameters of the connections to robots."""

    listen: tuple[str, ...] = parameter(
        ("tcp/0.0.0.0:7447",),
        "Zenoh endpoints on which robots find this base station, for example ['tcp/0.0.0.0:7447'].",
    )
    connect: tuple[str, ...] = parameter(
        ("",),
        "Zenoh endpoints of routers between the robots and this base station; usually none.",
    )
    views_bytes_per_s: int = parameter(
        8000,
        "Largest rate of messages that tell robots which views their mates have sent, bytes per "
        "second for all robots together; 0 sends none, and several robots may then send the same "
        "view.",
        0,
        10**9,
    )
    team_config: str = parameter(
        "",
        "File with further Zenoh configuration, for example TLS certificates and access control; "
        "empty for none, and robots may then use the keys of a team and no others.",
    )
