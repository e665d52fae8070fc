"""The keyframe selector node when something is wrong: it keeps running, and says what it is."""

from __future__ import annotations

import contextlib
import threading

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from keyframe_rig import (
    DEEP,
    EVERY_FRAME,
    Rig,
    header,
    known_classes,  # noqa: F401 - a fixture
    labels,
    number_of,
    numbers,
    picture,
)
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from ros_graph import Graph
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.nodes.common.inbox import Task
from mininet_ros.nodes.keyframes.keyframe_selector_node import KeyframeSelectorNode
from mininet_ros.parameters import ParameterError

pytestmark = pytest.mark.usefixtures("known_classes")


def never_twice(messages: list) -> bool:
    stamps = [(message.header.stamp.sec, message.header.stamp.nanosec) for message in messages]
    return len(set(stamps)) == len(stamps)


def test_images_without_masks_are_judged_without_content_after_a_bounded_wait(graph):
    rig = Rig(graph, mask_wait_s=0.3)
    rig.play(*range(13), without=("mask", "confidence"))
    decided = rig.wait_for_scores(10)
    assert {frame["content_status"] for frame in decided} == {"no_mask"}
    assert all("no mask came with the frame" in frame["sentence"] for frame in decided)
    graph.spin_until(lambda: rig.images)
    assert not rig.masks

    def counted() -> bool:
        _, values = rig.report()
        forwarded = int(values["forwarded_without_mask"])
        return int(values["scored_without_mask"]) == 13 and forwarded == len(rig.images)

    # The last images may still wait for their masks when the first are decided.
    graph.spin_until(counted)


def test_an_image_that_the_segmentation_left_out_does_not_wait_for_its_mask(graph):
    rig = Rig(graph, mode="gate")
    rig.play(0)
    rig.play(1, without=("mask", "confidence"))
    rig.play(2)
    decided = rig.wait_for_scores(3)
    assert [frame["content_status"] for frame in decided] == ["measured", "no_mask", "measured"]


def test_masks_of_which_nobody_gives_the_confidence_are_used_after_one_wait(graph):
    rig = Rig(graph, mode="gate", mask_wait_s=0.2)
    rig.play(0, without=("confidence",))
    (frame,) = rig.wait_for_scores(1)
    assert frame["content_status"] == "measured"
    assert rig.set(mask_wait_s=10.0)[0].successful
    rig.play(1, without=("confidence",))
    rig.wait_for_scores(2)
    _, values = rig.report()
    assert values["scored_without_confidence"] == "2"


def test_masks_without_images_are_counted_and_named(graph):
    rig = Rig(graph, mask_wait_s=0.2)
    rig.play(*range(5), without=("image",))
    for number in range(100, 105):
        rig.inputs["image"].publish(rig.messages(number)["image"])
        graph.spin_for(0.02)
    assert "has the stamp of an image" in rig.warning("has the stamp of an image")
    _, values = rig.report()
    assert values["mask_without_image"] == "5"
    rig.play(*range(105, 120))
    graph.spin_until(lambda: rig.images)


def test_a_mask_that_comes_too_late_is_named_and_forwarded_all_the_same(graph):
    rig = Rig(graph, mask_wait_s=0.0, pause_s=60.0)
    rig.play(*range(9), without=("mask", "confidence"))
    rig.report(lambda status, values: values.get("scored_without_mask") == "9")
    rig.play(*range(9), without=("image", "confidence", "camera_info"))
    assert rig.warning("9 masks of the last seconds came after their images were judged")
    rig.play(*range(9, 13), without=("mask", "confidence"))
    graph.spin_until(lambda: rig.masks)
    assert {frame["content_status"] for frame in rig.wait_for_scores(9)} == {"no_mask"}
    assert numbers(rig.masks) == numbers(rig.images)[:1]


def test_a_late_mask_that_is_none_is_rejected_and_costs_no_frame(graph):
    rig = Rig(
        graph,
        listen_to=("images", "masks", "scores", "team_images", "team_masks"),
        mask_wait_s=0.0,
        pause_s=60.0,
    )
    rig.play(*range(9), without=("mask", "confidence"))
    rig.report(lambda status, values: values.get("scored_without_mask") == "9")
    for number in range(9):
        late = image_message(labels(number), "mono8", header(number))
        late.encoding, late.step, late.width = "mono16", late.step, late.width // 2
        rig.inputs["mask"].publish(late)
        graph.spin_for(0.02)
    rig.play(*range(9, 13), without=("mask", "confidence"))
    graph.spin_until(lambda: rig.images and rig.team_images)
    assert (rig.masks, rig.team_masks) == ([], [])
    _, values = rig.report()
    assert (values["failed"], values["images"]) == ("0", "13")
    assert len(rig.scores) + int(values["waiting"]) == 13, "no frame is lost"
    assert values["rejected_mask: no label mask"] == "9"


