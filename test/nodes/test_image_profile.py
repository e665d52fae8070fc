"""Every node takes the shipped Fast DDS profile by itself, unless its user has chosen."""

from __future__ import annotations

import pytest
from node_arguments import parameters
from ros_graph import PROFILE

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from mininet_ros.nodes.common import transport
from mininet_ros.nodes.common.transport import (
    PROFILE_VARIABLES,
    lost_images_advice,
    use_image_profile,
)

# Deep, so that a busy machine does not look like a lossy transport.
CAMERA_QOS = QoSProfile(depth=60, reliability=ReliabilityPolicy.BEST_EFFORT)


def test_a_node_takes_the_shipped_profile_where_nobody_has_chosen(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    environment: dict[str, str] = {}
    assert use_image_profile(environment)
    assert environment == dict.fromkeys(PROFILE_VARIABLES, str(PROFILE))


@pytest.mark.parametrize("variable", PROFILE_VARIABLES)
@pytest.mark.parametrize("value", ["/mine.xml", ""])
def test_the_users_choice_of_a_profile_stays(monkeypatch, tmp_path, variable, value):
    monkeypatch.chdir(tmp_path)
    environment = {variable: value}
    assert not use_image_profile(environment)
    assert environment == {variable: value}


def test_a_profile_in_the_working_directory_stays(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "DEFAULT_FASTRTPS_PROFILES.xml").touch()
    environment: dict[str, str] = {}
    assert not use_image_profile(environment)
    assert environment == {}


def test_other_middleware_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        transport, "get_rmw_implementation_identifier", lambda: "rmw_cyclonedds_cpp"
    )
    environment: dict[str, str] = {}
    assert not use_image_profile(environment)
    assert "export" not in lost_images_advice()


@pytest.mark.parametrize(
    ("distribution", "variable"),
    [("humble", "FASTRTPS"), ("jazzy", "FASTRTPS"), ("kilted", "FASTDDS"), ("rolling", "FASTDDS")],
)
def test_the_advice_for_other_drivers_is_a_line_to_export(monkeypatch, distribution, variable):
    monkeypatch.setenv("ROS_DISTRO", distribution)
    line = f"export {variable}_DEFAULT_PROFILES_FILE={PROFILE}"
    assert line in lost_images_advice()


def test_a_camera_node_started_by_itself_loses_no_image(graph, monkeypatch, tmp_path):
    """``ros2 run mininet_ros image_stream_node`` without any environment."""
    for variable in PROFILE_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    images = graph.listen(Image, "image", CAMERA_QOS)
    node = graph.start(
        "image_stream_node",
        *parameters(max_images=60, loop=False, width=1280, height=720, wait_for_subscribers=1),
    )
    graph.spin_until(lambda: node.process.poll() is not None)
    assert node.wait() == 0
    assert len(images) == 60
