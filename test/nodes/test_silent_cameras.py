"""What the segmentation node says of a camera that it does not hear."""

from __future__ import annotations

import contextlib

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from rclpy.parameter import Parameter
from rclpy.qos import qos_profile_sensor_data
from ros_graph import Graph
from segmentation_rig import Rig, image
from sensor_msgs.msg import Image

from mininet_ros.nodes.common import diagnostics


@pytest.fixture
def impatient(monkeypatch):
    """Silence is noticed as soon as it can be."""
    monkeypatch.setattr(diagnostics, "SILENCE_S", diagnostics.PERIOD_S)


def warning(rig: Rig) -> str:
    status, _ = rig.report(lambda status, values: status.level == diagnostics.WARN)
    return status.message


def test_a_camera_that_nobody_publishes_is_named(graph):
    rig = Rig(graph)
    graph.observer.destroy_publisher(rig.camera)
    rig.listen("mask")
    assert warning(rig).startswith("nobody publishes /image")


def test_a_publisher_whose_qos_does_not_fit_is_named(graph, impatient):
    rig = Rig(graph, reliability="reliable")
    graph.observer.destroy_publisher(rig.camera)
    rig.camera = graph.publisher(Image, "image", qos_profile_sensor_data)
    rig.listen("mask")
    graph.spin_for(1.0)
    rig.camera.publish(image())
    message = warning(rig)
    assert "QoS offers another reliability" in message
    assert "set the parameter reliability" in message
    assert rig.node.set_parameters([Parameter("reliability", value="best_effort")])[0].successful
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(3))
    graph.spin_until(lambda: masks)


def test_a_topic_of_another_type_is_named(graph, ros_domain, tmp_path, impatient):
    rig = Rig(graph, image_transport="compressed")
    # One process cannot have both types of a topic.
    with contextlib.closing(Graph(ros_domain, tmp_path)) as elsewhere:
        elsewhere.publisher(Image, "image/compressed")
        rig.listen("mask")
        message = warning(rig)
    assert "sensor_msgs/msg/Image" in message
    assert "set the parameter image_transport" in message


def test_a_silent_publisher_names_qos_and_transport_as_causes(graph, impatient):
    rig = Rig(graph)
    rig.listen("mask")
    rig.wait_for_node()
    message = warning(rig)
    assert "no message on /image for" in message
    assert "QoS" in message
    assert "fastdds_images.xml" in message


def test_stamps_of_another_clock_are_named(graph):
    rig = Rig(graph)
    rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(1))
    assert "use_sim_time" in warning(rig)


def test_a_camera_that_stops_is_named(graph, impatient):
    rig = Rig(graph)
    masks = rig.listen("mask")
    rig.wait_for_node()
    rig.camera.publish(image(1))
    graph.spin_until(lambda: masks)
    status, _ = rig.report(lambda status, values: "the camera has stopped" in status.message)
    assert "nobody publishes" not in status.message
    graph.observer.destroy_publisher(rig.camera)
    status, _ = rig.report(lambda status, values: "nobody publishes it any more" in status.message)
    assert status.level == diagnostics.WARN
