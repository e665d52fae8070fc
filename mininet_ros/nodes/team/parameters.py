"""The parameters of the team base node."""

from __future__ import annotations

from mininet_ros.nodes.common.parameters import ParameterSpec

TEAM_BASE_PARAMETERS = (
    ParameterSpec(
        "listen",
        ("tcp/0.0.0.0:7447",),
        "Endpoints on which robots find this base station, such as [tcp/0.0.0.0:7447].",
    ),
    ParameterSpec(
        "connect",
        ("",),
        "Endpoints of Zenoh routers between robots and this base station; usually none.",
    ),
    ParameterSpec(
        "team_config",
        "",
        "File with further Zenoh configuration, such as TLS certificates and access control; "
        "empty for none: then robots may use the keys of a team and no other.",
    ),
)
