"""Outputs of the keyframe selector: keyframes, frames for team mates, scores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.nodes.common.topics import create_publisher
from mininet_ros.nodes.keyframes.companions import Companions
from mininet_ros.nodes.keyframes.frame_store import StoredFrame
from mininet_ros.nodes.keyframes.scores import FrameReport, scores_message
from mininet_ros.nodes.keyframes.team_link import Link, TeamLink
from mininet_ros.nodes.keyframes.topics import KEYFRAME_COMPRESSED, KEYFRAMES, SCORES


class KeyframeOutputs:
    """Publishes the results of a :class:`~mininet_ros.nodes.keyframes.session.KeyframeSession`.

    Args:
        node: node that publishes.
        settings: settings with the byte budget and the JPEG quality.
        link: link to team mates.
        image_type: message type of the input and of keyframe/image: Image, or CompressedImage,
            which is published on keyframe/image/compressed.
        matched: called when subscribers come and go; see :func:`create_publisher`.
        decoder: decoder of the camera's images.
        companions: publishes the messages that go with a keyframe.
    """

    def __init__(
        self,
        node: Node,
        settings: KeyframeSettings,
        link: Link,
        image_type: type[Image | CompressedImage],
        matched: Callable[[], None],
        decoder: ImageDecoder,
        companions: Companions,
    ) -> None:
        self.companions = companions
        self.jpeg_quality = settings.jpeg_quality
        self.counts: Counter[str] = Counter()
        self.last_rejection = ""
        self.team = TeamLink(settings, link, decoder)
        self._node = node
        compressed = image_type is CompressedImage
        topics = KEYFRAMES | ({"image": KEYFRAME_COMPRESSED} if compressed else {})
        self._keyframe = {
            name: create_publisher(node, topic, matched) for name, topic in topics.items()
        }
        self._scores = create_publisher(node, SCORES, matched)

    @property
    def wanted(self) -> frozenset[str]:
        """Outputs with subscribers: "image", "mask", "camera_info", "scores", "companions"."""
        own = {name for name, topic in self._keyframe.items() if topic.get_subscription_count()}
        if self._scores.get_subscription_count():
            own.add("scores")
        if self.companions.wanted:
            own.add("companions")
        return self.team.wanted | own

    def forward(self, frame: StoredFrame, worth: float) -> None:
        """Publish the received messages of a chosen frame, and offer the frame to team mates."""
        self.counts["forwarded"] += 1
        for name, publisher in self._keyframe.items():
            if not publisher.get_subscription_count():
                continue
            message = frame.image if name == "image" else frame.parts.get(name)
            if message is None:
                self.counts[f"forwarded_without_{name}"] += 1
            else:
                publisher.publish(message)
        self.companions.forward(frame.stamp_ns)
        if self.team.wanted:
            try:
                self.team.offer(frame, worth, self.jpeg_quality, self._now_ns())
            except ImageError as error:  # only team mates miss this frame
                self.rejected(error)

    def configure(self, settings: KeyframeSettings) -> None:
        """Apply changed settings."""
        self.jpeg_quality = settings.jpeg_quality
        self.team.configure(settings, self._now_ns())

    def release(self) -> None:
        """Send to team mates what the budget allows now."""
        self.team.release(self._now_ns())

    def report(self, report: FrameReport, header: Header) -> None:
        """Publish what happened to a frame."""
        if self._scores.get_subscription_count():
            name = self._node.get_fully_qualified_name()
            self._scores.publish(scores_message(report, header, name))

    def restarted(self) -> None:
        """Drop the frames that wait for the budget, because the stream restarted."""
        self.team.clear()
        self.companions.clear()

    def rejected(self, error: ValueError) -> None:
        """Count and log a message that cannot be used."""
        self.counts["rejected"] += 1
        self.last_rejection = str(error)
        self._node.get_logger().warning(f"message rejected: {error}", throttle_duration_sec=5.0)

    def _now_ns(self) -> int:
        return self._node.get_clock().now().nanoseconds