def test_every_frame_of_a_burst_has_its_scores_message(graph):
    rig = Rig(graph, mask_wait_s=0.0, mode="gate", classes=[""])
    working, go = threading.Event(), threading.Event()
    rig.node._inbox.put(Task(lambda: (working.set(), go.wait(30))))
    assert working.wait(10)
    for number in range(300):
        rig.node._receive_image(rig.messages(number)["image"])
    go.set()
    decided = rig.wait_for_scores(300)
    assert sorted(frame["number"] for frame in decided) == list(range(300))
    assert [frame["reason"] for frame in decided].count("overrun") == 236
    _, values = rig.report(lambda status, values: values["images"] == "300")
    assert values["overrun"] == "236"


def test_a_wait_for_masks_is_no_pause_of_the_camera(graph):
    rig = Rig(graph, pause_s=1.0, window_time_s=60.0, max_gap_s=0.0)
    rig.play(0)
    rig.play(1, without=("mask", "confidence"))
    graph.spin_for(1.5)
    assert not rig.scores
    rig.play(1, without=("image", "camera_info"))
    rig.wait_for_scores(1)  # for now the camera is silent


def test_a_mask_may_come_before_its_image(graph):
    rig = Rig(graph, mode="gate")
    rig.play(0, without=("image",))
    rig.play(0, without=("mask", "confidence", "camera_info"))
    (frame,) = rig.wait_for_scores(1)
    assert frame["content_status"] == "measured"


def test_of_two_segmentation_nodes_on_one_topic_the_first_mask_of_a_stamp_counts(graph):
    rig = Rig(graph, **EVERY_FRAME)
    other = graph.publisher(Image, "segmentation/mask", DEEP)
    graph.spin_until(lambda: other.get_subscription_count())
    for number in range(8):
        rig.play(number)
        other.publish(image_message(np.zeros_like(labels(number)), "mono8", header(number)))
        graph.spin_for(0.05)
    graph.spin_until(lambda: len(rig.masks) >= 6)
    assert never_twice(rig.images)
    assert never_twice(rig.masks)
    assert all(mask == rig.messages(number_of(mask))["mask"] for mask in rig.masks)
    assert rig.warning("2 nodes publish /segmentation/mask")


def test_out_of_order_repeated_and_zero_stamps_are_dropped_with_a_reason(graph):
    rig = Rig(graph, **EVERY_FRAME)
    order = [0, 1, 2, 2, 1, 3, 3, 4, 2, 5]
    for number in order[:-1]:
        rig.play(number)
    unset = rig.messages(9)["image"]
    unset.header = Header(frame_id="front_camera")
    rig.inputs["image"].publish(unset)
    rig.play(order[-1])
    decided = rig.wait_for_scores(len(order))
    reasons = [(frame["number"], frame["reason"]) for frame in decided]
    assert (2, "repeated_stamp") in reasons
    assert (3, "repeated_stamp") in reasons
    assert [number for number, reason in reasons if reason == "out_of_order"] == [1, 2]
    assert [reason for _, reason in reasons].count("unset_stamp") == 1
    assert never_twice(rig.images)
    assert never_twice(rig.masks)
    assert numbers(rig.images) == sorted(numbers(rig.images))
    assert rig.warning("images are refused")


def test_a_camera_without_stamps_is_named_and_the_node_goes_on(graph):
    rig = Rig(graph, mask_wait_s=0.2)
    for number in range(5):
        unset = rig.messages(number)["image"]
        unset.header = Header(frame_id="front_camera")
        rig.inputs["image"].publish(unset)
    assert "its sender did not set it" in rig.warning("The stamp is zero")
    rig.play(*range(13))
    graph.spin_until(lambda: rig.images)


def test_a_jump_back_in_time_starts_afresh(graph):
    rig = Rig(graph)
    rig.play(*range(50, 58))
    rig.play(*range(13))
    graph.spin_until(lambda: rig.images and rig.masks)
    _, values = rig.report(lambda status, values: values["restarts"] == "1")
    assert int(values["decided: time_jumped"]) > 0
    assert max(numbers(rig.images)) < 50, "what waited is dropped, not forwarded late"
    assert never_twice(rig.images)


def test_another_image_size_goes_on(graph):
    rig = Rig(graph)
    rig.play(*range(5))
    for number in range(5, 30):
        parts = rig.messages(number)
        large = np.repeat(np.repeat(picture(number), 2, axis=0), 2, axis=1)
        rig.inputs["image"].publish(image_message(large, "bgr8", header(number)))
        rig.inputs["mask"].publish(parts["mask"])
        rig.inputs["confidence"].publish(parts["confidence"])
        rig.inputs["camera_info"].publish(parts["camera_info"])
        graph.spin_for(0.02)
    graph.spin_until(lambda: len({image.width for image in rig.images}) == 2)


