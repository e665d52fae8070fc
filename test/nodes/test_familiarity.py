"""The segmentation node says when the pictures are unlike those that its model knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from fake_segmenter import FakeSegmenter
from segmentation_rig import Rig, image

from mininet_ros.inference.familiarity import BANDS, SECTION, Familiarity


def with_measure(usual: float, strange: float) -> FakeSegmenter:
    """A segmenter whose card expects dark pictures; half of a picture's log-likelihood is -0.7."""
    measure = Familiarity(
        np.tile(np.log([0.9, 0.1]), (BANDS, 1)), usual, strange, 0.5, "a test", 1.0
    )
    segmenter = FakeSegmenter()
    segmenter.model = replace(segmenter.model, card={SECTION: measure.as_card()})
    return segmenter


@pytest.mark.parametrize(("usual", "is_strange"), [(-0.1, False), (10.0, True)])
def test_strange_pictures_are_reported(graph, usual, is_strange):
    rig = Rig(graph, with_measure(usual, usual - 2.0))
    masks = rig.listen("mask")
    rig.wait_for_node()
    sent = image(1)
    sent.header.stamp = rig.node.get_clock().now().to_msg()  # else the clocks are what is reported
    rig.camera.publish(sent)
    graph.spin_until(lambda: masks)
    status, values = rig.report(lambda _, values: values["familiarity"] != "nan")
    assert (float(values["familiarity"]) < 0.5) == is_strange
    assert ("the pictures look unlike those that fake was trained on" in status.message) == (
        is_strange
    )
    assert (status.level == b"\x01") == is_strange


def test_a_model_without_the_measure_says_so(graph):
    rig = Rig(graph)
    _, values = rig.report()
    assert values["familiarity"] == "not calibrated"
