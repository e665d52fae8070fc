"""The tables of topics are what the nodes really create, and all of it can be overridden."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from fake_segmenter import FakeSegmenter
from keyframe_rig import known_classes  # noqa: F401 - a fixture
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool
from team_links import free_endpoint

from mininet_ros.nodes.camera.image_stream_node import ImageStreamNode
from mininet_ros.nodes.cloud.semantic_cloud_node import SemanticCloudNode
from mininet_ros.nodes.common.endpoints import Endpoints
from mininet_ros.nodes.keyframes.keyframe_selector_node import KeyframeSelectorNode
from mininet_ros.nodes.recorder.mask_timing_node import MaskTimingNode
from mininet_ros.nodes.recorder.stream_recorder_node import StreamRecorderNode
from mininet_ros.nodes.recorder.team_recorder_node import TeamRecorderNode
from mininet_ros.nodes.reference import NODES
from mininet_ros.nodes.segmentation.segmentation_node import SegmentationNode
from mininet_ros.nodes.start import MODULES

POLICIES = ("history", "depth", "reliability", "durability")
OF_ROS = ("/rosout", "/parameter_events", "/clock")
ENDPOINTS = {node.executable: node.endpoints for node in NODES}


@dataclass(frozen=True)
class Seen:
    """A publisher or subscription of a node: its topic in the graph, its type, its profile."""

    topic: str
    type: str
    reliability: str
    durability: str
    depth: int


def parameters(**values) -> list[Parameter]:
    return [Parameter(name, value=value) for name, value in values.items()]


def segmentation(graph, tmp_path, **values):
    return SegmentationNode(
        load=FakeSegmenter().load, context=graph.context, parameter_overrides=parameters(**values)
    )


def selector(graph, tmp_path, **values):
    graph.publisher(Image, "depth_image")
    graph.spin_until(lambda: graph.observer.get_publishers_info_by_topic("/depth_image"))
    given = {"model": "wall", "classes": ["sign"], "companions": ["depth_image"]} | values
    return KeyframeSelectorNode(context=graph.context, parameter_overrides=parameters(**given))


def stream(graph, tmp_path, **values):
    return ImageStreamNode(
        lambda error=None: None, context=graph.context, parameter_overrides=parameters(**values)
    )


def recorder(graph, tmp_path, **values):
    pytest.importorskip("rosbags", reason="needs rosbags (extra demo)")
    pytest.importorskip("av", reason="needs av (extra demo)")
    given = {"output_dir": str(tmp_path / "recording"), "keyframes": True, "bag": True}
    node = StreamRecorderNode(
        lambda error=None: None, context=graph.context, parameter_overrides=parameters(**given)
    )
    node._listen()
    return node


def cloud(graph, tmp_path, **values):
    return SemanticCloudNode(context=graph.context, parameter_overrides=parameters(**values))


def mask_timing(graph, tmp_path, **values):
    return MaskTimingNode(lambda error=None: None, context=graph.context)


def team_recorder(graph, tmp_path, **values):
    given = {"output_file": str(tmp_path / "team.jsonl")} | values
    return TeamRecorderNode(context=graph.context, parameter_overrides=parameters(**given))


def team_base(graph, tmp_path, **values):
    pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")
    from mininet_ros.nodes.team.robot_topics import RobotTopics
    from mininet_ros.nodes.team.team_base_node import TeamBaseNode

    given = {"listen": [free_endpoint()]} | values
    node = TeamBaseNode(context=graph.context, parameter_overrides=parameters(**given))
    node._robots["robot1"] = RobotTopics(
        node, node._link, "robot1", lambda: None, lambda message: None
    )
    return node


MAKERS = {
    "segmentation_node": segmentation,
    "keyframe_selector_node": selector,
    "semantic_cloud_node": cloud,
    "team_base_node": team_base,
    "image_stream_node": stream,
    "stream_recorder_node": recorder,
    "mask_timing_node": mask_timing,
    "team_recorder_node": team_recorder,
}


def created(graph, node) -> tuple[set[Seen], set[Seen]]:
    """Subscriptions and publishers of a node once everybody listens to it."""
    outputs = {p.topic_name: p.msg_type for p in node.publishers if not of_ros(p.topic_name)}
    for topic, kind in outputs.items():
        if topic != "/diagnostics":
            graph.observer.create_subscription(kind, topic, print, 1)
    graph.spin_for(2.0)  # nodes look for subscribers at least once a second
    return (
        {seen(s.topic_name, s.msg_type, s.qos_profile) for s in node.subscriptions},
        {seen(p.topic_name, p.msg_type, p.qos_profile) for p in node.publishers},
    )


def seen(topic: str, kind: type, qos) -> Seen:
    package, interface, *_ = kind.__module__.split(".")
    name = f"{package}/{interface}/{kind.__name__}"
    return Seen(topic, name, qos.reliability.name, qos.durability.name, qos.depth)


def of_ros(topic: str) -> bool:
    return topic in OF_ROS or topic.endswith("/transition_event")


def told(topics, companion: str = "depth_image") -> set[Seen]:
    return {
        Seen(
            "/"
            + topic.name.lstrip("/").replace("<robot>", "robot1").replace("<companion>", companion),
            topic.type_name,
            topic.qos.reliability.name,
            topic.qos.durability.name,
            topic.qos.depth,
        )
        for topic in topics
    }


@pytest.mark.parametrize("executable", MAKERS)
def test_every_endpoint_of_a_node_can_be_overridden(graph, tmp_path, known_classes, executable):  # noqa: F811
    node = graph.add(MAKERS[executable](graph, tmp_path))
    subscriptions, publishers = created(graph, node)
    names = set(node._parameters)
    for kind, entries in (("subscription", subscriptions), ("publisher", publishers)):
        for entry in entries:
            if not of_ros(entry.topic):
                missing = {
                    f"qos_overrides.{entry.topic}.{kind}.{policy}" for policy in POLICIES
                } - names
                assert not missing, missing


def test_every_executable_is_tried():
    assert {*MAKERS, "segmentation_group"} == set(MODULES), "the group is of segmentation nodes"


@pytest.mark.parametrize("executable", [name for name in MAKERS if name in ENDPOINTS])
def test_the_table_is_what_the_node_creates(graph, tmp_path, known_classes, executable):  # noqa: F811
    table: Endpoints = ENDPOINTS[executable]
    subscriptions: set[Seen] = set()
    publishers: set[Seen] = set()
    for number, values in enumerate(VARIANTS.get(executable, ({},))):
        folder = tmp_path / str(number)
        node = graph.add(MAKERS[executable](graph, folder, **values))
        inputs, outputs = created(graph, node)
        subscriptions |= {entry for entry in inputs if not of_ros(entry.topic)}
        publishers |= {entry for entry in outputs if not of_ros(entry.topic)}
    assert subscriptions == without_vision_msgs(told(table.inputs))
    assert publishers == without_vision_msgs(told(table.outputs))


VARIANTS = {
    "segmentation_node": ({}, {"image_transport": "compressed"}),
    "keyframe_selector_node": (
        {"use_confidence": True, "min_distance_m": 1.0},
        {"image_transport": "compressed"},
    ),
}


def without_vision_msgs(entries: set[Seen]) -> set[Seen]:
    try:
        import vision_msgs  # noqa: F401
    except ImportError:
        return {entry for entry in entries if not entry.type.startswith("vision_msgs")}
    return entries


def test_an_override_is_taken(graph, tmp_path):
    name = "qos_overrides./segmentation/mask.publisher.depth"
    node = graph.add(segmentation(graph, tmp_path, **{name: 17}))
    depths = {p.topic_name: p.qos_profile.depth for p in node.publishers}
    assert depths["/segmentation/mask"] == 17


def test_the_services_are_those_of_the_table(graph, tmp_path):
    node = graph.add(segmentation(graph, tmp_path))
    served = {
        node.resolve_service_name(service.srv_name)
        for service in node.services
        if service.srv_type is SetBool
    }
    told_of = ENDPOINTS["segmentation_node"].services
    assert served == {node.resolve_service_name(service.name) for service in told_of}
