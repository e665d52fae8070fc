"""A team on one machine: robots' selectors, a base station, a Zenoh port of the test's own."""

from __future__ import annotations

from typing import Any

import pytest
from keyframe_rig import EVERY_FRAME, Rig
from rclpy.parameter import Parameter

pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")

from mininet_ros.nodes.team.team_base_node import TeamBaseNode


def start_base(graph, endpoint: str, **parameters: Any) -> TeamBaseNode:
    """Add a base station to a graph."""
    values = {"listen": [endpoint]} | parameters
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return graph.add(TeamBaseNode(context=graph.context, parameter_overrides=overrides))


def start_robot(
    graph, endpoint: str, namespace: str = "/robot1", listen_to=("team_images",), **parameters: Any
) -> Rig:
    """Add a robot's selector to a graph; it works as soon as the base station wants something."""
    values = EVERY_FRAME | {"team_link": "zenoh", "team_endpoints": [endpoint]} | parameters
    return Rig(graph, namespace, listen_to, **values)
