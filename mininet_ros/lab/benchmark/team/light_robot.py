"""A robot reduced to its team link: it sends noise frames within the byte budget over Zenoh.

The benchmark runs one process for each robot:
``python -m mininet_ros.lab.benchmark.team.light_robot``.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import struct
import sys
import time
from pathlib import Path
from typing import TextIO

from mininet_ros.keyframes.settings import KeyframeSettings, read_preset
from mininet_ros.team.keys import TEAM_TOPICS
from mininet_ros.team.outbox import HALF_LIFE_S, Outbox
from mininet_ros.team.robot import RobotLink

# Mean size in bytes of a 480x360 frame with the team preset, and its variation (20 %).
MASK_BYTES = 6_000
IMAGE_BYTES = 23_000
SPREAD = 0.2
TICK_S = 0.05


def compressed_image(stamp_ns: int, frame_id: str, form: str, data: bytes) -> bytes:
    """Return a serialised ``sensor_msgs/CompressedImage`` (CDR, little endian)."""
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    body = bytearray(struct.pack("<iI", seconds, nanoseconds))
    for text in (frame_id, form):
        encoded = text.encode() + b"\0"
        body += struct.pack("<I", len(encoded)) + encoded
        body += bytes(-len(body) % 4)
    body += struct.pack("<I", len(data)) + data
    return b"\x00\x01\x00\x00" + bytes(body)


class LightRobot:
    """Offers a noise frame every few seconds and logs each in a file.

    Args:
        name: name of the robot.
        endpoint: Zenoh endpoint of the base station.
        period_s: time between two frames in seconds.
        log: file that one JSON object for each message is written to.
    """

    def __init__(self, name: str, endpoint: str, period_s: float, log: TextIO) -> None:
        self._random = random.Random(name)
        self._name = name
        self._period_s = period_s
        self._log = log
        self.link = RobotLink(name, [endpoint], "", lambda: None, lambda interest: None)
        settings = KeyframeSettings.from_values(read_preset("team"))
        self.link.pace_bytes_per_s = settings.team_bytes_per_s
        self._outbox = Outbox(settings.budget(), self.link, HALF_LIFE_S)

    def run(self, seconds: float) -> None:
        """Offer frames for ``seconds``, then send the waiting ones until the process is ended."""
        end = time.monotonic() + seconds
        due = time.monotonic() + self._random.uniform(1.0, 1.0 + self._period_s)
        while True:
            now = time.monotonic()
            if due <= now < end:
                due += self._period_s
                self._offer()
            self._outbox.release(time.time_ns())
            time.sleep(TICK_S)

    def _offer(self) -> None:
        wanted = self.link.wanted
        stamp_ns = time.time_ns()
        payload = []
        for name, size, form in (("mask", MASK_BYTES, "png"), ("image", IMAGE_BYTES, "jpeg")):
            if name in wanted:
                length = round(size * self._random.uniform(1 - SPREAD, 1 + SPREAD))
                data = self._random.randbytes(length)
                content = compressed_image(stamp_ns, self._name, form, data)
                payload.append((name, content))
                topic = f"/{self._name}/{TEAM_TOPICS[name]}"
                entry = {"topic": topic, "stamp_ns": stamp_ns, "bytes": len(content)}
                self._log.write(json.dumps(entry) + "\n")
        if payload:
            self._outbox.offer(payload, self._random.random(), stamp_ns)


def main() -> int:
    """Run a robot until the process is ended; return the exit status."""
    parser = argparse.ArgumentParser(description="A robot reduced to its team link.")
    parser.add_argument("--name", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--period", type=float, required=True)
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    with arguments.log.open("w", encoding="utf-8", buffering=1) as log:
        robot = LightRobot(arguments.name, arguments.endpoint, arguments.period, log)
        try:
            robot.run(arguments.seconds)
        finally:
            print(json.dumps({key: str(value) for key, value in robot.link.values().items()}))
            robot.link.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
