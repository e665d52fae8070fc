"""Where the keyframe selector has the names of the classes from, and what it says of wrong ones."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from diagnostic_msgs.msg import DiagnosticStatus
from keyframe_rig import (
    CLASSES,
    Rig,
    known_classes,  # noqa: F401 - a fixture
)
from rclpy.parameter import Parameter

from mininet_ros.nodes.common.parameters import ParameterError
from mininet_ros.nodes.keyframes import class_names
from mininet_ros.nodes.keyframes.keyframe_selector_node import KeyframeSelectorNode
from mininet_ros.nodes.keyframes.topics import LABEL_INFO

pytestmark = pytest.mark.usefixtures("known_classes")


def test_unknown_classes_are_refused_at_start_with_the_known_ones(graph):
    overrides = [Parameter("model", value="wall"), Parameter("classes", value=["text"])]
    with pytest.raises(ParameterError) as caught:
        KeyframeSelectorNode(context=graph.context, parameter_overrides=overrides)
    assert "Unknown class 'text'; the model knows: wall, sign, door" in str(caught.value)


def test_without_model_and_vision_msgs_classes_cannot_be_named(graph, monkeypatch):
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", None)
    overrides = [Parameter("classes", value=["sign"])]
    with pytest.raises(ParameterError, match="set the parameter model"):
        KeyframeSelectorNode(context=graph.context, parameter_overrides=overrides)


@pytest.fixture
def label_info(monkeypatch: pytest.MonkeyPatch):
    """Stand in for vision_msgs; return a function that lets class names come."""
    callbacks = []

    def subscribe(node, topic, received):
        assert topic.name == "segmentation/label_info"
        callbacks.append(received)
        return SimpleNamespace()

    monkeypatch.setattr(class_names, "subscribe_label_info", subscribe)
    return lambda *names: callbacks[-1](tuple(names))


def test_class_names_may_come_with_the_masks(graph, label_info):
    rig = Rig(graph, model="", mode="gate")
    assert "not known yet" in rig.warning("class names")
    rig.play(0)
    (frame,) = rig.wait_for_scores(1)
    assert float(frame["content"]) == 0.0
    assert "the class names of the masks are not known yet" in frame["sentence"]
    label_info(*CLASSES)
    rig.play(1)
    assert float(rig.wait_for_scores(2)[1]["content"]) > 0.0
    _, values = rig.report()
    assert values["class_names_from"] == "/segmentation/label_info"


def test_names_that_come_and_lack_a_target_are_an_error_that_lists_them(graph, label_info):
    rig = Rig(graph, mode="gate")
    rig.play(0)
    label_info("background", "text")
    status, _ = rig.report(lambda status, values: status.level == DiagnosticStatus.ERROR)
    assert "Unknown class 'sign'; the model knows: background, text" in status.message
    rig.play(1)
    assert "Unknown class 'sign'" in rig.wait_for_scores(2)[1]["sentence"]
    assert rig.set(classes=["text"])[0].successful
    rig.play(2)
    assert float(rig.wait_for_scores(3)[2]["content"]) > 0.0


def test_label_info_is_read_where_vision_msgs_is_installed(monkeypatch):
    from mininet_ros.nodes.common.label_info import subscribe_label_info

    module = ModuleType("vision_msgs.msg")
    module.LabelInfo = SimpleNamespace
    monkeypatch.setitem(sys.modules, "vision_msgs", ModuleType("vision_msgs"))
    monkeypatch.setitem(sys.modules, "vision_msgs.msg", module)
    received, made = [], []

    def create_subscription(kind, topic, callback, qos, **_):
        made.append((kind, topic, qos.durability.name, qos.reliability.name))
        return callback

    node = SimpleNamespace(create_subscription=create_subscription)
    callback = subscribe_label_info(node, LABEL_INFO, received.append)
    assert made == [(module.LabelInfo, "segmentation/label_info", "TRANSIENT_LOCAL", "RELIABLE")]
    entries = [(2, "sign"), (0, "wall"), (255, "unlabelled")]
    callback(
        SimpleNamespace(
            class_map=[SimpleNamespace(class_id=i, class_name=name) for i, name in entries]
        )
    )
    callback(SimpleNamespace(class_map=[]))
    assert received == [("wall", "", "sign"), ()]
