"""The launch files of the team: the arguments of the link, the base station, local graphs."""

from __future__ import annotations

import pytest
from launch_rig import (
    launch,  # noqa: F401 - a fixture
    needs_launch,
    probes,  # noqa: F401 - a fixture
)

pytestmark = needs_launch

TEAM = ("team_link:=zenoh", "team_endpoints:=tcp/10.0.0.1:7447, tls/10.0.0.2:7447")


@pytest.mark.parametrize("file", ["keyframes.launch.py", "pipeline.launch.py"])
def test_the_link_reaches_the_selector_and_the_graph_stays_at_home(probes, file):  # noqa: F811
    seen, _ = probes(
        file,
        "namespace:=robot1",
        "robot_name:=scout",
        "team_config:=/etc/team.json5",
        *TEAM,
        ROS_AUTOMATIC_DISCOVERY_RANGE="SUBNET",
    )
    values = seen["/robot1/keyframe_selector"]["parameters"]
    assert values["team_link"] == "zenoh"
    assert values["team_endpoints"] == ["tcp/10.0.0.1:7447", "tls/10.0.0.2:7447"]
    assert (values["robot_name"], values["team_config"]) == ("scout", "/etc/team.json5")
    ranges = {probe["environment"]["ROS_AUTOMATIC_DISCOVERY_RANGE"] for probe in seen.values()}
    assert ranges == {"LOCALHOST"}


def test_on_humble_the_graph_stays_at_home_in_its_own_way(probes):  # noqa: F811
    seen, _ = probes("pipeline.launch.py", *TEAM, "namespace:=robot1", ROS_DISTRO="humble")
    assert {probe["environment"]["ROS_LOCALHOST_ONLY"] for probe in seen.values()} == {"1"}


def test_without_the_radio_discovery_is_the_users_own(probes):  # noqa: F811
    seen, _ = probes("pipeline.launch.py", ROS_AUTOMATIC_DISCOVERY_RANGE="SUBNET")
    ranges = {probe["environment"]["ROS_AUTOMATIC_DISCOVERY_RANGE"] for probe in seen.values()}
    assert ranges == {"SUBNET"}


def test_the_base_station_listens_and_stays_at_home(probes):  # noqa: F811
    seen, _ = probes(
        "team_base.launch.py", "listen:=tcp/0.0.0.0:7000", ROS_AUTOMATIC_DISCOVERY_RANGE="SUBNET"
    )
    base = seen["/team_base"]
    assert base["executable"] == "team_base_node"
    assert base["parameters"]["listen"] == ["tcp/0.0.0.0:7000"]
    assert base["environment"]["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
