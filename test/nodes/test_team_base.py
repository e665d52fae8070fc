"""The team link in a ROS graph: what robots send over Zenoh comes out at the base station."""

from __future__ import annotations

import signal
import time

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")

from diagnostic_msgs.msg import DiagnosticArray
from keyframe_rig import known_classes, numbers  # noqa: F401 - a fixture
from node_arguments import error_line
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from team_links import free_endpoint
from team_rig import start_base, start_robot

import mininet_ros.team.robot as robot_link
from mininet_ros.team.flight import Result
from mininet_ros.team.robot import RobotLink

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


def base_report(graph, base, reports: list, part: str) -> str:
    """Wait for the base station's report with this part; return its message."""
    name = f"{base.get_fully_qualified_name()}: team base"
    status, _ = graph.next_report(reports, name, lambda status, _: part in status.message)
    return status.message


def test_another_target_changes_what_is_forwarded_within_a_second(graph):
    """Frames with a door are worth nothing until the team asks for doors."""
    endpoint = free_endpoint()
    start_base(graph, endpoint)
    robot = start_robot(graph, endpoint, listen_to=("team_images", "scores"), classes=["door"])
    interest = graph.publisher(String, "/robot1/team/interest")
    graph.spin_until(interest.get_subscription_count)
    robot.play(*range(6))
    before = robot.wait_for_scores(5)
    assert {float(frame["content"]) for frame in before} == {0.0}
    interest.publish(String(data="sign"))
    graph.spin_for(0.9)
    robot.play(*range(6, 12))
    after = robot.wait_for_scores(10)[len(before) + 1 :]
    assert any(float(frame["content"]) > 0.0 for frame in after)


def test_interest_is_for_its_time_alone(graph):
    endpoint = free_endpoint()
    robot = start_robot(graph, endpoint, listen_to=(), team_link="ros")
    now = robot.node.get_clock().now().nanoseconds / 1e9
    interest = graph.publisher(String, "/robot1/team/interest")
    graph.spin_until(interest.get_subscription_count)
    interest.publish(String(data=f"door: 2 from {now - 5:.1f} until {now + 2:.1f}"))
    robot.report(lambda status, values: values["targets"] == "sign: 1, door: 2")
    robot.report(lambda status, values: values["targets"] == "sign: 1")


def test_a_flood_of_interest_is_slowed_down_and_named(graph):
    robot = start_robot(graph, free_endpoint(), listen_to=(), team_link="ros")
    changes = []
    robot.node._interest._changed = lambda: changes.append(robot.node._interest.text())
    interest = graph.publisher(String, "/robot1/team/interest")
    graph.spin_until(interest.get_subscription_count)
    for number in range(60):
        interest.publish(String(data=f"door: {1 + number}"))
        graph.spin_for(0.02)
    assert "messages a second come on team/interest" in robot.warning("the newest counts")
    graph.spin_until(lambda: changes[-1] == "door: 60")
    assert len(changes) < 12


def test_interest_that_cannot_be_read_is_named_and_changes_nothing(graph):
    robot = start_robot(graph, free_endpoint(), listen_to=(), team_link="ros")
    interest = graph.publisher(String, "/robot1/team/interest")
    graph.spin_until(interest.get_subscription_count)
    interest.publish(String(data="door: many"))
    assert "'door: many' cannot be read" in robot.warning("cannot be read")
    assert robot.node._interest.text() == ""


def test_a_robot_without_a_base_station_says_so(graph):
    endpoint = free_endpoint()
    robot = start_robot(graph, endpoint, listen_to=())
    assert endpoint in robot.warning("no base station at")


def test_two_robots_of_one_name_are_named_on_both_sides(graph):
    endpoint = free_endpoint()
    base = start_base(graph, endpoint)
    first = start_robot(graph, endpoint, "/robot1", listen_to=())
    start_robot(graph, endpoint, "/copy", listen_to=(), robot_name="robot1")
    assert "another robot of the team is called robot1" in first.warning("another robot")
    assert "2 robots are called robot1" in base_report(graph, base, first.reports, "are called")


