"""Compressed frames for team mates, within the byte budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol, cast

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.keyframes.views import describe_view
from mininet_ros.nodes.common.image_messages import jpeg_message, png_message
from mininet_ros.nodes.common.recent_values import RecentValues, quantile
from mininet_ros.nodes.common.topics import create_publisher
from mininet_ros.nodes.keyframes.frame_store import StoredFrame
from mininet_ros.nodes.keyframes.topics import TEAM
from mininet_ros.team.errors import TeamError
from mininet_ros.team.flight import Outcome, Payload
from mininet_ros.team.keys import VIEWS
from mininet_ros.team.mates import MatesViews
from mininet_ros.team.outbox import HALF_LIFE_S, Carrier, Outbox
from mininet_ros.team.robot import RobotLink
from mininet_ros.team.settings import ROS, LinkSettings


class Link(Carrier, Protocol):
    """A transport to team mates, and its state."""

    @property
    def wanted(self) -> frozenset[str]:
        """Topics of ``TEAM_TOPICS`` that have subscribers."""
        ...

    @property
    def mates(self) -> MatesViews | None:
        """Views sent by mates; None where mates and robot do not exchange views."""
        ...

    def problem(self) -> str | None:
        """Return why frames do not arrive, as a sentence, or None."""
        ...

    def values(self) -> Mapping[str, object]:
        """Return figures by name, for diagnostics."""
        ...

    def close(self) -> None:
        """Close the link."""
        ...


class RosTopics:
    """Publishes to the robot's own graph, without a limit on the number of frames.

    Args:
        node: node that publishes.
        matched: called when subscribers come and go; see :func:`create_publisher`.
    """

    def __init__(self, node: Node, matched: Callable[[], None]) -> None:
        self._publishers: Mapping[str, Publisher] = {
            name: create_publisher(node, topic, matched) for name, topic in TEAM.items()
        }

    @property
    def wanted(self) -> frozenset[str]:
        """See :class:`Link`."""
        return frozenset(
            name for name, topic in self._publishers.items() if topic.get_subscription_count()
        )

    @property
    def takes(self) -> None:
        """None: there is no limit."""

    @property
    def mates(self) -> None:
        """None: mates see all topics."""

    def send(self, ticket: int, payload: Payload) -> None:
        """Publish the messages of a frame."""
        for name, content in payload:
            self._publishers[name].publish(content)

    def collect(self) -> list[Outcome]:
        """No results: the outcome of a frame is not known."""
        return []

    def problem(self) -> None:
        """None: no problem is known."""

    def values(self) -> Mapping[str, object]:
        """No figures."""
        return {}

    def close(self) -> None:
        """Do nothing: the node destroys its publishers."""


def make_link(
    node: Node,
    settings: LinkSettings,
    matched: Callable[[], None],
    interest: Callable[[bytes], None],
) -> Link:
    """Return the link that the parameters select.

    Args:
        node: node whose namespace may name the robot.
        settings: settings of the link.
        matched: called in the thread that spins the node when subscribers come and go.
        interest: called from any thread with serialised messages on team/interest.

    Raises:
        TeamError: the parameters cannot be used, or Zenoh is not installed.
    """
    if settings.team_link == ROS:
        return RosTopics(node, matched)
    name = settings.robot_name or node.get_namespace().strip("/")
    if not name:
        raise TeamError(
            "team_link zenoh needs a name for the robot: set robot_name, or give it a namespace"
        )
    endpoints = [entry for entry in settings.team_endpoints if entry]
    wake = node.create_guard_condition(matched)
    return RobotLink(name, endpoints, settings.team_config, wake.trigger, interest)


class TeamLink:
    """Sends forwarded frames as JPEG, PNG mask and calibration within a byte budget.

    Only messages with subscribers are encoded and counted. The budget counts each serialised
    message once: several subscribers in a ROS graph over a radio use that size again each.

    Args:
        settings: settings with the byte budget.
        link: transport of the frames.
        decoder: decoder of the camera's images.
    """

    def __init__(self, settings: KeyframeSettings, link: Link, decoder: ImageDecoder) -> None:
        self._decoder = decoder
        self._link = link
        self._budget = settings.budget()
        self._budget_rate = settings.team_bytes_per_s
        half_life_s = HALF_LIFE_S if isinstance(link, RobotLink) else None
        self._outbox = Outbox(self._budget, link, half_life_s)
        self._follow_rate(settings)
        self._encoding_s = RecentValues()
        self._crowded_out = RecentValues()
        self._too_large = RecentValues()

    @property
    def wanted(self) -> frozenset[str]:
        """Messages with subscribers: "image", "mask", "camera_info"."""
        return self._link.wanted

    @property
    def waiting(self) -> bool:
        """Return whether a frame waits for the budget or is being sent."""
        return self._outbox.waiting

    def offer(self, frame: StoredFrame, worth: float, jpeg_quality: int, now_ns: int) -> None:
        """Compress a forwarded frame, and send it now, later or never.

        Args:
            frame: frame with its parts.
            worth: priority among the frames that wait for the budget.
            jpeg_quality: JPEG quality, 1 to 100.
            now_ns: present time, nanoseconds.

        Raises:
            ImageError: the image or its mask cannot be read.
        """
        started = time.perf_counter()
        payload = self._encode(frame, jpeg_quality)
        mates = self._link.mates if "image" in self.wanted else None
        if mates is not None:
            view = describe_view(self._decoder.message(frame.image))
            if mates.know(view):
                return
            payload.insert(0, (VIEWS, view.pack()))
        if not payload:
            return
        self._encoding_s.add(time.perf_counter() - started)
        before = self._budget.statistics()
        self._outbox.offer(payload, worth, now_ns)
        after = self._budget.statistics()
        for _ in range(after.crowded_out - before.crowded_out):
            self._crowded_out.add()
        for _ in range(after.too_large - before.too_large):
            self._too_large.add()

    def configure(self, settings: KeyframeSettings, now_ns: int) -> None:
        """Apply another byte budget; what was spent of the old one stays spent."""
        limits = settings.team_bytes_per_s, settings.team_burst_bytes, settings.team_waiting
        self._outbox.configure(*limits, now_ns)
        self._follow_rate(settings)

    def release(self, now_ns: int) -> None:
        """Send what the budget allows now."""
        self._outbox.release(now_ns)

    def clear(self) -> None:
        """Drop the waiting frames, because the stream ended or restarted."""
        self._outbox.clear()

    def close(self) -> None:
        """Close the link."""
        self._link.close()

    def problem(self) -> str | None:
        """Return why frames do not reach team mates, as a sentence, or None."""
        if self._too_large.values():
            return (
                f"a frame is too large for team mates: {self._outbox.last_too_large} Lower "
                "jpeg_quality or raise team_burst_bytes"
            )
        problem = self._link.problem()
        if problem is None and self._crowded_out.values() and self._outbox.held_by_link:
            return (
                "the link to the base station carries less than team_bytes_per_s "
                f"({self._budget_rate}): the frames of least worth are dropped"
            )
        return problem

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
            "team_held_by_link": self._outbox.held_by_link,
            "team_encoding_median_ms": 1e3 * quantile(self._encoding_s.values(), 0.5),
            **self._link.values(),
        }

    def _follow_rate(self, settings: KeyframeSettings) -> None:
        self._budget_rate = settings.team_bytes_per_s
        if isinstance(self._link, RobotLink):
            self._link.pace_bytes_per_s = settings.team_bytes_per_s

    def _encode(self, frame: StoredFrame, jpeg_quality: int) -> list[tuple[str, bytes]]:
        """Return the wanted messages, serialised. The image is last: it completes the frame."""
        wanted, messages = self.wanted, {}
        if "camera_info" in wanted and "camera_info" in frame.parts:
            messages["camera_info"] = frame.parts["camera_info"]
        if "mask" in wanted and "mask" in frame.parts:
            labels = self._decoder.labels(cast(Image, frame.parts["mask"]))
            messages["mask"] = png_message(labels, frame.parts["mask"].header)
        if "image" in wanted:
            image = self._decoder.message(frame.image)
            messages["image"] = jpeg_message(image, frame.header, jpeg_quality)
        return [(name, serialize_message(message)) for name, message in messages.items()]
