"""Substitute for a camera: publishes a video, a folder, or a generated sequence."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import cv2
from rclpy.node import Node
from rclpy.timer import Timer
from std_msgs.msg import Header

from mininet_ros.nodes.camera.topics import CAMERA_INFO, COMPRESSED, IMAGE
from mininet_ros.nodes.common.camera_info import pinhole_camera_info, resized_camera_info
from mininet_ros.nodes.common.diagnostics import OK, DiagnosticsPublisher, Status
from mininet_ros.nodes.common.image_messages import image_message, jpeg_message
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import Finish, run_node
from mininet_ros.nodes.common.recent_values import RecentValues
from mininet_ros.nodes.common.timers import steady_timer
from mininet_ros.nodes.common.topics import create_publisher
from mininet_ros.parameters import Change, parameter
from mininet_ros.sequences import Frame, SequenceError, open_sequence


@dataclass(frozen=True)
class ImageStreamParameters:
    """Parameters of the image stream node."""

    source: str = parameter(
        "generated",
        "Source of the images: video file, folder of images, image file, bag, index of a camera "
        "(0), address of a stream (rtsp://, http://), or generated, a drawn street.",
    )
    rate: float = parameter(
        0.0, "Number of images published per second; 0 is the source's own rate.", 0.0, 1000.0
    )
    loop: bool = parameter(
        True, "Whether the stream starts again after the last image; otherwise the process ends."
    )
    max_images: int = parameter(
        0, "Number of images after which the process ends; 0 is no limit.", 0, 10**9
    )
    frame_id: str = parameter(
        "camera_optical_frame",
        "Coordinate frame of the camera, for the headers; by convention its name ends in "
        "_optical_frame: x points right, y down, z forward.",
    )
    width: int = parameter(
        0, "Width of the published images, pixels; 0 is the source's own.", 0, 16384
    )
    height: int = parameter(
        0, "Height of the published images, pixels; 0 is the source's own.", 0, 16384
    )
    jpeg_quality: int = parameter(
        90, "JPEG quality of the images on image/compressed.", 1, 100, change=Change.AT_ONCE
    )
    wait_for_subscribers: int = parameter(
        0,
        "Number of subscribers of image, image/compressed and camera_info together that the first "
        "image waits for, so that none of them misses it.",
        0,
        1000,
    )


# A publisher discovers a subscriber before the subscriber discovers it; images sent in between are
# lost.
SETTLE_S = 0.5
# Shared memory ends with its process: subscribers have this time to read the last image.
LINGER_S = 0.5


class ImageStreamNode(Node):
    """Publishes a sequence as ``image``, ``image/compressed`` and ``camera_info``.

    The stamps are the time of publishing. JPEGs are encoded only while they have a subscriber. The
    calibration is that of the source where it has one (the generated street does). Otherwise K is
    zero, which means an uncalibrated camera.

    Args:
        finish: called after the last image, with an error if the source failed.
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
        SequenceError: the source cannot be opened.
    """

    def __init__(self, finish: Finish, **node_options: Any) -> None:
        super().__init__("image_stream", **node_options)
        self._finish = finish
        self._settings = NodeParameters(self, ImageStreamParameters, check=_check_size)
        source, rate_hz = self._settings.values.source, self._settings.values.rate
        self._sequence = open_sequence(source, rate_hz or None)
        self._frames: Iterator[Frame] = iter(self._sequence)
        self._image = create_publisher(self, IMAGE)
        # From the resolved name, so that remapping image also moves the compressed topic.
        compressed = f"{self.resolve_topic_name(IMAGE.name)}/compressed"
        self._compressed = create_publisher(self, COMPRESSED.renamed(compressed))
        self._camera_info = create_publisher(self, CAMERA_INFO)
        self._published = 0
        self._first_stamp_ns = 0
        self._sent = RecentValues()
        self._ready_since: float | None = None
        self._finished = False
        self._diagnostics = DiagnosticsPublisher(self, "stream", self._report)
        self._timer = self._every(1 / (rate_hz or self._sequence.rate_hz), self._tick)

    def close(self) -> None:
        """Close the source, after a delay in which the last image can arrive."""
        self._sequence.close()
        if not self._finished:
            time.sleep(LINGER_S)

    def _every(self, period_s: float, callback: Callable[[], None]) -> Timer:
        return steady_timer(self, period_s, callback)

    def _tick(self) -> None:
        if not self._ready():
            return
        try:
            frame = self._next_frame()
        except SequenceError as error:
            self._finish(str(error))
            self._timer.cancel()
            return
        if frame is None:
            self._end()
        else:
            self._publish(frame)

    def _ready(self) -> bool:
        """Return whether the awaited subscribers are present."""
        awaited = self._settings.values.wait_for_subscribers
        if awaited == 0:
            return True
        if self._ready_since is None and self._subscribers() >= awaited:
            self._ready_since = time.monotonic()
        return self._ready_since is not None and time.monotonic() - self._ready_since >= SETTLE_S

    def _subscribers(self) -> int:
        topics = (self._image, self._compressed, self._camera_info)
        return sum(topic.get_subscription_count() for topic in topics)

    def _next_frame(self) -> Frame | None:
        limit = self._settings.values.max_images
        if limit and self._published >= limit:
            return None
        frame = next(self._frames, None)
        if frame is None and self._settings.values.loop:
            self._frames = iter(self._sequence)
            frame = next(self._frames, None)
        return frame

    def _publish(self, frame: Frame) -> None:
        image = frame.image
        if self._settings.values.width:
            size = (self._settings.values.width, self._settings.values.height)
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        now = self.get_clock().now()
        header = Header(stamp=now.to_msg(), frame_id=self._settings.values.frame_id)
        height, width = image.shape[:2]
        # Published before the image, so that image subscribers already have the calibration.
        source_height, source_width = frame.image.shape[:2]
        info = pinhole_camera_info(source_width, source_height, self._sequence.camera_matrix)
        info = resized_camera_info(info, width / source_width, height / source_height)
        info.header = header
        self._camera_info.publish(info)
        self._image.publish(image_message(image, "bgr8", header))
        if self._compressed.get_subscription_count():
            self._compressed.publish(
                jpeg_message(image, header, self._settings.values.jpeg_quality)
            )
        self._first_stamp_ns = self._first_stamp_ns or now.nanoseconds
        self._published += 1
        self._sent.add()

    def _end(self) -> None:
        self._timer.cancel()
        self._finished = True
        self._diagnostics.publish()
        self._timer = self._every(LINGER_S, self._finish)

    def _report(self) -> Status:
        if self._finished:
            message = "the last image is out"
        elif self._published:
            message = f"publishing {self._sequence.name}"
        else:
            message = "waiting for subscribers"
        return Status(
            OK,
            message,
            {
                "source": self._sequence.name,
                "published": self._published,
                "first_stamp_ns": self._first_stamp_ns,
                "rate_hz": self._sent.rate_hz(),
                "subscribers": self._subscribers(),
                "finished": str(self._finished).lower(),
            },
            self._sequence.name,
        )


def _check_size(values: ImageStreamParameters) -> str | None:
    if (values.width == 0) != (values.height == 0):
        return "parameters width and height are given together, or neither is"
    return None


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "image_stream_node",
        "Publishes a video, a folder, a camera or a generated sequence as camera images.",
        ImageStreamParameters,
        ImageStreamNode,
        expected_errors=(SequenceError,),
    )


if __name__ == "__main__":
    sys.exit(main())
