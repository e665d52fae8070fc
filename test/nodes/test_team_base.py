"""The team link in a ROS graph: what robots send over Zenoh comes out at the base station."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")

from keyframe_rig import known_classes, numbers  # noqa: F401 - a fixture
from std_msgs.msg import String
from team_rig import free_endpoint, start_base, start_robot

pytestmark = pytest.mark.usefixtures("known_classes")


def test_frames_come_out_at_the_base_station_once_and_with_their_stamps(graph):
    endpoint = free_endpoint()
    base = start_base(graph, endpoint)
    robot = start_robot(graph, endpoint, listen_to=("team_images", "team_masks", "team_infos"))
    robot.play(*range(12))
    graph.spin_until(lambda: len(robot.team_images) >= 5)
    graph.spin_for(1.0)
    sent = numbers(robot.team_images)
    assert len(sent) == len(set(sent))
    assert set(sent) <= set(range(12))
    assert numbers(robot.team_masks) == sent
    assert numbers(robot.team_infos) == sent
    image, mask = robot.team_images[0], robot.team_masks[0]
    assert ("jpeg" in image.format, "png" in mask.format) == (True, True)
    assert image.header.frame_id == "front_camera"
    _, values = robot.report(lambda status, values: values["team_waiting"] == "0")
    assert values["team_contact"] == "True"
    assert values["team_robot_name"] == "robot1"
    assert int(values["team_arrived"]) == len(sent)
    status, values = graph.next_report(
        robot.reports, f"{base.get_fully_qualified_name()}: team base", lambda s, v: True
    )
    assert status.message == "in contact with 1 robots"
    assert values["robot1/messages"] == str(3 * len(sent))


def test_the_robots_own_graph_has_no_team_topics(graph):
    endpoint = free_endpoint()
    robot = start_robot(graph, endpoint, listen_to=())
    topics = {
        name
        for name, _ in robot.node.get_publisher_names_and_types_by_node(
            "keyframe_selector", "/robot1"
        )
    }
    assert not {topic for topic in topics if "/team/" in topic}


def test_what_nobody_subscribes_to_is_not_sent(graph):
    endpoint = free_endpoint()
    start_base(graph, endpoint)
    robot = start_robot(graph, endpoint, listen_to=("team_masks",))
    robot.play(*range(8))
    graph.spin_until(lambda: len(robot.team_masks) >= 3)
    assert robot.node._outputs.team.wanted == {"mask"}
    _, values = robot.report(lambda status, values: int(values["team_arrived"]) >= 3)
    # Small: without images.
    assert int(values["team_sent_bytes"]) < 1000 * int(values["team_sent"])


def test_interest_at_the_base_station_changes_the_robots_targets(graph):
    endpoint = free_endpoint()
    start_base(graph, endpoint)
    robot = start_robot(graph, endpoint)
    to_all = graph.publisher(String, "/team/interest")
    graph.spin_until(to_all.get_subscription_count)
    graph.spin_for(0.3)
    to_all.publish(String(data="door: 3, sign: 0"))
    _, values = robot.report(lambda status, values: values["team_interest"] != "")
    assert values["targets"] == "door: 3"
    to_all.publish(String(data="lamp"))
    assert "lamp, which the model of this robot does not know" in robot.warning("looks for")
    to_all.publish(String(data=""))
    _, values = robot.report(lambda status, values: values["team_interest"] == "")
    assert values["targets"] == "sign: 1"
