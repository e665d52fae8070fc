"""Class masks, compressed outputs, rotated cameras, odd stamps, overridden quality of service."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from builtin_interfaces.msg import Time
from fake_segmenter import HEIGHT, WIDTH, FakeSegmenter
from node_arguments import error_line
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from segmentation_rig import Rig, bright, image, picture
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from mininet_ros.nodes.common import diagnostics
from mininet_ros.nodes.common.image_messages import image_message, image_to_bgr
from mininet_ros.parameters import ParameterError


def labels(message: Image) -> np.ndarray:
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width)


@pytest.mark.parametrize("inverse", [False, True])
def test_the_class_mask_shows_the_pixels_of_the_classes(graph, inverse):
    rig = Rig(graph, mask_classes=["bright"], class_mask_inverse=inverse)
    masks, class_masks = rig.listen("mask"), rig.listen("class_mask")
    rig.wait_for_node()
    sent = image(3)
    rig.camera.publish(sent)
    graph.spin_until(lambda: masks and class_masks)
    assert class_masks[0].header == sent.header
    assert class_masks[0].encoding == "mono8"
    shown = (labels(masks[0]) == 1) != inverse
    np.testing.assert_array_equal(labels(class_masks[0]), np.where(shown, 255, 0))
    assert set(np.unique(labels(class_masks[0]))) == {0, 255}


def test_the_classes_of_the_mask_change_at_run_time_and_unknown_ones_are_refused(graph):
    rig = Rig(graph)
    class_masks = rig.listen("class_mask")
    rig.wait_for_node()
    now = graph.observer.get_clock().now().to_msg()
    rig.camera.publish(image_message(picture(), "bgr8", Header(stamp=now)))
    graph.spin_until(lambda: class_masks)
    assert not labels(class_masks[0]).any()
    status, _ = rig.report(lambda status, values: status.level == diagnostics.WARN)
    assert "set the parameter mask_classes" in status.message
    answer = rig.node.set_parameters([Parameter("mask_classes", value=["Car"])])[0]
    assert not answer.successful
    assert "no class 'Car'" in answer.reason and "dark, bright" in answer.reason
    assert rig.node.set_parameters([Parameter("mask_classes", value=["dark"])])[0].successful
    rig.camera.publish(image(2))
    graph.spin_until(lambda: len(class_masks) == 2)
    assert labels(class_masks[1]).any()
    with pytest.raises(ParameterError, match="the model has no class 'Car'"):
        Rig(graph, namespace="/other", mask_classes=["Car"])


def test_compressed_outputs_hold_what_the_raw_ones_hold(graph):
    rig = Rig(graph)
    raw = rig.listen("mask"), rig.listen("overlay")
    compressed = (
        rig.listen("mask/compressed", CompressedImage),
        rig.listen("overlay/compressed", CompressedImage),
    )
    rig.wait_for_node()
    sent = image(4)
    rig.camera.publish(sent)
    graph.spin_until(lambda: all(raw) and all(compressed))
    (mask,), (overlay,) = raw
    (png,), (jpeg,) = compressed
    assert png.header == jpeg.header == sent.header
    assert png.format == "mono8; png compressed mono8"
    decoded = cv2.imdecode(np.frombuffer(png.data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded, labels(mask))
    assert "jpeg" in jpeg.format
    assert np.abs(image_to_bgr(jpeg).astype(int) - image_to_bgr(overlay)).mean() < 3
    assert rig.segmenter.runs == 1


@pytest.mark.parametrize("name", ["mask/compressed", "overlay/compressed", "class_mask"])
def test_each_output_is_made_for_its_listeners_alone(graph, name):
    rig = Rig(graph)
    assert rig.camera.get_subscription_count() == 0
    heard = rig.listen(name, CompressedImage if "/" in name else Image)
    rig.wait_for_node()
    rig.camera.publish(image(1))
    graph.spin_until(lambda: heard)


class Recorder(FakeSegmenter):
    """Keeps the picture that it was given last."""

    seen = None

    def infer(self, image, with_confidence=True):
        self.seen = image
        return super().infer(image, with_confidence)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("size", ["camera", "network"])
def test_a_rotated_camera_is_upright_for_the_network_and_masked_as_it_hangs(graph, rotate, size):
    segmenter = Recorder()
    rig = Rig(graph, segmenter, rotate=rotate, mask_size=size)
    masks, confidences = rig.listen("mask"), rig.listen("confidence")
    infos = rig.listen("camera_info", CameraInfo)
    calibration = graph.publisher(CameraInfo, "camera_info")
    rig.wait_for_node()
    rig.wait_for_node(calibration)
    calibration.publish(CameraInfo(width=160, height=120))
    graph.spin_for(0.3)
    rig.camera.publish(image(1))
    graph.spin_until(lambda: masks and confidences and infos)
    turned = np.rot90(picture(), -rotate // 90)
    np.testing.assert_array_equal(segmenter.seen, turned)
    turned_size = (HEIGHT, WIDTH) if rotate in (90, 270) else (WIDTH, HEIGHT)
    expected = (160, 120) if size == "camera" else turned_size
    for message in (masks[0], confidences[0], infos[0]):
        assert (message.width, message.height) == expected
    shown = cv2.resize(labels(masks[0]), (160, 120), interpolation=cv2.INTER_NEAREST)
    assert np.mean(shown != bright(picture())) < 0.05


@pytest.mark.parametrize(
    ("stamp", "sentence"),
    [
        (Time(), "zero"),
        (Time(sec=-5, nanosec=7), "negative"),
        (Time(sec=-(2**31)), "negative"),
        (Time(sec=2**31 - 1, nanosec=999_999_999), "the last one possible"),
        (Time(sec=7, nanosec=2**32 - 1), "a second or more"),
    ],
)
def test_an_odd_stamp_loses_no_output_and_is_named_once(graph, capfd, stamp, sentence):
    rig = Rig(graph, mask_classes=["bright"])
    heard = [rig.listen(name) for name in ("mask", "confidence", "overlay", "class_mask")]
    rig.wait_for_node()
    for number in range(3):
        rig.camera.publish(image_message(picture(), "bgr8", Header(stamp=stamp, frame_id="lens")))
        graph.spin_until(lambda: all(len(h) == number + 1 for h in heard))  # noqa: B023
    assert all(message.header.stamp == stamp for messages in heard for message in messages)
    status, values = rig.report(lambda status, values: values["published"] == "3")
    assert (values["failed"], status.level) == ("0", diagnostics.OK)
    assert capfd.readouterr().err.count(sentence) == 1


def test_simulated_time_without_a_clock_is_named(graph):
    rig = Rig(graph, use_sim_time=True)
    rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(1))
    status, _ = rig.report(lambda status, values: status.level == diagnostics.WARN)
    assert "nothing has come on /clock" in status.message


def test_every_image_of_a_burst_is_accounted_for(graph):
    rig = Rig(graph, FakeSegmenter(failures=1), max_rate=200.0)
    rig.listen("mask")
    rig.wait_for_node()
    for number in range(300):
        message = image(number)
        if number % 7 == 3:
            message.data = array("B", message.data[:-1])
        rig.node._receive(message)
        if number % 50 == 0:
            graph.spin_for(0.05)
    _, values = rig.report(lambda status, values: values["waiting"] == "0")
    assert values["received"] == "300"
    outcomes = ("published", "replaced", "skipped", "rejected", "failed")
    assert sum(int(values[name]) for name in outcomes) == 300
    assert min(int(values["replaced"]) + int(values["skipped"]), int(values["failed"])) > 0


def test_a_rejection_is_not_taken_for_a_failure(graph):
    rig = Rig(graph, FakeSegmenter(failures=1))
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(1))
    graph.spin_until(lambda: rig.segmenter.runs == 1)
    short = image(2)
    short.data = array("B", short.data[:-1])
    rig.camera.publish(short)
    rig.report(lambda status, values: values["rejected"] == "1")
    rig.camera.publish(image(3))
    graph.spin_until(lambda: masks)
    status, _ = rig.report(lambda status, values: values["rejected"] == "1")
    assert status.message == "images fail: RuntimeError: the device is lost"


def test_the_quality_of_service_of_every_endpoint_can_be_overridden(graph):
    rig = Rig(
        graph,
        **{
            "qos_overrides./segmentation/mask.publisher.reliability": "best_effort",
            "qos_overrides./segmentation/mask.publisher.depth": 2,
            "qos_overrides./image.subscription.reliability": "reliable",
        },
    )
    graph.spin_until(lambda: graph.observer.get_publishers_info_by_topic("/segmentation/mask"))
    (mask,) = graph.observer.get_publishers_info_by_topic("/segmentation/mask")
    assert mask.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    graph.listen(Image, "/segmentation/mask", qos)
    rig.wait_for_node()
    (camera,) = graph.observer.get_subscriptions_info_by_topic("/image")
    assert camera.qos_profile.reliability == ReliabilityPolicy.RELIABLE
    assert rig.node.set_parameters([Parameter("reliability", value="best_effort")])[0].successful


def test_a_qos_override_that_cannot_be_used_is_one_line(ros_domain, tmp_path, tiny_model):
    name = "qos_overrides./segmentation/mask.publisher.reliability"
    line = error_line(tmp_path, "segmentation_node", "-p", f"{name}:=sometimes")
    assert "the QoS of segmentation/mask cannot be used" in line or "/segmentation/mask" in line
