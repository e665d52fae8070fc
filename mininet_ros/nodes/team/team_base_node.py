"""Base station of a team: messages from the radio, republished as ordinary topics."""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.serialization import serialize_message
from std_msgs.msg import String

from mininet_ros.nodes.common.diagnostics import DiagnosticsPublisher, Status
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_node
from mininet_ros.nodes.common.topics import create_subscription
from mininet_ros.nodes.team.health import status
from mininet_ros.nodes.team.interest_relay import InterestRelay
from mininet_ros.nodes.team.parameters import TeamBaseParameters
from mininet_ros.nodes.team.robot_topics import RobotTopics
from mininet_ros.nodes.team.topics import TEAM_INTEREST
from mininet_ros.nodes.team.view_relay import ViewRelay
from mininet_ros.team.base import BaseLink, Message
from mininet_ros.team.errors import TeamError
from mininet_ros.team.keys import VIEWS


class TeamBaseNode(Node):
    """Republishes messages of robots under ``/<robot>/team/``, with the original stamps.

    Each message comes over the radio once, however many subscribers it has here, and not at all
    while it has none. Messages on ``/team/interest`` go to all robots, messages on
    ``/<robot>/team/interest`` to one robot.

    Args:
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
        TeamError: Zenoh is not installed, or an endpoint cannot be used.
    """

    def __init__(self, **node_options: Any) -> None:
        super().__init__("team_base", **node_options)
        values = NodeParameters(self, TeamBaseParameters).values
        self._robots: dict[str, RobotTopics] = {}
        self._counts: Counter[str] = Counter()
        self._wake = self.create_guard_condition(self._work_off)
        listen, connect = (
            [entry for entry in entries if entry] for entries in (values.listen, values.connect)
        )
        self._link = BaseLink(listen, connect, values.team_config, self._wake.trigger)
        self._interests = InterestRelay(self, self._link)
        self._views = ViewRelay(self, self._link, values.views_bytes_per_s)
        create_subscription(self, TEAM_INTEREST, partial(self._note_interest, None))
        self._diagnostics = DiagnosticsPublisher(self, "team base", self._report)
        self.get_logger().info(f"waiting for robots on {', '.join([*listen, *connect])}")

    def close(self) -> None:
        """Close the session with the robots."""
        self._link.close()

    def _work_off(self) -> None:
        for robot in self._link.new_robots():
            if robot not in self._robots:
                self._robots[robot] = RobotTopics(
                    self,
                    self._link,
                    robot,
                    self._follow_subscribers,
                    partial(self._note_interest, robot),
                )
                self.get_logger().info(f"robot {robot} is in contact")
            self._interests.repeat(robot)
        while (message := self._link.take()) is not None:
            self._link.confirm(message, self._passed_on(message))

    def _passed_on(self, message: Message) -> bool:
        """Forward a message; return whether it could be read."""
        if message.name == VIEWS:
            return self._views.add(message)
        topics = self._robots.get(message.robot)
        return topics is not None and topics.publish(message)

    def _follow_subscribers(self) -> None:
        for topics in self._robots.values():
            topics.follow_subscribers()

    def _note_interest(self, robot: str | None, message: String) -> None:
        self._interests.tell(robot, serialize_message(message))

    def _report(self) -> Status:
        self._follow_subscribers()  # for middleware that does not report subscribers
        report, self._counts = status(self._link, self._counts)
        return report


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "team_base_node",
        "Republishes what the robots of a team send over Zenoh as ordinary ROS 2 topics.",
        TeamBaseParameters,
        lambda finish: TeamBaseNode(),
        expected_errors=(TeamError,),
    )


if __name__ == "__main__":
    sys.exit(main())
