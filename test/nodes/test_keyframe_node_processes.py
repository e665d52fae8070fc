"""The keyframe selector as a process: how it starts, refuses to start, works with others, ends."""

from __future__ import annotations

import signal

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from keyframe_rig import (
    DEEP,
    Rig,
    header,
    known_classes,  # noqa: F401 - a fixture
    picture,
)
from node_arguments import error_line, parameters
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mininet_ros.nodes.common.image_messages import image_message

pytestmark = pytest.mark.usefixtures("known_classes")


def never_twice(messages: list) -> bool:
    stamps = [(message.header.stamp.sec, message.header.stamp.nanosec) for message in messages]
    return len(set(stamps)) == len(stamps)


def test_a_real_segmentation_node_may_be_killed_and_restarted(graph, tiny_model):
    arguments = parameters(model=tiny_model, threads=1)
    segmentation = graph.start("segmentation_node", *arguments)
    rig = Rig(graph, classes=["sign"], mask_wait_s=0.3, window_time_s=0.5)
    playing = iter(range(100_000))
    for name in ("mask", "confidence"):
        graph.observer.destroy_publisher(rig.inputs[name])

    def play_until(condition) -> None:
        def step() -> bool:
            rig.play(next(playing), without=("mask", "confidence"))
            graph.spin_for(0.05)
            return condition()

        graph.spin_until(step)

    play_until(lambda: len(rig.masks) >= 2)
    segmentation.stop(signal.SIGKILL)
    before = len(rig.images)
    play_until(lambda: len(rig.images) >= before + 3)
    del rig.masks[:]
    graph.start("segmentation_node", *arguments)
    play_until(lambda: len(rig.masks) >= 2)
    assert never_twice(rig.images)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"mode": "windows"}, "parameter mode is one of window, request, gate, not 'windows'"),
        ({"min_gap_s": 9.0}, "parameter max_gap_s (5) is below min_gap_s (9)"),
        ({"model": "no_such_model"}, "no_such_model"),
        ({"classes": "[sign]"}, "set the parameter model"),
    ],
)
def test_a_wrong_start_is_one_line_and_a_failure(ros_domain, tmp_path, values, sentence):
    line = error_line(tmp_path, "keyframe_selector_node", *parameters(**values))
    assert line.startswith("keyframe_selector_node: ")
    assert sentence in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_working_node_in_order(graph, number):
    node = graph.start("keyframe_selector_node", *parameters(window_time_s=0.3))
    camera = graph.publisher(Image, "image", DEEP)
    infos = graph.publisher(CameraInfo, "camera_info", DEEP)
    keyframes = graph.listen(Image, "keyframe/image")
    team = graph.listen(CompressedImage, "team/image/compressed")
    graph.spin_until(lambda: camera.get_subscription_count() == 1)
    count = iter(range(100_000))

    def publish() -> None:
        number = next(count)
        head = header(number)
        infos.publish(CameraInfo(header=head))
        camera.publish(image_message(picture(number), "bgr8", head))

    graph.observer.create_timer(0.02, publish)
    graph.spin_until(lambda: len(keyframes) > 2 and team)
    node.process.send_signal(number)
    graph.spin_until(lambda: node.process.poll() is not None)
    assert node.wait() == 0
    assert "Traceback" not in node.errors
    assert "rror" not in node.errors
