"""A robot's link and a base station's over a real Zenoh session on this machine."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")

import zenoh
from team_links import (  # noqa: F401 - a fixture
    FRAME,
    deliver,
    free_endpoint,
    links,
    taken,
    wait_until,
    want_all,
)

from mininet_ros.team.base import BaseLink
from mininet_ros.team.errors import TeamError
from mininet_ros.team.flight import Result
from mininet_ros.team.robot import RobotLink
from mininet_ros.team.session import MAX_MESSAGE_BYTES


def test_a_frame_arrives_in_its_order_and_is_confirmed(links):  # noqa: F811
    base, robot = links.base(), links.robot()
    want_all(base, robot)
    for ticket in range(1, 31):
        messages, outcome = deliver(base, robot, ticket)
        assert [(message.name, message.content) for message in messages] == FRAME
        assert outcome.result is Result.ARRIVED
    assert robot.problem() is None


def test_a_frame_that_is_sent_again_is_taken_once(links):  # noqa: F811
    base, robot = links.base(), links.robot()
    want_all(base, robot)
    first, _ = deliver(base, robot, 7)
    again, outcome = deliver(base, robot, 7)
    assert (len(first), again) == (2, [])
    assert outcome.result is Result.ARRIVED
    assert base.robots["robot1"].counts["repeated"] == 2


def test_one_frame_is_under_way_at_a_time(links):  # noqa: F811
    base, robot = links.base(), links.robot()
    want_all(base, robot)
    robot.send(1, FRAME)
    assert robot.takes == 0
    wait_until(lambda: taken(base))
    wait_until(robot.collect)
    assert robot.takes == 1


def test_only_what_is_wanted_is_sent(links):  # noqa: F811
    base, robot = links.base(), links.robot()
    wait_until(lambda: "robot1" in base.robots)
    assert robot.wanted == frozenset()
    base.want("robot1", "mask", True)
    wait_until(lambda: robot.wanted == {"mask"})
    messages, outcome = deliver(base, robot, 1)
    assert [message.name for message in messages] == ["mask"]
    assert outcome.result is Result.ARRIVED
    base.want("robot1", "mask", False)
    wait_until(lambda: robot.wanted == frozenset())


def test_a_base_station_that_goes_away_returns_the_frame_and_is_found_again(links):  # noqa: F811
    base, robot = links.base(), links.robot()
    want_all(base, robot)
    base.want("robot1", "image", True)
    robot.send(1, FRAME)  # nobody takes it
    base.close()
    outcomes = []
    wait_until(lambda: outcomes.extend(robot.collect()) or outcomes)
    assert outcomes[0].result is Result.RETURNED
    wait_until(lambda: "no contact with the base station" in (robot.problem() or ""))
    robot._clock = lambda: time.monotonic() + 3600.0
    assert robot.wanted == {"mask", "image"}, "what was wanted last is wanted still"
    another = links.base()
    want_all(another, robot)
    messages, outcome = deliver(another, robot, 1)
    assert (len(messages), outcome.result) == (2, Result.ARRIVED)


def test_a_base_station_that_comes_late_is_found(links):  # noqa: F811
    robot = links.robot()
    wait_until(lambda: "Unable to connect" in robot.problem())
    assert links.endpoint in robot.problem()
    assert "team_endpoints" in robot.problem()
    want_all(links.base(), robot)
    assert robot.problem() is None


def test_a_second_base_station_on_the_same_port_is_refused(links):  # noqa: F811
    links.base()
    with pytest.raises(TeamError, match="cannot listen on .*another base station may run there"):
        links.base()


def test_of_two_robots_of_one_name_the_first_is_listened_to(links):  # noqa: F811
    base, first = links.base(), links.robot()
    want_all(base, first)
    second = links.robot()
    wait_until(lambda: second.takes)
    messages, outcome = deliver(base, second, 1)
    assert (messages, outcome.result) == ([], Result.RETURNED)
    wait_until(lambda: "another robot of the team is called robot1" in (second.problem() or ""))
    messages, outcome = deliver(base, first, 1)
    assert (len(messages), outcome.result) == (2, Result.ARRIVED)
    first.close()
    wait_until(lambda: second.takes)
    assert deliver(base, second, 2)[1].result is Result.ARRIVED


def test_a_killed_robot_leaves_room_for_its_successor(links):  # noqa: F811
    base = links.base()
    program = (
        "import sys, time; from mininet_ros.team.robot import RobotLink\n"
        "RobotLink('robot1', [sys.argv[1]], '', lambda: None, lambda content: None)\n"
        "time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, links.endpoint])
    try:
        wait_until(lambda: "robot1" in base.robots)
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: not base.robots["robot1"].senders)
    successor = links.robot()
    want_all(base, successor)
    assert deliver(base, successor, 1)[1].result is Result.ARRIVED


def test_what_cannot_be_read_is_refused_for_good(links):  # noqa: F811
    base, robot = links.base(), links.robot()
    want_all(base, robot)
    robot.send(1, FRAME)
    outcomes = []
    wait_until(lambda: taken(base, usable=False) or outcomes.extend(robot.collect()) or outcomes)
    wait_until(lambda: outcomes.extend(robot.collect()) or outcomes)
    assert outcomes[0].result is Result.REFUSED
    assert "cannot read" in robot.last_refusal


def test_a_message_beyond_the_largest_size_stays_here(links):  # noqa: F811
    base, robot = links.base(), links.robot()
    want_all(base, robot)
    robot.send(1, [("image", bytes(MAX_MESSAGE_BYTES + 1))])
    (outcome,) = robot.collect()
    assert outcome.result is Result.REFUSED


def test_a_base_station_without_receipts_is_sent_frames_at_a_pace(links):  # noqa: F811
    """As zenoh-bridge-ros2dds: it subscribes to the topic's name, and to nothing else of ours."""
    config = zenoh.Config()
    config.insert_json5("mode", '"router"')
    config.insert_json5("listen/endpoints", f'["{links.endpoint}"]')
    config.insert_json5("scouting/multicast/enabled", "false")
    with zenoh.open(config) as bridge:
        got = []
        subscriber = bridge.declare_subscriber(
            "robot1/team/image/compressed", lambda sample: got.append(sample.payload.to_bytes())
        )
        robot = links.robot()
        robot.pace_bytes_per_s = 5_000
        wait_until(lambda: robot.takes)
        assert robot.wanted == {"image"}
        robot.send(1, FRAME)
        assert robot.takes == 0
        outcomes = []
        wait_until(lambda: outcomes.extend(robot.collect()) or outcomes)
        wait_until(lambda: got)
        subscriber.undeclare()
    assert outcomes[0].result is Result.ARRIVED
    assert got == [FRAME[1][1]], "the payload is the serialised message, nothing else"


