"""The keyframe selector under a lifecycle manager, and what became of each image."""

from __future__ import annotations

import threading

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from array import array

from keyframe_rig import (
    Rig,
    known_classes,  # noqa: F401 - a fixture
    numbers,
)
from lifecycle_manager import Manager
from lifecycle_msgs.msg import State, Transition

from mininet_ros.nodes.common.diagnostics import WARN
from mininet_ros.nodes.keyframes import health

pytestmark = pytest.mark.usefixtures("known_classes")

UP = (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE)
DOWN = (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP)
OUTCOMES = ("decided", "refused", "rejected_images", "overrun", "abandoned")
UNDECIDED = ("queued", "pairing", "waiting")


def test_a_manager_brings_the_selector_up_down_and_up_again(graph):
    rig = Rig(graph, listen_to=(), autostart=False)
    manager = Manager(graph, "/keyframe_selector")
    assert manager.state == State.PRIMARY_STATE_UNCONFIGURED
    status, _ = rig.report()
    assert status.message.startswith("unconfigured")
    for _ in range(2):
        assert all(manager.do(transition) for transition in UP)
        assert manager.state == State.PRIMARY_STATE_ACTIVE
        assert all(manager.do(transition) for transition in DOWN)
    assert not [t for t in threading.enumerate() if t.name == "keyframes"]

    def published() -> list[str]:
        topics = rig.node.get_publisher_names_and_types_by_node("keyframe_selector", "/")
        return [name for name, _ in topics if name.startswith("/keyframe/")]

    graph.spin_until(lambda: not published())


def test_frames_are_decided_on_before_the_selector_rests(graph):
    rig = Rig(graph, window_time_s=60.0, max_gap_s=0.0, pause_s=60.0)
    rig.play(*range(5))
    manager = Manager(graph, "/keyframe_selector")
    assert manager.do(Transition.TRANSITION_DEACTIVATE)
    graph.spin_until(lambda: len(rig.scores) == 5)
    assert rig.inputs["image"].get_subscription_count() == 0
    assert manager.do(Transition.TRANSITION_ACTIVATE)
    rig.wait_for_node()
    rig.play(*range(5, 8))
    assert manager.do(Transition.TRANSITION_DEACTIVATE)
    graph.spin_until(lambda: len(rig.scores) == 8)
    assert sorted(numbers(rig.scores)) == list(range(8))


def test_every_image_of_a_burst_is_accounted_for_and_has_its_line(graph):
    rig = Rig(graph, mask_wait_s=0.0, classes=[""], pause_s=0.5)
    for number in range(200):
        message = rig.messages(number)["image"]
        if number % 9 == 4:
            message.data = array("B", message.data[:-1])
        rig.node._receive_image(message)
        if number % 60 == 0:
            rig.node._receive_image(message)  # again, with the same stamp
    graph.spin_until(lambda: len(rig.scores) == 204)
    _, values = rig.report(lambda status, values: all(values[n] == "0" for n in UNDECIDED))
    assert values["received"] == "204"
    assert sum(int(values[name]) for name in OUTCOMES) == 204
    assert min(int(values[name]) for name in ("decided", "overrun")) > 0


def test_a_restarted_publisher_beside_its_dead_self_is_no_second_one(graph, monkeypatch):
    """The graph keeps a killed process for a while: two publishers, of which one is silent."""
    rig = Rig(graph)
    graph.publisher(rig.messages(0)["mask"].__class__, "segmentation/mask")
    rig.play(*range(3))
    status, _ = rig.report(lambda status, values: values.get("scored_with_mask") == "3")
    assert "nodes publish" not in status.message
    monkeypatch.setattr(health, "GIVEN_UP_S", 0.0)
    status, _ = rig.report(lambda status, values: status.level == WARN)
    assert "2 nodes publish /segmentation/mask" in status.message
