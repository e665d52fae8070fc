"""Robots' and base stations' links without ROS, on ports of the test's own."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import pytest

pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")

from mininet_ros.team.base import BaseLink, Message
from mininet_ros.team.flight import Outcome
from mininet_ros.team.robot import RobotLink

TIMEOUT_S = 20.0
FRAME = [("mask", b"m" * 600), ("image", b"i" * 2300)]


def free_endpoint() -> str:
    """A Zenoh endpoint on this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"tcp/127.0.0.1:{server.getsockname()[1]}"


def wait_until(condition: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
    """Wait until a condition holds; fail where it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


class Links:
    """Makes links and ends them after the test."""

    def __init__(self) -> None:
        self.endpoint = free_endpoint()
        self._closing = contextlib.ExitStack()

    def robot(self, name: str = "robot1", config: str = "", endpoint: str = "") -> RobotLink:
        link = RobotLink(
            name, [endpoint or self.endpoint], config, lambda: None, self.interests.append
        )
        self._closing.callback(link.close)
        return link

    def base(self, config: str = "", connect: str = "") -> BaseLink:
        """Listen on the test's endpoint, or reach robots through the router at `connect`."""
        listen = [] if connect else [self.endpoint]
        link = BaseLink(listen, [connect] if connect else [], config, lambda: None)
        self._closing.callback(link.close)
        return link

    @property
    def interests(self) -> list[bytes]:
        """Messages on team/interest that came to robots."""
        return self.__dict__.setdefault("_interests", [])

    def close(self) -> None:
        self._closing.close()


@pytest.fixture
def links() -> Iterator[Links]:
    made = Links()
    try:
        yield made
    finally:
        made.close()


def want_all(base: BaseLink, robot: RobotLink) -> None:
    """Let the base station subscribe to a robot, and wait until the robot knows."""
    wait_until(lambda: robot.robot in base.robots)
    for name in ("mask", "image"):
        base.want(robot.robot, name, True)
    wait_until(lambda: robot.takes and robot.wanted == {"mask", "image"})


def taken(base: BaseLink, usable: bool = True) -> list[Message]:
    """Take and confirm all that has come."""
    messages = []
    while (message := base.take()) is not None:
        messages.append(message)
        base.confirm(message, usable)
    return messages


def deliver(base: BaseLink, robot: RobotLink, ticket: int) -> tuple[list[Message], Outcome]:
    """Send a frame and wait for what comes of it."""
    robot.send(ticket, FRAME)
    messages: list[Message] = []
    outcomes: list[Outcome] = []

    def ended() -> bool:
        messages.extend(taken(base))
        outcomes.extend(robot.collect())
        return bool(outcomes)

    wait_until(ended)
    return messages, outcomes[0]