def test_strangers_get_nothing_through_the_base_station(links):  # noqa: F811
    """Keys that are not of a team are refused at the door, larger messages, too."""
    base, robot = links.base(), links.robot()
    want_all(base, robot)
    config = zenoh.Config()
    config.insert_json5("mode", '"client"')
    config.insert_json5("connect/endpoints", f'["{links.endpoint}"]')
    with zenoh.open(config) as stranger, zenoh.open(config) as listener:
        heard = []
        keep = listener.declare_subscriber("**", lambda sample: heard.append(str(sample.key_expr)))
        stranger.put("robot1/cmd_vel", b"go")
        stranger.put("robot1/team/image/compressed", bytes(MAX_MESSAGE_BYTES + 1))
        blocking = zenoh.CongestionControl.BLOCK
        stranger.put("robot1/team/image/compressed", b"no envelope", congestion_control=blocking)
        messages = []
        wait_until(lambda: messages.extend(taken(base)) or messages)
        keep.undeclare()
    assert [message.content for message in messages] == [b"no envelope"]
    assert heard == []


@pytest.mark.parametrize(
    ("endpoints", "part"),
    [
        ([], "set team_endpoints"),
        (["10.0.0.1:7447"], "is no Zenoh endpoint"),
        (["tcp/10.0.0.1"], "is no Zenoh endpoint"),
        (["carrier_pigeon/10.0.0.1:7447"], "is no Zenoh endpoint"),
    ],
)
def test_endpoints_that_are_none_are_refused(endpoints, part):
    with pytest.raises(TeamError, match=part):
        RobotLink("robot1", endpoints, "", lambda: None, lambda content: None)


@pytest.mark.parametrize("name", ["", "1robot", "robot 1", "a//b", "*", "x" * 65, "é"])
def test_names_that_are_no_namespace_are_refused(name):
    with pytest.raises(TeamError, match="robot_name"):
        RobotLink(name, [free_endpoint()], "", lambda: None, lambda content: None)


def test_a_configuration_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(TeamError, match="is no file"):
        BaseLink([free_endpoint()], [], str(tmp_path / "none.json5"), lambda: None)
    broken = tmp_path / "broken.json5"
    broken.write_text("{ mode: ")
    with pytest.raises(TeamError, match=r"broken\.json5' cannot be read"):
        BaseLink([free_endpoint()], [], str(broken), lambda: None)


def test_without_zenoh_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zenoh", None)
    with pytest.raises(TeamError, match="-m pip install 'eclipse-zenoh>="):
        RobotLink("robot1", ["tcp/127.0.0.1:1"], "", lambda: None, lambda content: None)


def test_a_router_in_between_changes_nothing(links):  # noqa: F811
    config = zenoh.Config()
    config.insert_json5("mode", '"router"')
    config.insert_json5("listen/endpoints", f'["{links.endpoint}"]')
    config.insert_json5("scouting/multicast/enabled", "false")
    with zenoh.open(config):
        base = links.base(connect=links.endpoint)
        robot, mate = links.robot(), links.robot("robot2")
        want_all(base, robot)
        messages, outcome = deliver(base, robot, 1)
        assert (len(messages), outcome.result) == (2, Result.ARRIVED)
        base.tell_interest("robot2", b"door")
        wait_until(lambda: links.interests == [b"door"])
        want_all(base, mate)
        base.want("robot1", "image", False)
        wait_until(lambda: robot.wanted == {"mask"})
        base.close()
        wait_until(lambda: "no base station is behind it" in (robot.problem() or ""))
