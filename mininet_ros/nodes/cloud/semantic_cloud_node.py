"""Semantic cloud node: makes a labelled point cloud from a depth image and a label mask."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import numpy as np
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

from mininet_ros.clouds import POINT, CloudError, Intrinsics, LabelledCloud, depth_in_metres
from mininet_ros.clouds.matching import StampMatcher
from mininet_ros.images.encodings import ImageError
from mininet_ros.models import ModelError, load_model
from mininet_ros.nodes.cloud.parameters import SemanticCloudParameters
from mininet_ros.nodes.cloud.topics import CLOUD, DEPTH, INPUTS, LABEL_INFO
from mininet_ros.nodes.common.diagnostics import OK, WARN, DiagnosticsPublisher, Status
from mininet_ros.nodes.common.image_messages import byte_array, image_to_bgr
from mininet_ros.nodes.common.label_info import subscribe_label_info
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_node
from mininet_ros.nodes.common.recent_values import RecentValues
from mininet_ros.nodes.common.topics import (
    OnDemandSubscription,
    create_publisher,
)

NEEDED = ("depth", "camera_info")
OPTIONAL = ("confidence", "image")
DEPTHS = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}
FIELDS = {
    "x": PointField.FLOAT32,
    "y": PointField.FLOAT32,
    "z": PointField.FLOAT32,
    "rgb": PointField.FLOAT32,
    "label": PointField.UINT8,
    "confidence": PointField.UINT8,
}


class SemanticCloudNode(Node):
    """Publishes ``semantic_cloud`` and ``semantic_depth`` while they have a subscriber.

    Both have the header of the depth image. Depth and mask must show the same view: if they
    come from two cameras, register the depth image to the camera of the mask.

    Args:
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
        ModelError: the parameter ``model`` names no model.
    """

    def __init__(self, **node_options: Any) -> None:
        super().__init__("semantic_cloud", **node_options)
        self._settings = NodeParameters(
            self, SemanticCloudParameters, check=_check, changed=lambda _: self._rebuild()
        )
        values = self._settings.values
        self._names: tuple[str, ...] = ()
        self._cloud: LabelledCloud | None = None
        self._problem = ""
        self._counts: Counter[str] = Counter()
        self._made = RecentValues()
        self._matcher: StampMatcher[Any] = StampMatcher(
            "mask", NEEDED, OPTIONAL, round(values.sync_slop_s * 1e9)
        )
        if values.model:
            self._names = load_model(values.model).published_table.names
        else:
            self._label_info = subscribe_label_info(self, LABEL_INFO, self._note_names)
        self._rebuild()
        self._inputs = {
            kind: OnDemandSubscription(
                self, self._receiver(kind), topic.with_reliability(values.reliability)
            )
            for kind, topic in INPUTS.items()
        }
        self._clouds = create_publisher(self, CLOUD, self._follow_demand)
        self._depths = create_publisher(self, DEPTH, self._follow_demand)
        self._diagnostics = DiagnosticsPublisher(self, "semantic cloud", self._report)

    def close(self) -> None:
        """Do nothing: the node holds no resources of its own."""

    def _follow_demand(self) -> None:
        clouds, depths = self._wanted()
        for kind, subscription in self._inputs.items():
            subscription.want(clouds or (depths and kind not in OPTIONAL))

    def _wanted(self) -> tuple[bool, bool]:
        """Return whether clouds and whether depth images have a subscriber."""
        topics = (self._clouds, self._depths)
        clouds, depths = (topic.get_subscription_count() > 0 for topic in topics)
        return clouds, depths

    def _note_names(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._rebuild()

    def _rebuild(self) -> None:
        """Apply the parameters and the class names that are known now."""
        values = self._settings.values
        wanted = [name for name in values.classes if name]
        self._cloud, self._problem = None, ""
        ids = []
        for name in wanted:
            if name in self._names:
                ids.append(self._names.index(name))
            elif name.isdecimal() and int(name) < 256:
                ids.append(int(name))
            else:
                known = ", ".join(self._names) or "nobody names them: set the parameter model"
                self._problem = f"the masks have no class {name}: {known}"
                return
        nearest, farthest = values.range
        self._cloud = LabelledCloud(
            ids if wanted else None, nearest, farthest, values.step, values.classes_inverse
        )

    def _receiver(self, kind: str) -> Any:
        def receive(message: Any) -> None:
            stamp = message.header.stamp
            stamp_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
            found = self._matcher.add(kind, stamp_ns, message)
            if found is not None:
                self._publish(found)

        return receive

    def _publish(self, found: dict[str, Any]) -> None:
        if self._cloud is None:
            return
        clouds, depths = self._wanted()
        try:
            depth, mask = depth_pixels(found["depth"]), byte_plane(found["mask"])
            if depths:
                masked = self._cloud.masked_depth(depth, mask)
                self._depths.publish(depth_message(masked, found["depth"]))
            if clouds:
                points = self._points(self._cloud, depth, mask, found)
                self._clouds.publish(cloud_message(points, found["depth"].header))
        except (CloudError, ImageError) as error:
            self._counts["refused"] += 1
            if str(error) != self._problem:
                self.get_logger().warning(str(error))
            self._problem = str(error)
            return
        if found["mask"].header.frame_id != found["depth"].header.frame_id:
            self._problem = (
                f"mask and depth image are of different frames, {found['mask'].header.frame_id!r} "
                f"and {found['depth'].header.frame_id!r}: register the depth image to the camera"
            )
        else:
            self._problem = ""
        self._counts["published"] += 1
        self._made.add()

    @staticmethod
    def _points(
        cloud: LabelledCloud, depth: np.ndarray, mask: np.ndarray, found: dict[str, Any]
    ) -> np.ndarray:
        return cloud.points(
            depth_in_metres(depth),
            intrinsics(found["camera_info"]),
            mask,
            byte_plane(found["confidence"]) if "confidence" in found else None,
            image_to_bgr(found["image"]) if "image" in found else None,
        )

    def _report(self) -> Status:
        self._follow_demand()
        values = {
            "published": self._counts["published"],
            "refused": self._counts["refused"],
            "unmatched": self._matcher.unmatched,
            "rate_hz": self._made.rate_hz(),
        }
        if self._problem:
            return Status(WARN, self._problem, values)
        if not any(self._wanted()):
            return Status(OK, f"nobody subscribes to {CLOUD.name} or {DEPTH.name}", values)
        silent = [
            subscription.topic
            for kind, subscription in self._inputs.items()
            if kind in ("mask", *NEEDED) and subscription.silent_s() > 3
        ]
        if silent:
            return Status(WARN, f"nothing arrives on {', '.join(silent)}", values)
        if not self._made.values():
            return Status(
                WARN,
                "mask and depth image do not pair: raise the parameter sync_slop_s, or check their "
                "stamps",
                values,
            )
        if self._wanted()[1] and not any(self._settings.values.classes):
            return Status(WARN, f"{DEPTH.name} masks nothing: set the parameter classes", values)
        return Status(OK, "publishing what the mask says of the depth image", values)


def depth_pixels(message: Image) -> np.ndarray:
    """Return the pixels of a depth message, (H, W) uint16 or float32.

    Raises:
        CloudError: the encoding is another one, or the data are shorter than the size requires.
    """
    kind = DEPTHS.get(message.encoding)
    if kind is None:
        raise CloudError(
            f"{message.encoding!r} is no encoding of depth: 16UC1 (millimetres) and 32FC1 (metres) "
            f"are"
        )
    order = ">" if message.is_bigendian else "<"
    pixels = _rows(message, np.dtype(order + kind).itemsize)
    plane = np.ascontiguousarray(pixels).view(order + kind)
    return plane.astype(plane.dtype.newbyteorder("="), copy=False)


def byte_plane(message: Image) -> np.ndarray:
    """Return the pixels of a mono8 message, uint8 (H, W).

    Raises:
        CloudError: the encoding is another one, or the data are shorter than the size requires.
    """
    if message.encoding not in ("mono8", "8UC1"):
        raise CloudError(f"masks and confidences are mono8, not {message.encoding!r}")
    return _rows(message, 1)


def intrinsics(message: CameraInfo) -> Intrinsics:
    """Return the projection of a rectified camera: ``P`` where it is given, else ``K``."""
    p = message.p
    if p[0]:
        return Intrinsics(p[0], p[5], p[2], p[6])
    return Intrinsics(message.k[0], message.k[4], message.k[2], message.k[5])


def depth_message(pixels: np.ndarray, received: Image) -> Image:
    """Return a depth image with other pixels, without padding, in this machine's byte order.

    Args:
        pixels: (H, W), of the type of :func:`depth_pixels`.
        received: depth image that gives header, size and encoding.
    """
    return Image(
        header=received.header,
        height=received.height,
        width=received.width,
        encoding=received.encoding,
        is_bigendian=sys.byteorder == "big",
        step=received.width * pixels.itemsize,
        data=byte_array(pixels.view(np.uint8)),
    )


def cloud_message(points: np.ndarray, header: Any) -> PointCloud2:
    """Return an unordered cloud of points of type :data:`mininet_ros.clouds.POINT`."""
    offsets = {str(name): field for name, field in (POINT.fields or {}).items()}
    return PointCloud2(
        header=header,
        height=1,
        width=len(points),
        fields=[
            PointField(name=name, offset=offsets[name][1], datatype=kind, count=1)
            for name, kind in FIELDS.items()
        ],
        is_bigendian=False,
        point_step=POINT.itemsize,
        row_step=POINT.itemsize * len(points),
        data=byte_array(points.view(np.uint8)),
        is_dense=True,
    )


def _rows(message: Image, size: int) -> np.ndarray:
    """Return the bytes of an image's rows without their padding, uint8 (H, W * size)."""
    needed = message.width * size
    data = np.frombuffer(message.data, np.uint8)
    if not needed or message.step < needed or len(data) < message.step * message.height:
        raise CloudError(
            f"an image of {message.width}x{message.height} {message.encoding} with a step of "
            f"{message.step} does not fit its {len(data)} bytes of data"
        )
    return data[: message.step * message.height].reshape(message.height, -1)[:, :needed]


def _check(values: SemanticCloudParameters) -> str | None:
    if len(values.range) != 2 or not 0 <= values.range[0] < values.range[1]:
        return (
            f"parameter range is the nearest and the farthest depth in metres, ascending, not "
            f"{list(values.range)}"
        )
    return None


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "semantic_cloud_node",
        "Publishes the points of a depth image with the classes of a label mask.",
        SemanticCloudParameters,
        lambda finish: SemanticCloudNode(),
        expected_errors=(ModelError,),
    )


if __name__ == "__main__":
    sys.exit(main())
