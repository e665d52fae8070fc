"""The image stream node as a process: every image once, with calibration, then an end."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from node_arguments import parameters

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mininet_ros.nodes.common.image_messages import image_to_bgr


@pytest.fixture
def folder(tmp_path):
    """A folder of twelve images, each of one colour that tells its number."""
    images = tmp_path / "images"
    images.mkdir()
    for number in range(12):
        image = np.full((48, 64, 3), 20 * number, np.uint8)
        cv2.imwrite(str(images / f"{number:03d}.png"), image)
    return images


def numbers(images: list) -> list[int]:
    return [round(float(image_to_bgr(image).mean()) / 20) for image in images]


def stamps(messages: list) -> list[tuple[int, int]]:
    return [(message.header.stamp.sec, message.header.stamp.nanosec) for message in messages]


def test_every_image_is_published_once_with_its_calibration(graph, folder):
    images, infos = graph.listen(Image, "image"), graph.listen(CameraInfo, "camera_info")
    reports = graph.listen(DiagnosticArray, "/diagnostics")
    node = graph.start(
        "image_stream_node",
        *parameters(source=folder, rate=50, loop="false", wait_for_subscribers=2),
        *parameters(frame_id="front"),
    )
    graph.spin_until(lambda: node.process.poll() is not None)
    assert node.wait() == 0, node.errors
    assert node.errors == ""
    assert numbers(images) == list(range(12))
    assert images[0].encoding == "bgr8"
    assert stamps(images) == sorted(set(stamps(images)))
    assert stamps(infos) == stamps(images)
    assert {message.header.frame_id for message in images + infos} == {"front"}
    assert {(info.width, info.height) for info in infos} == {(64, 48)}
    assert not any(infos[0].k), "nobody has calibrated it"
    (status,) = reports[-1].status
    values = {pair.key: pair.value for pair in status.values}
    assert status.name == "/image_stream: stream"
    assert (values["published"], values["finished"]) == ("12", "true")
    sec, nanosec = stamps(images)[0]
    assert values["first_stamp_ns"] == str(sec * 10**9 + nanosec)


def test_it_loops_up_to_the_number_of_images_asked_for(graph, folder):
    images = graph.listen(Image, "image")
    node = graph.start(
        "image_stream_node",
        *parameters(source=folder, rate=100, max_images=30, wait_for_subscribers=1),
    )
    graph.spin_until(lambda: node.process.poll() is not None)
    assert node.wait() == 0
    assert numbers(images) == [number % 12 for number in range(30)]


def test_compressed_images_and_another_size_are_published_on_demand(graph, folder):
    compressed = graph.listen(CompressedImage, "image/compressed")
    node = graph.start(
        "image_stream_node",
        *parameters(source=folder, rate=50, loop="false", wait_for_subscribers=1),
        *parameters(width=96, height=32),
    )
    graph.spin_until(lambda: node.process.poll() is not None)
    assert node.wait() == 0
    assert numbers(compressed) == list(range(12))
    assert image_to_bgr(compressed[0]).shape == (32, 96, 3)


def test_a_remapped_image_takes_its_compressed_topic_along(graph, folder):
    compressed = graph.listen(CompressedImage, "front/raw/compressed")
    node = graph.start("image_stream_node", "-r", "image:=front/raw", *parameters(source=folder))
    graph.spin_until(lambda: len(compressed) > 1)
    assert node.stop() == 0


def test_the_generated_sequence_streams_calibrated_until_interrupted(graph):
    images, infos = graph.listen(Image, "image"), graph.listen(CameraInfo, "camera_info")
    node = graph.start("image_stream_node", *parameters(width=320, height=120))
    graph.spin_until(lambda: len(images) > 2)
    focal_x, focal_y = infos[0].k[0], infos[0].k[4]
    assert focal_x == pytest.approx(2 * focal_y)
    assert (infos[0].k[2], infos[0].k[5]) == pytest.approx((160, 60), abs=1)
    assert infos[0].p[:3] == pytest.approx(infos[0].k[:3])
    assert node.stop() == 0
    assert "Traceback" not in node.errors
    assert np.any(image_to_bgr(images[0]) != image_to_bgr(images[-1]))
