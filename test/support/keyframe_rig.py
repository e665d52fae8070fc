"""The keyframe selector node on a graph, with a camera and a segmentation that a test plays."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.nodes.common import diagnostics
from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.nodes.common.stamps import stamp_of
from mininet_ros.nodes.keyframes import class_names
from mininet_ros.nodes.keyframes.keyframe_selector_node import KeyframeSelectorNode

CLASSES = ("wall", "sign", "door")
WIDTH, HEIGHT = 160, 120
FIRST_S = 1000
STEP_NS = 100_000_000
DEEP = QoSProfile(depth=1000)

EVERY_FRAME = {"window_motion": 0.003, "min_gap_s": 0.0}
"""Parameters with which a window ends with every picture that moved."""


def scene() -> np.ndarray:
    """A wall to drive along: blurred noise, with corners to follow."""
    noise = np.random.default_rng(7).integers(0, 256, (HEIGHT, 2000, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 1.5), None, 0, 255, cv2.NORM_MINMAX)


WALL = scene()


def picture(number: int, light: float = 1.0) -> np.ndarray:
    """What the camera sees of the wall; each picture lets in another light."""
    left = 4 * number % (WALL.shape[1] - WIDTH)
    share = light * (0.6 + 0.4 * np.cos(2.1 * number))
    return cv2.convertScaleAbs(WALL[:, left : left + WIDTH], alpha=share)


def labels(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A sign on the wall, which moves through the picture."""
    mask = np.zeros((height, width), np.uint8)
    left = width * (number % 10) // 12
    mask[height // 4 : height // 2, left : left + width // 6] = CLASSES.index("sign")
    return mask


def header(number: int) -> Header:
    """The header of a picture, 100 ms after that of the one before."""
    message = Header(frame_id="front_camera")
    stamp = FIRST_S * 10**9 + 7 + number * STEP_NS
    message.stamp.sec, message.stamp.nanosec = divmod(stamp, 10**9)
    return message


def number_of(message) -> int:
    """The number of the picture that a message is about."""
    return (stamp_of(message.header) - FIRST_S * 10**9 - 7) // STEP_NS


def numbers(messages: list) -> list[int]:
    return [number_of(message) for message in messages]


@pytest.fixture
def known_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model has CLASSES; and the node reports more often than it does for its users."""
    model = SimpleNamespace(published_table=SimpleNamespace(names=CLASSES))
    monkeypatch.setattr(diagnostics, "PERIOD_S", 0.2)
    monkeypatch.setattr(class_names, "load_model", lambda name: model)


OUTPUTS = {
    "images": (Image, "keyframe/image"),
    "masks": (Image, "keyframe/mask"),
    "infos": (CameraInfo, "keyframe/camera_info"),
    "scores": (DiagnosticArray, "keyframe/scores"),
    "team_images": (CompressedImage, "team/image/compressed"),
    "team_masks": (CompressedImage, "team/mask/compressed"),
    "team_infos": (CameraInfo, "team/camera_info"),
}


class Rig:
    """The node, and a desk that looks at the results.

    Args:
        graph: see ``ros_graph.Graph``.
        namespace: of the node and its topics.
        listen_to: the outputs with a listener, of OUTPUTS.
        **parameters: of the node.
    """

    def __init__(
        self,
        graph,
        namespace: str = "",
        listen_to: tuple[str, ...] = ("images", "masks", "infos", "scores"),
        **parameters,
    ) -> None:
        values = {
            "model": "wall",
            "classes": ["sign"],
            "reliability": "reliable",
            "window_time_s": 1.0,
            "window_motion": 0.0,
            "quality_floor": 0.0,
            "mask_wait_s": 10.0,
        } | parameters
        overrides = [Parameter(name, value=value) for name, value in values.items()]
        self.graph = graph
        self.node = graph.add(
            KeyframeSelectorNode(
                context=graph.context, namespace=namespace, parameter_overrides=overrides
            )
        )
        self.inputs = {
            name: graph.publisher(kind, f"{namespace}/{topic}", DEEP)
            for name, kind, topic in (
                ("image", Image, "image"),
                ("mask", Image, "segmentation/mask"),
                ("confidence", Image, "segmentation/confidence"),
                ("camera_info", CameraInfo, "camera_info"),
            )
        }
        self.requests = graph.publisher(Header, f"{namespace}/keyframe/request", DEEP)
        self.reports = graph.listen(DiagnosticArray, "/diagnostics")
        for name, (kind, topic) in OUTPUTS.items():
            heard = graph.listen(kind, f"{namespace}/{topic}", DEEP) if name in listen_to else []
            setattr(self, name, heard)
        if listen_to:
            self.wait_for_node()

    def wait_for_node(self) -> None:
        """Wait until the node listens to what it wants."""

        def heard() -> bool:
            active = [name for name, topic in self.node._inputs.items() if topic.active]
            return "image" in active and all(
                self.inputs[name].get_subscription_count() for name in active if name in self.inputs
            )

        self.graph.spin_until(heard)
        self.graph.spin_for(0.2)

    def messages(self, number: int, light: float = 1.0) -> dict:
        """All messages of a picture, by input."""
        mask, head = labels(number), header(number)
        return {
            "camera_info": CameraInfo(header=head, width=WIDTH, height=HEIGHT),
            "image": image_message(picture(number, light), "bgr8", head),
            "mask": image_message(mask, "mono8", head),
            "confidence": image_message(np.full_like(mask, 250), "mono8", head),
        }

    def play(self, *pictures: int, without: tuple[str, ...] = (), light: float = 1.0) -> None:
        """Publish pictures with all that belongs to them, or without some of it."""
        for number in pictures:
            for name, message in self.messages(number, light).items():
                if name not in without:
                    self.inputs[name].publish(message)
            self.graph.spin_for(0.02)

    def wait_for_scores(self, count: int) -> list[dict[str, str]]:
        """Wait until so many frames are decided; return what is said of each, in that order."""
        self.graph.spin_until(lambda: len(self.scores) >= count)
        return [values_of(message) for message in self.scores]

    def report(self, condition=lambda status, values: True) -> tuple[DiagnosticStatus, dict]:
        """Return the next report that meets the condition, with its values by name."""
        name = f"{self.node.get_fully_qualified_name()}: keyframes"
        return self.graph.next_report(self.reports, name, condition)

    def warning(self, part: str) -> str:
        """Wait for a report above OK whose message has this part; return the message."""
        status, _ = self.report(lambda s, _: s.level != DiagnosticStatus.OK and part in s.message)
        return status.message

    def set(self, **values) -> list:
        """Change parameters; return the answers."""
        parameters = [Parameter(name, value=value) for name, value in values.items()]
        return self.node.set_parameters(parameters)


def values_of(message: DiagnosticArray) -> dict[str, str]:
    """What a scores message says: its values, the sentence, the picture's number."""
    (status,) = message.status
    values = {pair.key: pair.value for pair in status.values}
    return values | {"sentence": status.message, "number": number_of(message)}
