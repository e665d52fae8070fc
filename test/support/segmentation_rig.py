"""A segmentation node with a segmenter whose labels are known, between a camera and a desk."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from fake_segmenter import FakeSegmenter
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.nodes.segmentation.segmentation_node import SegmentationNode


def picture(width: int = 160, height: int = 120) -> np.ndarray:
    """Dark, but for a bright rectangle right of the middle."""
    image = np.full((height, width, 3), 20, np.uint8)
    image[height // 4 : height // 2, width // 2 : width * 3 // 4] = 220
    return image


def bright(image: np.ndarray) -> np.ndarray:
    return (image[..., 0] >= 128).astype(np.uint8)


def header(number: int = 0) -> Header:
    """A header that is its image's own: nobody else can have made it up."""
    message = Header(frame_id="front_camera")
    message.stamp.sec, message.stamp.nanosec = 1000 + number, 123456789
    return message


def image(number: int = 0, width: int = 160, height: int = 120) -> Image:
    return image_message(picture(width, height), "bgr8", header(number))


class Rig:
    """The node with a camera that publishes and a desk that looks at the results."""

    def __init__(self, graph, segmenter=None, namespace="", **parameters) -> None:
        self.graph = graph
        self.segmenter = segmenter or FakeSegmenter()
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = graph.add(
            SegmentationNode(
                load=self.segmenter.load,
                context=graph.context,
                namespace=namespace,
                parameter_overrides=overrides,
            )
        )
        self.namespace = namespace
        self.camera = graph.publisher(Image, f"{namespace}/image")
        self.reports = graph.listen(DiagnosticArray, "/diagnostics")

    def listen(self, name: str, kind: type = Image) -> list:
        return self.graph.listen(kind, f"{self.namespace}/segmentation/{name}")

    def wait_for_node(self, publisher=None) -> None:
        """Wait until the node listens to the camera."""
        publisher = publisher or self.camera
        self.graph.spin_until(lambda: publisher.get_subscription_count() > 0)
        self.graph.spin_for(0.2)

    def report(self, condition=lambda status, values: True) -> tuple[DiagnosticStatus, dict]:
        """Return the next report that meets the condition, with its values by name."""
        name = f"{self.node.get_fully_qualified_name()}: segmentation"
        return self.graph.next_report(self.reports, name, condition)


def stamps(messages: list) -> list[int]:
    return [message.header.stamp.sec - 1000 for message in messages]