@pytest.mark.parametrize(("off_s", "way"), [(-60, "behind"), (60, "ahead of")])
def test_a_clock_that_is_off_is_named_and_stamps_stay(graph, monkeypatch, off_s, way):
    endpoint = free_endpoint()
    base = start_base(graph, endpoint)
    true_time = time.time_ns
    monkeypatch.setattr(robot_link.time, "time_ns", lambda: true_time() + off_s * 10**9)
    base._link._time_ns = true_time
    robot = start_robot(graph, endpoint)
    robot.play(*range(6))
    sentence = base_report(graph, base, robot.reports, "the clock of robot1")
    assert f"60 s {way} this machine's" in sentence
    graph.spin_until(lambda: robot.team_images)
    assert set(numbers(robot.team_images)) <= set(range(6))


def test_bytes_that_are_no_message_are_not_published(graph):
    endpoint = free_endpoint()
    base = start_base(graph, endpoint)
    images = graph.listen(CompressedImage, "/robot9/team/image/compressed")
    reports = graph.listen(DiagnosticArray, "/diagnostics")
    link = RobotLink("robot9", [endpoint], "", lambda: None, lambda content: None)
    try:
        graph.spin_until(lambda: link.takes)
        link.send(1, [("image", b"\x00\x01\x00\x00 neither header nor format")])
        assert "messages of robot9 cannot be read" in base_report(graph, base, reports, "robot9")
        outcomes = []
        graph.spin_until(lambda: outcomes.extend(link.collect()) or outcomes)
    finally:
        link.close()
    assert outcomes[0].result is Result.REFUSED
    assert not images


def test_a_base_station_that_is_killed_and_started_anew_gets_what_waited(graph):
    endpoint = free_endpoint()
    arguments = ("-p", f"listen:=['{endpoint}']")
    first = graph.start("team_base_node", *arguments)
    robot = start_robot(graph, endpoint)
    robot.play(*range(6))
    graph.spin_until(lambda: robot.team_images)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    robot.warning("no contact with the base station")
    before = len(robot.team_images)
    robot.play(*range(6, 12))
    robot.report(lambda status, values: int(values["team_waiting"]) > 0)
    graph.start("team_base_node", *arguments)
    graph.spin_until(lambda: len(robot.team_images) > before)
    robot.report(lambda status, values: values["team_waiting"] == "0")
    received = numbers(robot.team_images)
    assert len(received) == len(set(received))


def test_settings_that_cannot_be_used_are_one_line(ros_domain, tmp_path):
    line = error_line(tmp_path, "keyframe_selector_node", "-p", "team_link:=zenoh")
    assert "needs a name for the robot" in line
    line = error_line(
        tmp_path / "2", "keyframe_selector_node", "-p", "team_link:=zenoh", "-r", "__ns:=/robot1"
    )
    assert "set team_endpoints" in line
    line = error_line(tmp_path / "3", "team_base_node", "-p", "listen:=['7447']")
    assert "listen '7447' is no Zenoh endpoint" in line


def test_two_robots_in_one_street_do_not_both_send_what_they_see(graph):
    endpoint = free_endpoint()
    start_base(graph, endpoint)
    first = start_robot(graph, endpoint, "/robot1")
    second = start_robot(graph, endpoint, "/robot2")
    for robot in (first, second):
        graph.spin_until(lambda robot=robot: robot.node._outputs.team._link.mates is not None)
    first.play(*range(12))
    graph.spin_until(lambda: len(first.team_images) >= 5)
    first.report(lambda status, values: values["team_waiting"] == "0")
    second.play(*range(12))
    _, values = second.report(lambda status, values: int(values["team_known_to_mates"]) >= 5)
    assert int(values["team_mates_views"]) >= 5
    graph.spin_for(0.5)
    assert len(second.team_images) <= 1
    second.play(*range(200, 212))
    graph.spin_until(lambda: len(second.team_images) >= 5)


def test_a_robot_alone_describes_nothing(graph):
    endpoint = free_endpoint()
    start_base(graph, endpoint)
    robot = start_robot(graph, endpoint)
    robot.play(*range(12))
    graph.spin_until(lambda: len(robot.team_images) >= 5)
    assert robot.node._outputs.team._link.mates is None


def test_robots_share_no_views_where_the_base_station_does_not_pass_them_on(graph):
    endpoint = free_endpoint()
    start_base(graph, endpoint, views_bytes_per_s=0)
    first = start_robot(graph, endpoint, "/robot1")
    second = start_robot(graph, endpoint, "/robot2")
    for robot in (first, second):
        robot.play(*range(12))
        graph.spin_until(lambda robot=robot: len(robot.team_images) >= 5)
