"""Records every message that arrives from the robots of a team, for the link benchmark."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage

from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_node
from mininet_ros.nodes.common.topics import create_subscription
from mininet_ros.parameters import parameter

QOS = QoSProfile(depth=50)
TOPICS = (
    Topic("team/image/compressed", CompressedImage, "frames for team mates", QOS),
    Topic("team/mask/compressed", CompressedImage, "their masks", QOS),
)


@dataclass(frozen=True)
class TeamRecorderParameters:
    """Parameters that select the robots and the file."""

    robots: tuple[str, ...] = parameter(("robot1",), "Names of the robots that are listened to.")
    output_file: str = parameter(
        "team.jsonl", "File that gets a JSON object for each message: topic, stamp, arrival, bytes."
    )


class TeamRecorderNode(Node):
    """Subscribes to the images and masks of robots and writes down what arrives.

    Args:
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
    """

    def __init__(self, **node_options: Any) -> None:
        super().__init__("team_recorder", **node_options)
        values = NodeParameters(self, TeamRecorderParameters).values
        path = Path(values.output_file)
        self._file = path.open("w", encoding="utf-8", buffering=1)
        for robot in values.robots:
            for topic in (topic.in_namespace(robot) for topic in TOPICS):
                create_subscription(self, topic, partial(self._note, topic.name))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _note(self, topic: str, message: CompressedImage) -> None:
        stamp = message.header.stamp
        entry = {
            "topic": topic,
            "stamp_ns": stamp.sec * 1_000_000_000 + stamp.nanosec,
            "arrival_ns": time.time_ns(),
            "bytes": len(message.data),
        }
        self._file.write(json.dumps(entry) + "\n")


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "team_recorder_node",
        "Writes down what arrives from the robots of a team.",
        TeamRecorderParameters,
        lambda finish: TeamRecorderNode(),
    )


if __name__ == "__main__":
    sys.exit(main())