def test_bad_messages_are_rejected_with_a_reason(graph):
    rig = Rig(graph, **EVERY_FRAME)
    parts = rig.messages(0)
    parts["image"].data = parts["image"].data[:-1]
    rig.inputs["image"].publish(parts["image"])
    depth = rig.messages(1)["image"]
    depth.encoding = "16UC1"
    rig.inputs["image"].publish(depth)
    tiny = image_message(np.zeros((4, 4, 3), np.uint8), "bgr8", header(2))
    rig.inputs["image"].publish(tiny)
    for number in range(3):
        rig.play(number, without=("image",))
    decided = rig.wait_for_scores(3)
    assert [frame["reason"] for frame in decided] == ["rejected"] * 3
    assert "bytes" in decided[0]["sentence"]
    coloured = image_message(picture(3), "bgr8", header(3))
    rig.play(3, without=("mask",))
    rig.inputs["mask"].publish(coloured)
    rig.play(*range(4, 8))
    (frame,) = [frame for frame in rig.wait_for_scores(7) if frame["number"] == 3]
    assert frame["content_status"] == "no_mask"
    graph.spin_until(lambda: len(rig.images) >= 2)
    assert 3 not in numbers(rig.masks)
    _, values = rig.report()
    assert values["rejected: data too short"] == values["rejected: depth image"] == "1"
    assert values["rejected_mask: no label mask"] == "1"


def test_an_error_of_the_node_costs_the_waiting_frames_and_the_next_are_served(graph):
    rig = Rig(graph)
    rig.play(*range(3))
    rig.wait_for_node()

    def fail(scores):
        raise RuntimeError("a defect")

    rig.node._session.pipeline.selector.add = fail
    rig.play(3)
    status, values = rig.report(lambda status, values: values["failed"] == "1")
    assert status.level == DiagnosticStatus.ERROR
    assert "a defect" in status.message
    assert values["waiting"] == "0"
    assert 0 < int(values["abandoned"]) == 4 - int(values["decided"])
    graph.spin_until(lambda: len(rig.scores) == 4)
    decided = rig.wait_for_scores(4)
    given_up = [frame for frame in decided if frame["reason"] == "abandoned"]
    assert sorted(frame["number"] for frame in decided) == list(range(4))
    assert given_up[-1]["number"] == 3 and "a defect" in given_up[-1]["sentence"]
    rig.play(*range(4, 20))
    graph.spin_until(lambda: rig.images)
    assert min(numbers(rig.images)) >= 4


def test_a_subscriber_that_never_reads_holds_nobody_up(graph, ros_domain, tmp_path):
    with contextlib.closing(Graph(ros_domain, tmp_path)) as elsewhere:
        elsewhere.listen(Image, "keyframe/image", QoSProfile(depth=1))
        rig = Rig(graph, **EVERY_FRAME)
        rig.play(*range(60))
        rig.wait_for_scores(60)
        graph.spin_for(0.2)
        decided = rig.wait_for_scores(60)
        assert numbers(rig.images) == [f["number"] for f in decided if f["forwarded"] == "1"]
        assert len(rig.images) >= 50


def test_the_segmentation_may_stop_and_come_back(graph):
    rig = Rig(graph, mask_wait_s=0.3)
    rig.play(*range(12))
    graph.observer.destroy_publisher(rig.inputs["mask"])
    graph.observer.destroy_publisher(rig.inputs["confidence"])
    rig.play(*range(12, 24), without=("mask", "confidence"))
    assert "the segmentation node has stopped" in rig.warning("nobody publishes")
    for name in ("mask", "confidence"):
        rig.inputs[name] = graph.publisher(Image, f"segmentation/{name}", DEEP)
        graph.spin_until(lambda: rig.inputs[name].get_subscription_count())  # noqa: B023
    rig.play(*range(24, 48))
    decided = {frame["number"]: frame for frame in rig.wait_for_scores(40)}
    assert len(decided) == len(rig.scores)
    assert {decided[number]["content_status"] for number in range(13, 23)} == {"no_mask"}
    assert {decided[number]["content_status"] for number in range(25, 40)} == {"measured"}
    assert never_twice(rig.images)
    assert numbers(rig.images)[0] < 12 < 24 < numbers(rig.images)[-1]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"quality_floor": 2.0}, "parameter quality_floor is from 0.0 to 1.0, not 2.0"),
        ({"window_motion": 0.0, "window_time_s": 0.0}, "window_motion or window_time_s"),
        ({"classes": ["sign: much"]}, "The weight of class 'sign' must be a number"),
        ({"classes": ["sign", "sign"]}, "Class 'sign' is named twice"),
        ({"team_bytes_per_s": 0}, "parameter team_bytes_per_s is from 1 to"),
        ({"min_gap_s": float("nan")}, "parameter min_gap_s is from 0.0 to 3600.0, not nan"),
    ],
)
def test_wrong_parameters_are_one_sentence(graph, values, sentence):
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    with pytest.raises(ParameterError) as caught:
        KeyframeSelectorNode(context=graph.context, parameter_overrides=overrides)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
