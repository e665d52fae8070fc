"""What goes with a keyframe, and where the robot was: companions and odometry."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from keyframe_rig import DEEP, STEP_NS, Rig, header, known_classes, number_of  # noqa: F401
from nav_msgs.msg import Odometry
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image, PointCloud2
from std_msgs.msg import String

from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.nodes.common.stamps import header_of, stamp_of
from mininet_ros.nodes.keyframes.companions import companion_names

pytestmark = pytest.mark.usefixtures("known_classes")


def depth(number: int, late_ns: int = 0) -> Image:
    """A depth image of a picture, some time after it."""
    message = image_message(np.full((12, 16), 100 + number, np.uint8), "mono8", header(number))
    message.header = header_of(stamp_of(message.header) + late_ns)
    return message


def test_companions_go_with_their_keyframes_unchanged(graph):
    rig = Rig(graph, companions=["depth/image_rect", "points"], companion_slop_s=0.02)
    images = graph.publisher(Image, "/depth/image_rect", DEEP)
    clouds = graph.publisher(PointCloud2, "/points", DEEP)
    got = graph.listen(Image, "/keyframe/depth/image_rect", DEEP)
    got_clouds = graph.listen(PointCloud2, "/keyframe/points", DEEP)
    graph.spin_until(lambda: images.get_subscription_count() and clouds.get_subscription_count())
    for number in range(24):
        images.publish(depth(number, late_ns=5_000_000))
        clouds.publish(PointCloud2(header=header(number), data=bytes([number])))
        rig.play(number)
    graph.spin_until(lambda: rig.images and len(got) == len(rig.images) == len(got_clouds))
    chosen = [number_of(image) for image in rig.images]
    assert got == [depth(number, late_ns=5_000_000) for number in chosen]
    assert [bytes(cloud.data) for cloud in got_clouds] == [bytes([n]) for n in chosen]


def test_a_companion_that_comes_after_the_decision_follows(graph):
    rig = Rig(graph, companions=["depth/image_rect"], mode="gate", gate_share=1.0, min_gap_s=0.0)
    images = graph.publisher(Image, "/depth/image_rect", DEEP)
    got = graph.listen(Image, "/keyframe/depth/image_rect", DEEP)
    graph.spin_until(lambda: images.get_subscription_count())
    rig.play(0)
    graph.spin_until(lambda: rig.images)
    images.publish(depth(1))
    graph.spin_for(0.3)
    assert got == []
    images.publish(depth(0))
    graph.spin_until(lambda: got)
    assert got == [depth(0)]


def test_held_companions_are_bounded_in_bytes(graph):
    rig = Rig(graph, companions=["depth/image_rect"], companion_bytes=1000)
    images = graph.publisher(Image, "/depth/image_rect", DEEP)
    graph.listen(Image, "/keyframe/depth/image_rect", DEEP)
    graph.spin_until(lambda: images.get_subscription_count())
    for number in range(20):
        images.publish(depth(number))
        graph.spin_for(0.01)
    rig.report(lambda _, values: int(values.get("companions_dropped", 0)) >= 12)
    assert 0 < rig.node._companions.held_bytes <= 1000


def test_a_companion_without_a_stamp_is_named(graph):
    rig = Rig(graph, companions=["words"])
    graph.publisher(String, "/words", DEEP)
    rig.play(0)
    rig.report(lambda status, _: "does not begin with a header" in status.message)


def test_companions_that_never_come_are_told(graph):
    rig = Rig(graph, companions=["depth/image_rect"], mode="gate", gate_share=1.0, min_gap_s=0.0)
    rig.play(0)
    rig.report(lambda s, _: "nobody publishes the companion /depth/image_rect" in s.message)
    images = graph.publisher(Image, "/depth/image_rect", DEEP)
    got = graph.listen(Image, "/keyframe/depth/image_rect", DEEP)
    graph.spin_until(lambda: images.get_subscription_count())
    for number in range(1, 25):
        images.publish(depth(number, late_ns=45_000_000))  # between two pictures
        rig.play(number)
    rig.report(lambda s, _: "within companion_slop_s" in s.message)
    _, values = rig.report()
    assert int(values["missing_depth/image_rect"]) >= 10 and got == []


def test_a_companion_whose_publisher_offers_too_little_is_told(graph):
    rig = Rig(
        graph, companions=["depth/image_rect"], mode="gate", gate_share=1.0, min_gap_s=0.0,
        reliability="reliable",
    )  # fmt: skip
    images = graph.publisher(Image, "/depth/image_rect", best_effort(DEEP))
    graph.listen(Image, "/keyframe/depth/image_rect", DEEP)
    for number in range(25):
        images.publish(depth(number))
        rig.play(number)
    rig.report(lambda s, _: "nothing arrives on the companion /depth/image_rect" in s.message)


def best_effort(profile: QoSProfile) -> QoSProfile:
    """Return a profile with best effort in place of its reliability."""
    return QoSProfile(
        depth=profile.depth,
        history=profile.history,
        reliability=ReliabilityPolicy.BEST_EFFORT,
    )


@pytest.mark.parametrize(
    ("entries", "words"),
    [(["/depth"], "must be a relative topic"), (["depth", "depth"], "is named twice")],
)
def test_names_that_cannot_be_used_are_refused(entries, words):
    with pytest.raises(ValueError, match=words):
        companion_names(entries)


def odometry(number: float, x: float) -> Odometry:
    message = Odometry(header=header_of(stamp_of(header(0)) + round(number * STEP_NS)))
    message.pose.pose.position.x = x
    message.pose.pose.orientation.w = 1.0
    return message


def test_odometry_spaces_keyframes_by_distance(graph):
    rig = Rig(graph, min_distance_m=1.0, window_time_s=0.0, window_motion=0.1, min_gap_s=0.0)
    drive = graph.publisher(Odometry, "/odometry", DEEP)
    graph.spin_until(lambda: drive.get_subscription_count())
    for number in range(31):
        drive.publish(odometry(number, 0.1 * number))
        graph.spin_for(0.01)
        rig.play(number)
    graph.spin_until(lambda: len(rig.scores) >= 28)
    chosen = [number_of(image) for image in rig.images]
    assert len(chosen) in (2, 3)
    # The best frame of each metre.
    assert [max(0, number - 1) // 10 for number in chosen] == [0, 1, 2], chosen
