"""The segmentation node: camera images in, label masks with the same header out."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.time import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from mininet_ros.images.drawing import overlay
from mininet_ros.images.encodings import ImageError
from mininet_ros.inference import BackendError, Segmenter, load_segmenter
from mininet_ros.models import ModelError
from mininet_ros.nodes.common.camera_info import resized_camera_info
from mininet_ros.nodes.common.diagnostics import (
    ERROR,
    OK,
    WARN,
    DiagnosticsPublisher,
    Status,
    input_problem,
)
from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.nodes.common.label_info import publish_label_info
from mininet_ros.nodes.common.latest_frame import LatestFrame
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_node
from mininet_ros.nodes.common.rate_limit import RateLimit
from mininet_ros.nodes.common.stream_statistics import StreamStatistics
from mininet_ros.nodes.common.topics import (
    OUTPUT_QOS,
    OnDemandSubscription,
    create_publisher,
    input_qos,
)
from mininet_ros.nodes.segmentation.familiarity import FamiliarityMonitor
from mininet_ros.nodes.segmentation.parameters import SegmentationParameters

# In the order in which they are made and published: the picture for people comes last.
OUTPUTS = {
    "mask": Image,
    "confidence": Image,
    "camera_info": CameraInfo,
    "overlay": Image,
}


class SegmentationNode(Node):
    """Serves the newest camera image, and only what somebody listens to.

    The thread that spins receives and answers; a second one converts, infers and publishes. While
    no output has a subscriber, or ``~/enable`` said false, the camera is not subscribed to either.

    Args:
        load: makes the segmenter of the parameters model, backend, network, threads and precision.
        **node_options: for :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
        ModelError, BackendError: what `load` raises.
    """

    def __init__(
        self, load: Callable[..., Segmenter] = load_segmenter, **node_options: object
    ) -> None:
        super().__init__("segmentation", **node_options)
        self._settings = NodeParameters(self, SegmentationParameters, changed=self._apply)
        wanted = self._settings.values
        self._segmenter = load(
            model=wanted.model,
            backend=wanted.backend,
            network=wanted.network,
            threads=wanted.threads,
            precision=wanted.precision,
        )

        self._familiarity = FamiliarityMonitor(self._segmenter.model)
        self._decoder = wanted.images.decoder()
        self._statistics = StreamStatistics()
        self._enabled = True
        self._camera_info: CameraInfo | None = None
        self._slot: LatestFrame[Image | CompressedImage] = LatestFrame()
        self._outputs = {
            name: create_publisher(
                self, kind, f"segmentation/{name}", OUTPUT_QOS, self._follow_subscribers
            )
            for name, kind in OUTPUTS.items()
        }
        self._label_info = publish_label_info(
            self, "segmentation/label_info", self._segmenter.model.classes
        )
        self._rate_limit = RateLimit(self._settings.values.max_rate)
        kind, topic, qos = self._input()
        self._images = OnDemandSubscription(self, self._receive, kind, topic, qos)
        self._camera_infos = OnDemandSubscription(
            self, self._keep_camera_info, CameraInfo, "camera_info", qos
        )
        self.create_service(SetBool, "~/enable", self._enable)
        self._diagnostics = DiagnosticsPublisher(
            self, "segmentation", self._segmenter.device, self._report
        )
        self._worker = threading.Thread(target=self._work, name="segmentation", daemon=True)
        self._worker.start()
        self.get_logger().info(
            f"{self._segmenter.model.name} on {self._segmenter.device} "
            f"(backend {self._segmenter.backend}, {self._segmenter.runtime}, "
            f"{_precision(self._segmenter)}), "
            f"for the images of {self._images.topic}"
        )

    def close(self) -> None:
        """End the working thread; it finishes the image that it works on."""
        self._slot.close()
        self._worker.join()

    def _input(self) -> tuple[type, str, QoSProfile]:
        """Return message type, topic and quality of service that the parameters ask for."""
        qos = input_qos(self._settings.values.reliability)
        # From the resolved name, so that remapping image moves the compressed topic with it.
        topic = self.resolve_topic_name("image")
        if self._settings.values.image_transport == "compressed":
            return CompressedImage, f"{topic}/compressed", qos
        return Image, topic, qos

    def _follow_subscribers(self) -> None:
        """Subscribe while somebody listens, and only then."""
        wanted = self._enabled and any(map(_has_subscribers, self._outputs.values()))
        self._images.want(wanted)
        self._camera_infos.want(wanted and _has_subscribers(self._outputs["camera_info"]))
        if not wanted and self._slot.clear():
            self._statistics.note_skipped()

    def _apply(self, changed: frozenset[str]) -> None:
        """Put changed parameters into effect; those that are read for each image need nothing."""
        if "max_rate" in changed:
            self._rate_limit = RateLimit(self._settings.values.max_rate)
        if changed & {"image_transport", "reliability"}:
            kind, topic, qos = self._input()
            self._images.change(kind, topic, qos)
            self._camera_infos.change(CameraInfo, "camera_info", qos)

    def _enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        self._follow_subscribers()
        response.success = True
        response.message = "enabled" if self._enabled else "disabled"
        return response

    def _receive(self, message: Image | CompressedImage) -> None:
        self._statistics.note_received()
        if not self._rate_limit.admits():
            self._statistics.note_skipped()
        elif self._slot.put(message):
            self._statistics.note_replaced()

    def _keep_camera_info(self, message: CameraInfo) -> None:
        self._camera_info = message

    def _work(self) -> None:
        while (message := self._slot.take()) is not None:
            try:
                self._serve(message)
            except ImageError as error:
                self._statistics.note_rejected(error)
                self.get_logger().warning(f"image rejected: {error}", throttle_duration_sec=5.0)
            # Whatever one image brings up, the next one is served.
            except Exception as error:  # noqa: BLE001 - counted and logged
                self._statistics.note_failed(error)
                self.get_logger().error(
                    f"image failed: {self._statistics.last_problem}", throttle_duration_sec=5.0
                )

    def _serve(self, message: Image | CompressedImage) -> None:
        """Publish the outputs of one image that somebody listens to."""
        wanted = {name for name, output in self._outputs.items() if _has_subscribers(output)}
        if not wanted:
            self._statistics.note_skipped()
            return
        image = self._decoder.message(message)
        latency_s = None
        for name, output in self._results(image, wanted, message.header):
            self._outputs[name].publish(output)
            if latency_s is None:
                age = self.get_clock().now() - Time.from_msg(message.header.stamp)
                latency_s = age.nanoseconds / 1e9
        if latency_s is None:  # only calibration is wanted, and the camera has sent none
            self._statistics.note_skipped()
        else:
            self._statistics.note_published(latency_s)

    def _results(
        self, image: np.ndarray, wanted: set[str], header: Header
    ) -> Iterator[tuple[str, Image | CameraInfo]]:
        """Yield the wanted outputs of a BGR image, each computed when its turn comes."""
        height, width = image.shape[:2]
        model = self._segmenter.model
        at_camera_size = self._settings.values.mask_size == "camera"
        if wanted != {"camera_info"}:
            started = time.perf_counter()
            segment = self._segmenter.segment if at_camera_size else self._segmenter.infer
            result = segment(image, with_confidence="confidence" in wanted)
            self._statistics.note_inferred(time.perf_counter() - started)
            self._familiarity.note(result.mask)
        if "mask" in wanted:
            yield "mask", image_message(result.mask, "mono8", header)
        if "confidence" in wanted:
            yield "confidence", image_message(result.confidence, "mono8", header)
        if "camera_info" in wanted and self._camera_info is not None:
            scale = (1.0, 1.0) if at_camera_size else (model.width / width, model.height / height)
            info = resized_camera_info(self._camera_info, *scale)
            info.header = header
            yield "camera_info", info
        if "overlay" in wanted:
            # Always over the whole picture: it is made to be looked at.
            mask = result.resized(width, height).mask
            picture = overlay(image, mask, model.colors, self._settings.values.overlay_alpha)
            yield "overlay", image_message(picture, "rgb8", header)

    def _report(self) -> Status:
        self._follow_subscribers()  # for the middleware that does not tell of subscribers
        level, message = self._judgement()
        segmenter = self._segmenter
        return Status(
            level,
            message,
            {
                "model": segmenter.model.name,
                "network": segmenter.model.network,
                "backend": segmenter.backend,
                "runtime": segmenter.runtime,
                "precision": _precision(segmenter),
                "device": segmenter.device,
                "familiarity": self._familiarity.value,
                **self._statistics.values(),
                "lost": self._images.lost,
            },
        )

    def _judgement(self) -> tuple[bytes, str]:
        """Return the level of the node's health and what it is about, the worst first."""
        statistics = self._statistics
        if statistics.recent_failures:
            return ERROR, f"images fail: {statistics.last_problem}"
        if statistics.recent_rejections:
            return WARN, f"images are rejected: {statistics.last_problem}"
        if not self._enabled:
            return OK, "disabled by ~/enable"
        if not self._images.active:
            return OK, "idle: nobody subscribes to an output"
        problem = input_problem(self, self._images)
        if problem:
            return WARN, problem
        if statistics.foreign_clock:
            return WARN, (
                f"the stamps are {statistics.latency_s:.0f} s behind this node's clock: "
                "set use_sim_time, or synchronise the clocks of the machines"
            )
        if warning := self._familiarity.warning:
            return WARN, warning
        return OK, f"segmenting {self._images.topic}"


def _precision(segmenter: Segmenter) -> str:
    reason = segmenter.precision_reason
    return f"{segmenter.precision} ({reason})" if reason else segmenter.precision


def _has_subscribers(publisher: Publisher) -> bool:
    return publisher.get_subscription_count() > 0


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "segmentation_node",
        "Labels every pixel of a camera's images with MiniNet-v2",
        SegmentationParameters,
        lambda finish: SegmentationNode(),
        expected_errors=(ModelError, BackendError),
    )


if __name__ == "__main__":
    sys.exit(main())
