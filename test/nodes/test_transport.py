"""Camera images between two processes: complete with the shipped Fast DDS profile.

Run as a program, this file is one end of the measurement: ``publish`` or ``subscribe``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
PROFILE = Path(__file__).parents[2] / "config" / "fastdds_images.xml"
SHARED_MEMORY = Path("/dev/shm")
SEGMENTS_BYTES = 2 * 72 * 2**20  # of two processes, with what Fast DDS keeps beside them
RATE_HZ = 30
CAMERA = "image"
READY = "ready"
DEADLINE_S = 60


@dataclass(frozen=True)
class Delivery:
    """What the subscriber saw of one stream."""

    published: int
    received: int
    damaged: int

    @property
    def lost(self) -> int:
        return self.published - self.received


def measure(width: int, height: int, frames: int, profile: Path | None) -> Delivery:
    """Stream rgb8 images at 30 Hz, best effort, from one new process to another."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FASTDDS", "FASTRTPS", "RMW_FASTRTPS"))
    }
    if profile is not None:
        environment.update(dict.fromkeys(PROFILE_VARIABLES, str(profile)))
    environment.update(ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST")
    ends = [
        subprocess.Popen(
            [sys.executable, __file__, end, str(width), str(height), str(frames)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for end in ("subscribe", "publish")
    ]
    try:
        answers = [end.communicate(timeout=DEADLINE_S)[0] for end in ends]
        assert all(end.returncode == 0 for end in ends), "an end failed; its output says why"
    finally:
        for end in ends:
            end.kill()
            end.wait()
    counts = {
        name: count
        for answer in answers
        for name, count in json.loads(answer.splitlines()[-1]).items()
    }
    return Delivery(**counts)


def publish(width: int, height: int, frames: int) -> dict[str, int]:
    """Publish ``frames`` images once the subscriber is there; then stay until it has left."""
    import rclpy
    from std_msgs.msg import Empty

    node = rclpy.create_node("camera")
    publisher = node.create_publisher(image_type(), CAMERA, camera_qos())
    subscribers = []
    node.create_subscription(Empty, READY, subscribers.append, 1)
    while not subscribers:
        publisher.publish(numbered_image(1, 1, -1))
        rclpy.spin_once(node, timeout_sec=0.05)
    due = time.monotonic()
    for number in range(frames):
        publisher.publish(numbered_image(width, height, number))
        # Never two in a burst: a camera that was held up does not send its images faster later.
        due = max(due + 1 / RATE_HZ, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
    while publisher.get_subscription_count():
        publisher.publish(numbered_image(1, 1, frames))
        time.sleep(0.05)
    return {"published": frames}


def subscribe(width: int, height: int, frames: int) -> dict[str, int]:
    """Count the images that arrive, until the small one arrives that ends the stream."""
    import rclpy
    from std_msgs.msg import Empty

    node = rclpy.create_node("viewer")
    ready = node.create_publisher(Empty, READY, 1)
    received, damaged = set(), set()
    ended = False

    def take(image) -> None:
        nonlocal ended
        number = image.header.stamp.sec
        if number < 0:
            ready.publish(Empty())
        elif number == frames:
            ended = True
        elif (image.width, image.height) == (width, height) and is_whole(image, number):
            received.add(number)
        else:
            damaged.add(number)

    node.create_subscription(image_type(), CAMERA, take, camera_qos())
    while not ended:
        rclpy.spin_once(node)
    return {"received": len(received), "damaged": len(damaged)}


def camera_qos():
    """Best effort; one second deep, so that a busy machine does not look like a lossy transport."""
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    return QoSProfile(depth=RATE_HZ, reliability=ReliabilityPolicy.BEST_EFFORT)


def image_type() -> type:
    from sensor_msgs.msg import Image

    return Image


def numbered_image(width: int, height: int, number: int):
    """Return an rgb8 image whose stamp and pixels tell its number."""
    image = image_type()(width=width, height=height, step=3 * width, encoding="rgb8")
    image.header.stamp.sec = number
    image.data.frombytes(bytes([number % 256]) * (3 * width * height))
    return image


def is_whole(image, number: int) -> bool:
    return bytes(image.data) == bytes([number % 256]) * (3 * image.width * image.height)


@pytest.fixture(autouse=True)
def require_fast_dds_and_shared_memory(ros_domain):
    from rclpy.utilities import get_rmw_implementation_identifier

    middleware = get_rmw_implementation_identifier()
    if "fastrtps" not in middleware:
        pytest.skip(f"the profile is for Fast DDS, this is {middleware}")
    if not SHARED_MEMORY.is_dir() or shutil.disk_usage(SHARED_MEMORY).free < SEGMENTS_BYTES:
        pytest.skip(f"needs {SEGMENTS_BYTES >> 20} MiB of room in {SHARED_MEMORY}")


@pytest.mark.parametrize(("width", "height", "frames"), [(1280, 720, 300), (640, 480, 90)])
def test_every_image_arrives_with_the_profile(width, height, frames):
    delivery = measure(width, height, frames, PROFILE)
    assert delivery == Delivery(published=frames, received=frames, damaged=0)


def test_the_stock_transport_loses_images():
    """The measurement can fail: the same stream without the profile does."""
    assert measure(1280, 720, 60, profile=None).lost > 0


def main() -> None:
    import rclpy

    parser = argparse.ArgumentParser()
    parser.add_argument("end", choices=["publish", "subscribe"])
    for name in ("width", "height", "frames"):
        parser.add_argument(name, type=int)
    arguments = parser.parse_args()
    run = publish if arguments.end == "publish" else subscribe
    rclpy.init()
    try:
        print(json.dumps(run(arguments.width, arguments.height, arguments.frames)))
    finally:
        rclpy.shutdown()


if __name__ == "__main__":
    main()
