"""Frames for team mates: compressed, and no more of them than the byte budget allows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CameraInfo, CompressedImage

from mininet_ros.keyframes import ByteBudget, Outcome, Verdict
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.nodes.common.image_messages import (
    image_to_bgr,
    image_to_labels,
    jpeg_message,
    png_message,
)
from mininet_ros.nodes.common.recent_values import RecentValues, quantile
from mininet_ros.nodes.common.topics import OUTPUT_QOS, create_publisher
from mininet_ros.nodes.keyframes.frame_store import StoredFrame

TEAM_TOPICS = {
    "camera_info": (CameraInfo, "team/camera_info"),
    "mask": (CompressedImage, "team/mask/compressed"),
    "image": (CompressedImage, "team/image/compressed"),
}

Payload = list[tuple[str, bytes]]


class TeamLink:
    """Sends forwarded frames as JPEG, PNG mask and calibration within a byte budget.

    Only what has a subscriber is made and counted. Counted are the serialised messages, once
    each: several subscribers on a link without multicast take that much again.

    Args:
        node: publishes.
        budget: of all topics together.
        matched: called when subscribers come and go; see :func:`create_publisher`.
    """

    def __init__(self, node: Node, budget: ByteBudget, matched: Callable[[], None]) -> None:
        self._budget = budget
        self._publishers: Mapping[str, Publisher] = {
            name: create_publisher(node, kind, topic, OUTPUT_QOS, matched)
            for name, (kind, topic) in TEAM_TOPICS.items()
        }
        self._waiting: dict[int, Payload] = {}
        self._offered = 0
        self._encoding_s = RecentValues()
        self._too_large = RecentValues()
        self.last_too_large = ""

    @property
    def wanted(self) -> frozenset[str]:
        """What has subscribers: "image", "mask", "camera_info"."""
        return frozenset(
            name for name, topic in self._publishers.items() if topic.get_subscription_count()
        )

    @property
    def waiting(self) -> bool:
        """Whether a frame waits for the budget."""
        return bool(self._waiting)

    @property
    def recently_too_large(self) -> bool:
        """Whether a frame of the last seconds exceeded the burst."""
        return bool(self._too_large.values())

    def offer(self, frame: StoredFrame, worth: float, jpeg_quality: int, now_ns: int) -> None:
        """Compress a forwarded frame, and send it now, later or never.

        Args:
            frame: the frame with its parts.
            worth: what decides between frames that wait for the budget.
            jpeg_quality: 1 to 100.
            now_ns: the time, nanoseconds.

        Raises:
            ImageError: the image or its mask cannot be read.
        """
        started = time.perf_counter()
        payload = self._encode(frame, jpeg_quality)
        if not payload:
            return
        self._encoding_s.add(time.perf_counter() - started)
        self._offered += 1
        self._waiting[self._offered] = payload
        size = sum(len(content) for _, content in payload)
        self._settle(self._budget.offer(self._offered, size, worth, now_ns))

    def configure(self, settings: KeyframeSettings, now_ns: int) -> None:
        """Put another byte budget into effect; what was spent of the old one stays spent."""
        limits = settings.team_bytes_per_s, settings.team_burst_bytes, settings.team_waiting
        self._settle(self._budget.configure(*limits, now_ns))

    def release(self, now_ns: int) -> None:
        """Send what the budget allows by now."""
        if self._waiting:
            self._settle(self._budget.release(now_ns))

    def clear(self) -> None:
        """Drop what waits: the stream ended or began anew."""
        self._settle(self._budget.clear())

    def values(self) -> dict[str, object]:
        """Return figures by name, for diagnostics."""
        statistics = self._budget.statistics()
        return {
            "team_offered": statistics.offered,
            "team_offered_bytes": statistics.offered_bytes,
            "team_sent": statistics.sent,
            "team_sent_bytes": statistics.sent_bytes,
            "team_crowded_out": statistics.crowded_out,
            "team_too_large": statistics.too_large,
            "team_cleared": statistics.cleared,
            "team_waiting": statistics.waiting,
            "team_waiting_bytes": statistics.waiting_bytes,
            "team_credit_bytes": int(self._budget.credit),
            "team_encoding_median_ms": 1e3 * quantile(self._encoding_s.values(), 0.5),
        }

    def _encode(self, frame: StoredFrame, jpeg_quality: int) -> Payload:
        """Return the wanted messages, serialised, the image last: it completes the frame."""
        wanted, messages = self.wanted, {}
        if "camera_info" in wanted and "camera_info" in frame.parts:
            messages["camera_info"] = frame.parts["camera_info"]
        if "mask" in wanted and "mask" in frame.parts:
            labels = image_to_labels(frame.parts["mask"])
            messages["mask"] = png_message(labels, frame.parts["mask"].header)
        if "image" in wanted:
            messages["image"] = jpeg_message(image_to_bgr(frame.image), frame.header, jpeg_quality)
        return [(name, serialize_message(message)) for name, message in messages.items()]

    def _settle(self, verdicts: list[Verdict]) -> None:
        for verdict in verdicts:
            payload = self._waiting.pop(verdict.ticket)
            if verdict.outcome is Outcome.SENT:
                for name, content in payload:
                    self._publishers[name].publish(content)
            elif verdict.outcome is Outcome.TOO_LARGE:
                self._too_large.add()
                self.last_too_large = verdict.sentence
