"""Records every message that arrives from the robots of a team, for the link benchmark."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage

from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_node
from mininet_ros.parameters import parameter

TOPICS = ("team/image/compressed", "team/mask/compressed")


@dataclass(frozen=True)
class TeamRecorderParameters:
    """Parameters that select the robots and the file."""

    robots: tuple[str, ...] = parameter(("robot1",), "Names of the robots that are listened to.")
    output_file: str = parameter(
        "team.jsonl", "File that gets a JSON object for each message: topic, stamp, arrival, bytes."
    )


class TeamRecorderNode(Node):
    """Subscribes to the images and masks of robots and writes down what arrives.

    Raises:
        ParameterError: a parameter override is wrong.
    """

    def __init__(self) -> None:
        super().__init__("team_recorder")
        values = NodeParameters(self, TeamRecorderParameters).values
        path = Path(values.output_file)
        self._file = path.open("w", encoding="utf-8", buffering=1)
        for robot in values.robots:
            for topic in (f"/{robot}/{name}" for name in TOPICS):
                note = partial(self._note, topic)
                self.create_subscription(CompressedImage, topic, note, QoSProfile(depth=50))

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
