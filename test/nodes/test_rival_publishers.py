"""Two nodes that publish the same topic are both named, in the log and in the diagnostics."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from diagnostic_msgs.msg import DiagnosticStatus
from fake_segmenter import FakeSegmenter
from segmentation_rig import Rig
from sensor_msgs.msg import Image

from mininet_ros.nodes.common import diagnostics
from mininet_ros.nodes.common.diagnostics import rival_publishers
from mininet_ros.nodes.segmentation.segmentation_node import SegmentationNode


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(diagnostics, "RIVALS_PERIOD_S", 0.2)


def named_segmentation(graph, name: str) -> SegmentationNode:
    return graph.add(
        SegmentationNode(
            load=FakeSegmenter().load,
            context=graph.context,
            cli_args=["--ros-args", "-r", f"__node:={name}"],
        )
    )


def test_two_segmentation_nodes_on_one_topic_name_each_other(graph, capfd):
    rig = Rig(graph)
    status, _ = rig.report(lambda status, values: status.level == DiagnosticStatus.OK)
    assert "published by" not in status.message
    second = named_segmentation(graph, "second")
    status, _ = rig.report(lambda status, values: status.level == DiagnosticStatus.WARN)
    assert "is published by /second and /segmentation" in status.message
    assert "namespace" in status.message
    name = f"{second.get_fully_qualified_name()}: segmentation"
    status, _ = graph.next_report(
        rig.reports, name, lambda status, _: status.level == DiagnosticStatus.WARN
    )
    assert "is published by /second and /segmentation" in status.message
    log = capfd.readouterr().err
    lines = [line for line in log.splitlines() if "is published by" in line and "WARN" in line]
    assert len(lines) == 2  # one of each node, however often it is reported


def test_two_nodes_of_one_name_are_noticed(graph):
    rig = Rig(graph)
    named_segmentation(graph, "segmentation")
    status, _ = rig.report(lambda status, values: status.level == DiagnosticStatus.WARN)
    assert "is published by /segmentation and /segmentation" in status.message


def test_the_warning_ends_with_the_other_node(graph):
    rig = Rig(graph)
    other = graph.publisher(Image, "segmentation/mask")
    status, _ = rig.report(lambda status, values: status.level == DiagnosticStatus.WARN)
    assert "/segmentation/mask is published by /observer and /segmentation" in status.message
    graph.observer.destroy_publisher(other)
    rig.report(lambda status, values: status.level == DiagnosticStatus.OK)


def test_robots_in_namespaces_do_not_meet(graph):
    nodes = [Rig(graph, namespace=namespace).node for namespace in ("/robot1", "/robot2")]
    graph.spin_for(1.0)
    assert [rival_publishers(node) for node in nodes] == [None, None]
