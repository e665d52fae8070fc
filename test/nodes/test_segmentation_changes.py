"""What can be changed of a segmentation node while it runs."""

from __future__ import annotations

from array import array

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from fake_segmenter import HEIGHT, WIDTH
from rclpy.parameter import Parameter
from segmentation_rig import Rig, header, image, picture, stamps
from sensor_msgs.msg import CompressedImage
from std_srvs.srv import SetBool

from mininet_ros.nodes.common import diagnostics
from mininet_ros.nodes.common.image_messages import image_to_bgr, jpeg_message


def test_enable_stops_and_starts_the_node(graph):
    rig = Rig(graph)
    masks = rig.listen("mask")
    rig.wait_for_node()
    client = graph.observer.create_client(SetBool, "/segmentation/enable")
    assert graph.call(client, SetBool.Request(data=False)).success
    graph.spin_until(lambda: rig.camera.get_subscription_count() == 0)
    rig.camera.publish(image(1))
    status, _ = rig.report()
    assert (status.level, status.message) == (diagnostics.OK, "disabled by ~/enable")
    assert graph.call(client, SetBool.Request(data=True)).success
    rig.wait_for_node()
    rig.camera.publish(image(2))
    graph.spin_until(lambda: masks)
    assert stamps(masks) == [2]


def test_parameters_change_the_running_node(graph):
    rig = Rig(graph)
    masks, overlays = rig.listen("mask"), rig.listen("overlay")
    rig.wait_for_node()
    answers = rig.node.set_parameters(
        [
            Parameter("mask_size", value="network"),
            Parameter("overlay_alpha", value=0.0),
            Parameter("overlay_alpha", value=2.0),
            Parameter("mask_size", value="tiny"),
            Parameter("autostart", value=False),
        ]
    )
    assert [answer.successful for answer in answers] == [True, True, False, False, False]
    assert all(answer.reason for answer in answers[2:])
    rig.camera.publish(image())
    graph.spin_until(lambda: masks and overlays)
    assert (masks[0].width, masks[0].height) == (WIDTH, HEIGHT)
    np.testing.assert_array_equal(image_to_bgr(overlays[0]), picture())


def test_the_transport_changes_while_the_node_runs(graph):
    rig = Rig(graph)
    compressed = graph.publisher(CompressedImage, "image/compressed")
    masks = rig.listen("mask")
    rig.wait_for_node()
    assert rig.node.set_parameters([Parameter("image_transport", value="compressed")])[0].successful
    rig.wait_for_node(compressed)
    graph.spin_until(lambda: rig.camera.get_subscription_count() == 0)
    compressed.publish(CompressedImage(format="jpeg", data=array("B", b"broken"), header=header(1)))
    graph.spin_for(0.2)
    compressed.publish(jpeg_message(picture(), header(2)))
    graph.spin_until(lambda: masks)
    assert stamps(masks) == [2]
    assert (masks[0].width, masks[0].height) == (160, 120)
    _, values = rig.report(lambda status, values: values["published"] == "1")
    assert values["rejected: undecodable"] == "1"


def test_a_model_set_while_the_node_runs_waits_for_the_next_configuration(graph):
    rig = Rig(graph)
    assert rig.node.set_parameters([Parameter("model", value="other")])[0].successful
    _, values = rig.report()
    assert values["model"] == "fake", "what runs is told as it is"
