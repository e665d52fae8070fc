"""Segmentation node: takes camera images, publishes label masks with the same header."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header
from std_srvs.srv import SetBool

from mininet_ros.images.class_groups import parse_groups
from mininet_ros.images.encodings import ImageError
from mininet_ros.inference import BackendError, Segmenter, load_segmenter
from mininet_ros.models import ModelError
from mininet_ros.nodes.common.diagnostics import OK, WARN, DiagnosticsPublisher, Status
from mininet_ros.nodes.common.endpoints import Topic
from mininet_ros.nodes.common.label_info import publish_label_info
from mininet_ros.nodes.common.latest_frame import LatestFrame
from mininet_ros.nodes.common.lifecycle import ACTIVE, ManagedNode
from mininet_ros.nodes.common.parameters import NodeParameters
from mininet_ros.nodes.common.process import run_node
from mininet_ros.nodes.common.rate_limit import RateLimit
from mininet_ros.nodes.common.stamps import NANOSECONDS, odd_stamp, stamp_of
from mininet_ros.nodes.common.stream_statistics import StreamStatistics
from mininet_ros.nodes.common.topics import (
    OnDemandSubscription,
    create_publisher,
)
from mininet_ros.nodes.segmentation.familiarity import FamiliarityMonitor
from mininet_ros.nodes.segmentation.health import judgement, running
from mininet_ros.nodes.segmentation.outputs import (
    Wishes,
    calibration,
    class_mask_table,
    results,
    segmented,
    upright_mask,
)
from mininet_ros.nodes.segmentation.parameters import SegmentationParameters
from mininet_ros.nodes.segmentation.topics import (
    CAMERA_INFO,
    COMPRESSED,
    ENABLE,
    IMAGE,
    LABEL_INFO,
    RESULTS,
)
from mininet_ros.parameters import ParameterError


class SegmentationNode(ManagedNode):
    """Segments the newest camera image, and publishes only outputs with a subscriber.

    The thread that spins receives messages and answers requests. While the node is active, a second
    thread converts images, infers and publishes. The camera is not subscribed to while no output
    has a subscriber, or after ``~/enable`` was called with false.

    Args:
        load: makes the segmenter from the parameters model, backend, network, threads and
            precision.
        **node_options: options of :class:`rclpy.node.Node`.

    Raises:
        ParameterError: a parameter override is wrong.
        ModelError, BackendError: ``load`` raised it, and the node starts by itself.
    """

    expected_errors = (ParameterError, ModelError, BackendError)

    def __init__(
        self, load: Callable[..., Segmenter] = load_segmenter, **node_options: Any
    ) -> None:
        super().__init__("segmentation", **node_options)
        self._load = load
        self._segmenter: Segmenter | None = None
        self._settings = NodeParameters(
            self, SegmentationParameters, check=self._problem, changed=self._apply
        )
        wanted = self._settings.values
        self._decoder = wanted.images.decoder()
        self._statistics = StreamStatistics()
        self._familiarity = FamiliarityMonitor()
        self._enabled = True
        self._camera_info: CameraInfo | None = None
        self._slot: LatestFrame[Image | CompressedImage] = LatestFrame()
        self._worker: threading.Thread | None = None
        self._odd_stamps: set[str] = set()
        self._outputs = {name: self._output(name) for name in RESULTS}
        self._rate_limit = RateLimit(wanted.max_rate)
        images, calibrations = self._inputs()
        self._images = OnDemandSubscription(self, self._receive, images)
        self._camera_infos = OnDemandSubscription(self, self._keep_camera_info, calibrations)
        self.create_service(ENABLE.type, ENABLE.name, self._enable)
        self._diagnostics = DiagnosticsPublisher(self, "segmentation", self._report)
        self.start(wanted.autostart)

    def configure(self) -> None:
        """Load the model that the parameters name."""
        wanted = self._settings.values
        try:
            groups = parse_groups(wanted.groups)
        except ValueError as error:
            raise ParameterError(f"parameter groups: {error}") from error
        segmenter = self._load(
            model=wanted.model,
            backend=wanted.backend,
            network=wanted.network,
            threads=wanted.threads,
            precision=wanted.precision,
            runtime=wanted.runtime,
            providers=wanted.providers,
            groups=groups or None,
        )
        self._segmenter = segmenter
        if problem := self._problem(wanted):
            self._segmenter = None
            raise ParameterError(problem)
        self._familiarity.follow(segmenter.model)
        publish_label_info(self, LABEL_INFO, segmenter.model.classes)
        self.get_logger().info(
            f"{segmenter.model.name} on {segmenter.device} (backend {segmenter.backend}, "
            f"{segmenter.runtime}, {running(segmenter)['precision']}), "
            f"for the images of {self._images.topic}"
        )

    def activate(self) -> None:
        """Start to segment images, while an output has a subscriber."""
        self._slot = LatestFrame()
        self._worker = threading.Thread(target=self._work, name="segmentation", daemon=True)
        self._worker.start()
        self._follow_subscribers(active=True)

    def deactivate(self) -> None:
        """End the working thread after its present image."""
        self._follow_subscribers(active=False)
        self._slot.close()
        if self._worker is not None:
            self._worker.join()
            self._worker = None

    def cleanup(self) -> None:
        """Release the model."""
        self._segmenter = None

    def _output(self, name: str) -> Publisher:
        # From the resolved name, so that remapping a topic also moves its compressed topic.
        topic = RESULTS[name]
        base, compressed, _ = topic.name.partition("/compressed")
        resolved = self.resolve_topic_name(base) + compressed
        return create_publisher(self, topic.renamed(resolved), self._matched)

    def _inputs(self) -> tuple[Topic, Topic]:
        """Return the topics of images and calibrations as the parameters have them."""
        wanted = self._settings.values
        images = IMAGE.renamed(self.resolve_topic_name(IMAGE.name))
        if wanted.image_transport == "compressed":
            images = COMPRESSED.renamed(f"{images.name}/compressed")
        topics = (images, CAMERA_INFO)
        images, calibrations = (topic.with_reliability(wanted.reliability) for topic in topics)
        return images, calibrations

    def _matched(self) -> None:
        self._follow_subscribers(self.state == ACTIVE)

    def _follow_subscribers(self, active: bool) -> None:
        """Subscribe only while the node is active and an output has a subscriber."""
        wanted = active and self._enabled and any(map(_has_subscribers, self._outputs.values()))
        self._images.want(wanted)
        self._camera_infos.want(wanted and _has_subscribers(self._outputs["camera_info"]))
        if not wanted and self._slot.clear():
            self._statistics.note_skipped()

    def _problem(self, wanted: SegmentationParameters) -> str | None:
        """Return what is wrong with the combination of parameters, as a sentence, or None."""
        if self._segmenter is None:
            return None
        try:
            self._class_table(self._segmenter, wanted)
        except ValueError as error:
            return f"parameter mask_classes cannot be used: {error}"
        return None

    def _apply(self, changed: frozenset[str]) -> None:
        """Apply changed parameters; those that are read for each image need no action."""
        if "max_rate" in changed:
            self._rate_limit = RateLimit(self._settings.values.max_rate)
        if changed & {"image_transport", "reliability"}:
            images, calibrations = self._inputs()
            self._images.change(images)
            self._camera_infos.change(calibrations)

    def _enable(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._enabled = request.data
        self._matched()
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
        segmenter = self._segmenter
        if segmenter is None:
            raise RuntimeError("the node works although it is not configured")
        while (message := self._slot.take()) is not None:
            try:
                self._serve(segmenter, message)
            except ImageError as error:
                self._statistics.note_rejected(error)
                self.get_logger().warning(f"image rejected: {error}", throttle_duration_sec=5.0)
            # Whatever error one image causes, the next image is processed.
            except Exception as error:  # noqa: BLE001 - counted and logged
                self._statistics.note_failed(error)
                self.get_logger().error(
                    f"image failed: {self._statistics.last_failure}", throttle_duration_sec=5.0
                )

    def _serve(self, segmenter: Segmenter, message: Image | CompressedImage) -> None:
        """Publish the wanted outputs of one image."""
        wishes = self._wishes(segmenter)
        info = self._camera_info if "camera_info" in wishes.topics else None
        if not wishes.topics - {"camera_info"} and info is None:
            self._statistics.note_skipped()
            return
        image = self._decoder.message(message)
        latency_s = None
        if wishes.topics != {"camera_info"}:
            latency_s = self._publish_results(segmenter, image, message.header, wishes)
        if info is not None:
            calibrated = calibration(info, image, segmenter.model, message.header, wishes)
            self._outputs["camera_info"].publish(calibrated)
            latency_s = self._age_s(message.header) if latency_s is None else latency_s
        self._statistics.note_published(None if self._stamp_is_odd(message.header) else latency_s)

    def _publish_results(
        self, segmenter: Segmenter, image: np.ndarray, header: Header, wishes: Wishes
    ) -> float | None:
        """Segment an image and publish what is wanted; return the age of the first output."""
        started = time.perf_counter()
        result = segmented(segmenter, image, wishes)
        self._statistics.note_inferred(time.perf_counter() - started)
        self._familiarity.note(upright_mask(result, wishes))
        latency_s = None
        for name, output in results(image, result, segmenter.model.colors, header, wishes):
            self._outputs[name].publish(output)
            latency_s = self._age_s(header) if latency_s is None else latency_s
        return latency_s

    def _wishes(self, segmenter: Segmenter) -> Wishes:
        wanted = self._settings.values
        topics = (name for name, output in self._outputs.items() if _has_subscribers(output))
        return Wishes(
            frozenset(topics),
            wanted.mask_size == "camera",
            wanted.overlay_alpha,
            wanted.rotate,
            self._class_table(segmenter, wanted),
        )

    @staticmethod
    def _class_table(segmenter: Segmenter, wanted: SegmentationParameters) -> np.ndarray:
        classes = segmenter.model.classes
        return class_mask_table(classes, wanted.mask_classes, wanted.class_mask_inverse)

    def _age_s(self, header: Header) -> float:
        return (self.get_clock().now().nanoseconds - stamp_of(header)) / NANOSECONDS

    def _stamp_is_odd(self, header: Header) -> bool:
        """Return whether a stamp is unusual; log each kind of unusual stamp once."""
        problem = odd_stamp(header)
        if problem is None:
            return False
        kind = problem.partition("(")[0]
        if kind not in self._odd_stamps:
            self._odd_stamps.add(kind)
            self.get_logger().warning(f"{problem}; the outputs carry it unchanged")
        return True

    def _report(self) -> Status:
        self._matched()  # for middleware that does not report subscribers
        level, message = self._judgement()
        segmenter = self._segmenter
        values = {
            "state": self.state,
            **(running(segmenter) if segmenter is not None else {}),
            "familiarity": self._familiarity.value,
            **self._statistics.values(),
            "lost": self._images.lost,
        }
        return Status(level, message, values, segmenter.device if segmenter is not None else "")

    def _judgement(self) -> tuple[bytes, str]:
        if self.state != ACTIVE:
            return OK, f"{self.state}: a lifecycle manager can activate the node"
        if not self._enabled:
            return OK, "disabled by ~/enable"
        level, message = judgement(self, self._statistics, self._images, self._familiarity)
        shows_nothing = not any(self._settings.values.mask_classes)
        if level == OK and shows_nothing and _has_subscribers(self._outputs["class_mask"]):
            return WARN, "segmentation/class_mask shows no class: set the parameter mask_classes"
        return level, message


def _has_subscribers(publisher: Publisher) -> bool:
    return publisher.get_subscription_count() > 0


def main() -> int:
    """Run the node as a process; return its exit status."""
    return run_node(
        "segmentation_node",
        "Labels every pixel of a camera's images with MiniNet-v2.",
        SegmentationParameters,
        lambda finish: SegmentationNode(),
        expected_errors=(ModelError, BackendError),
    )


if __name__ == "__main__":
    sys.exit(main())
