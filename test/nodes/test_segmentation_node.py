"""The segmentation node on a real graph, with a segmenter whose labels are known."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from fake_segmenter import CLASSES, HEIGHT, WIDTH, FakeSegmenter
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from segmentation_rig import Rig, bright, header, image, picture, stamps
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from mininet_ros.nodes.common import diagnostics, topics
from mininet_ros.nodes.common.image_messages import image_message, image_to_bgr
from mininet_ros.nodes.common.label_info import publish_label_info
from mininet_ros.nodes.segmentation.topics import LABEL_INFO


@pytest.mark.parametrize(("width", "height"), [(160, 120), (120, 160), (WIDTH, HEIGHT), (33, 47)])
def test_outputs_have_the_header_and_size_of_the_image(graph, width, height):
    rig = Rig(graph, overlay_alpha=1.0)
    masks, confidences, overlays = map(rig.listen, ("mask", "confidence", "overlay"))
    rig.wait_for_node()
    sent = image(5, width, height)
    rig.camera.publish(sent)
    graph.spin_until(lambda: masks and confidences and overlays)
    for message, encoding in (
        (masks[0], "mono8"),
        (confidences[0], "mono8"),
        (overlays[0], "rgb8"),
    ):
        assert message.header == sent.header
        assert (message.width, message.height) == (width, height)
        assert message.encoding == encoding
    expected = bright(picture(width, height))
    mask = image_to_bgr(masks[0])[..., 0]
    # Edges may move by the pixels that the network's size cannot show.
    assert np.mean(mask != expected) < 0.05
    inside = cv2.erode(expected, np.ones((9, 9), np.uint8)).astype(bool)
    outside = ~cv2.dilate(expected, np.ones((9, 9), np.uint8)).astype(bool)
    assert np.all(mask[inside] == 1)
    assert np.all(mask[outside] == 0)
    painted = image_to_bgr(overlays[0])[..., ::-1]
    assert np.all(painted[inside] == [0, 255, 0])
    assert np.all(painted[outside] == [255, 0, 0])
    confidence = image_to_bgr(confidences[0])[..., 0]
    assert np.all(confidence[inside] == 220)


def test_masks_at_network_size_come_with_rescaled_calibration(graph):
    rig = Rig(graph, mask_size="network")
    masks, overlays = rig.listen("mask"), rig.listen("overlay")
    infos = rig.listen("camera_info", CameraInfo)
    calibration = graph.publisher(CameraInfo, "camera_info")
    rig.wait_for_node()
    rig.wait_for_node(calibration)
    info = CameraInfo(width=160, height=120)
    info.k = [100.0, 0.0, 80.0, 0.0, 100.0, 60.0, 0.0, 0.0, 1.0]
    calibration.publish(info)
    graph.spin_for(0.3)
    sent = image(7)
    rig.camera.publish(sent)
    graph.spin_until(lambda: masks and infos and overlays)
    assert (masks[0].width, masks[0].height) == (WIDTH, HEIGHT)
    assert (infos[0].width, infos[0].height) == (WIDTH, HEIGHT)
    assert infos[0].header == masks[0].header == sent.header
    # The centre of the first pixel is at 0, so the principal point scales about -0.5.
    np.testing.assert_allclose(infos[0].k, [40, 0, 31.7, 0, 40, 23.7, 0, 0, 1])
    assert (overlays[0].width, overlays[0].height) == (160, 120), "pictures stay whole"


@pytest.mark.parametrize(("listened", "alone"), [("mask", 1), ("overlay", 1), ("confidence", 0)])
def test_confidence_is_computed_for_its_listeners_alone(graph, listened, alone):
    rig = Rig(graph)
    results = rig.listen(listened)
    rig.wait_for_node()
    rig.camera.publish(image())
    graph.spin_until(lambda: results)
    assert (rig.segmenter.runs, rig.segmenter.without_confidence) == (1, alone)


def test_report_says_the_precision_and_why(graph):
    segmenter = FakeSegmenter()
    segmenter.precision, segmenter.precision_reason = "int8", "measured here"
    _, values = Rig(graph, segmenter).report()
    assert values["precision"] == "int8 (measured here)"


def test_calibration_alone_takes_no_inference(graph):
    rig = Rig(graph)
    infos = rig.listen("camera_info", CameraInfo)
    calibration = graph.publisher(CameraInfo, "camera_info")
    rig.wait_for_node()
    rig.wait_for_node(calibration)
    calibration.publish(CameraInfo(width=160, height=120))
    graph.spin_for(0.3)
    rig.camera.publish(image(1))
    graph.spin_until(lambda: infos)
    assert (infos[0].width, stamps(infos)) == (160, [1])
    assert rig.segmenter.runs == 0


def test_nothing_is_received_or_computed_without_a_subscriber(graph):
    rig = Rig(graph)
    for number in range(5):
        rig.camera.publish(image(number))
        graph.spin_for(0.05)
    status, values = rig.report()
    assert rig.camera.get_subscription_count() == 0
    assert (values["received"], values["inferred"]) == ("0", "0")
    assert status.level == diagnostics.OK
    assert "nobody subscribes" in status.message

    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(9))
    graph.spin_until(lambda: masks)
    assert rig.segmenter.runs == 1

    for subscription in list(graph.observer.subscriptions):
        if subscription.topic_name == "/segmentation/mask":
            graph.observer.destroy_subscription(subscription)
    graph.spin_until(lambda: rig.camera.get_subscription_count() == 0)


def test_a_slow_network_costs_frames_and_never_falls_behind(graph):
    rig = Rig(graph)
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.segmenter.gate.clear()
    rig.camera.publish(image(0))
    graph.spin_until(lambda: rig.segmenter.runs == 1)
    for number in range(1, 10):
        rig.camera.publish(image(number))
        graph.spin_for(0.05)
    rig.segmenter.gate.set()
    graph.spin_until(lambda: len(masks) == 2)
    _, values = rig.report(lambda status, values: values["published"] == "2")
    assert stamps(masks) == [0, 9], "the newest follows, what came between is gone"
    assert (values["received"], values["replaced"]) == ("10", "8")


def test_max_rate_leaves_images_out_and_counts_them(graph):
    rig = Rig(graph, max_rate=0.02)
    masks = rig.listen("mask")
    rig.wait_for_node()
    for number in range(10):
        rig.camera.publish(image(number))
        graph.spin_for(0.02)
    _, values = rig.report(lambda status, values: values["received"] == "10")
    assert stamps(masks) == [0]
    assert values["skipped"] == "9"
    assert rig.node.set_parameters([Parameter("max_rate", value=0.0)])[0].successful
    rig.camera.publish(image(11))
    graph.spin_until(lambda: len(masks) == 2)


def bad_messages() -> list[Image]:
    short, depth, odd, empty = (image(number) for number in range(4))
    short.data = short.data[:-1]
    depth.encoding = "16UC1"
    odd.encoding, odd.width = "yuv422", 159
    empty.width = 0
    return [short, depth, odd, empty]


def test_bad_messages_are_counted_by_reason_and_the_next_image_is_served(graph):
    rig = Rig(graph)
    masks = rig.listen("mask")
    rig.wait_for_node()
    for message in bad_messages():
        rig.camera.publish(message)
        graph.spin_for(0.1)
    rig.camera.publish(image(9))
    graph.spin_until(lambda: masks)
    assert stamps(masks) == [9]
    status, values = rig.report(lambda status, values: values["published"] == "1")
    assert values["rejected"] == "4"
    for reason in ("data too short", "depth image", "odd size", "empty image"):
        assert values[f"rejected: {reason}"] == "1"
    assert status.level == diagnostics.WARN
    assert "0x120" in status.message


def test_an_inference_that_fails_is_an_error_and_the_next_image_is_served(graph):
    rig = Rig(graph, FakeSegmenter(failures=1))
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(1))
    graph.spin_until(lambda: rig.segmenter.runs == 1)
    rig.camera.publish(image(2))
    graph.spin_until(lambda: masks)
    assert stamps(masks) == [2]
    status, values = rig.report(lambda status, values: values["published"] == "1")
    assert values["failed"] == "1"
    assert status.level == diagnostics.ERROR
    assert "the device is lost" in status.message


def test_diagnostics_tell_what_runs_and_how_fast(graph):
    rig = Rig(graph)
    rig.listen("mask")
    rig.wait_for_node()
    for _ in range(20):
        now = graph.observer.get_clock().now().to_msg()
        rig.camera.publish(image_message(picture(), "bgr8", Header(stamp=now)))
        graph.spin_for(0.02)
    status, values = rig.report(lambda status, values: values["received"] == "20")
    assert status.level == diagnostics.OK
    assert status.hardware_id == "a test"
    running = ("model", "network", "backend", "runtime", "device")
    assert [values[name] for name in running] == [
        "fake",
        "mininet_v2_cpu",
        "cpu",
        "none",
        "a test",
    ]
    assert 0 < float(values["output_rate_hz"]) <= float(values["input_rate_hz"]) < 50
    assert 0 < float(values["inference_median_ms"]) < float(values["latency_median_ms"])
    assert float(values["latency_median_ms"]) <= float(values["latency_p95_ms"])
    assert int(values["inferred"]) == int(values["published"]) > 0


def test_two_robots_stay_apart(graph):
    robots = [Rig(graph, namespace=namespace) for namespace in ("/robot_1", "/robot_2")]
    masks = [robot.listen("mask") for robot in robots]
    for number, robot in enumerate(robots):
        robot.wait_for_node()
        robot.camera.publish(image(number))
    graph.spin_until(lambda: all(masks))
    graph.spin_for(0.3)
    assert [stamps(received) for received in masks] == [[0], [1]]
    for robot in robots:
        _, values = robot.report(lambda status, values: values["published"] == "1")
        assert values["received"] == "1"


def test_middleware_without_events_is_asked_each_second(graph, monkeypatch):
    def unsupported(**_):
        raise topics.UnsupportedEventTypeError("no such event")

    monkeypatch.setattr(topics, "PublisherEventCallbacks", unsupported)
    monkeypatch.setattr(topics, "SubscriptionEventCallbacks", unsupported)
    rig = Rig(graph)
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(4))
    graph.spin_until(lambda: masks)
    assert stamps(masks) == [4]


def test_simulated_time_is_the_time_of_latencies(graph):
    rig = Rig(graph, use_sim_time=True)
    clock = graph.publisher(Clock, "/clock", QoSProfile(depth=1))
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.wait_for_node(clock)
    tick = Clock()
    tick.clock.sec, tick.clock.nanosec = 1001, 123456789 + 400_000_000
    clock.publish(tick)
    graph.spin_until(lambda: rig.node.get_clock().now().nanoseconds > 0)
    rig.camera.publish(image(1))
    graph.spin_until(lambda: masks)
    status, values = rig.report(lambda status, values: values["published"] == "1")
    assert values["latency_median_ms"] == "400.00"
    assert "clock" not in status.message


def test_images_are_taken_from_cameras_of_either_reliability(graph):
    rig = Rig(graph)
    graph.observer.destroy_publisher(rig.camera)
    for number, reliability in enumerate(
        (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE)
    ):
        camera = graph.publisher(Image, "image", QoSProfile(depth=5, reliability=reliability))
        masks = rig.listen("mask")
        rig.wait_for_node(camera)
        camera.publish(image(number))
        graph.spin_until(lambda: masks)  # noqa: B023 - called at once
        assert stamps(masks) == [number]
        graph.observer.destroy_publisher(camera)


def test_class_names_are_latched_where_vision_msgs_is_installed(monkeypatch):
    published, made = [], []

    class LabelInfo:
        def __init__(self) -> None:
            self.header, self.threshold, self.class_map = Header(), None, None

    module = ModuleType("vision_msgs.msg")
    module.LabelInfo, module.VisionClass = LabelInfo, SimpleNamespace
    monkeypatch.setitem(sys.modules, "vision_msgs", ModuleType("vision_msgs"))
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", module)

    def create_publisher(kind, topic, qos, **_):
        made.append((kind, topic, qos.durability.name, qos.reliability.name))
        return SimpleNamespace(publish=published.append)

    now = SimpleNamespace(to_msg=lambda: header().stamp)
    node = SimpleNamespace(
        create_publisher=create_publisher,
        get_clock=lambda: SimpleNamespace(now=lambda: now),
    )
    assert publish_label_info(node, LABEL_INFO, CLASSES) is not None
    assert made == [(LabelInfo, "segmentation/label_info", "TRANSIENT_LOCAL", "RELIABLE")]
    (message,) = published
    assert [(entry.class_id, entry.class_name) for entry in message.class_map] == [
        (0, "dark"),
        (1, "bright"),
    ]
    assert message.threshold == 0.0
    assert message.header.stamp.sec == 1000
