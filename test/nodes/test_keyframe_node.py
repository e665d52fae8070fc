"""The keyframe selector node on a real graph: what it forwards, and that it is what it received."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

import cv2
import numpy as np
from keyframe_rig import (
    HEIGHT,
    WIDTH,
    Rig,
    header,
    known_classes,  # noqa: F401 - a fixture
    labels,
    number_of,
    numbers,
    picture,
)
from sensor_msgs.msg import CompressedImage, Image

from mininet_ros.nodes.common.image_messages import image_message, jpeg_message

pytestmark = pytest.mark.usefixtures("known_classes")


def test_keyframes_are_the_received_messages_and_one_decision_gates_all_three(graph):
    rig = Rig(graph)
    rig.play(*range(35))
    decided = rig.wait_for_scores(30)
    forwarded = [frame["number"] for frame in decided if frame["forwarded"] == "1"]
    assert len(forwarded) >= 3
    graph.spin_until(lambda: len(rig.images) == len(rig.masks) == len(rig.infos) == len(forwarded))
    assert numbers(rig.images) == numbers(rig.masks) == numbers(rig.infos) == forwarded
    for image, mask, info in zip(rig.images, rig.masks, rig.infos):
        sent = rig.messages(number_of(image))
        assert image == sent["image"]
        assert mask == sent["mask"]
        assert info == sent["camera_info"]


def test_every_frame_is_reported_once_with_scores_and_reason(graph):
    rig = Rig(graph)
    rig.play(*range(24))
    decided = rig.wait_for_scores(20)
    seen = [frame["number"] for frame in decided]
    assert len(set(seen)) == len(seen)
    for frame in decided:
        assert frame["reason"] in ("best_of_window", "kept_overlap", "not_best", "min_gap")
        chosen = frame["reason"] in ("best_of_window", "kept_overlap")
        assert (frame["forwarded"] == "1") == chosen
        assert frame["sentence"]
        assert 0.0 < float(frame["quality"]) <= 1.0
        assert frame["content_status"] == "measured"
        for name in ("worth", "content", "motion", "parallax", "overlap", "sharpness", "clipped"):
            float(frame[name])
    assert {message.header.frame_id for message in rig.scores} == {"front_camera"}
    assert rig.scores[0].status[0].name == "/keyframe_selector: frame"


def test_the_node_chooses_what_its_pipeline_chooses(graph):
    rig = Rig(graph, use_confidence=False)
    rig.play(*range(45))
    rig.wait_for_scores(40)
    settings = rig.node._settings.values.settings
    pipeline, chosen = settings.pipeline(("wall", "sign", "door")), []
    for number in range(45):
        stamp = rig.messages(number)["image"].header.stamp
        stamp_ns = stamp.sec * 10**9 + stamp.nanosec
        decisions = pipeline.add(picture(number), labels(number), None, stamp_ns).decisions
        chosen += [decision.stamp_ns for decision in decisions if decision.forwarded]
    graph.spin_until(lambda: len(rig.images) >= len(chosen))
    assert [i.header.stamp.sec * 10**9 + i.header.stamp.nanosec for i in rig.images] == chosen


def test_gate_mode_decides_at_once(graph):
    rig = Rig(graph, mode="gate", gate_share=0.5, min_gap_s=0.0)
    for number in range(6):
        rig.play(number)
        decided = rig.wait_for_scores(number + 1)
        assert decided[-1]["number"] == number
        assert decided[-1]["reason"] in ("passed_gate", "below_gate")
    forwarded = [frame["number"] for frame in decided if frame["forwarded"] == "1"]
    assert 0 in forwarded
    graph.spin_until(lambda: numbers(rig.images) == forwarded)


def test_a_request_is_answered_by_the_best_frame_near_it(graph):
    rig = Rig(graph, mode="request", request_window_s=0.2, max_gap_s=0.0)
    rig.play(*range(10))
    rig.requests.publish(header(6))
    rig.play(*range(10, 12))
    graph.spin_until(lambda: rig.images and rig.masks)
    (answer,) = numbers(rig.images)
    assert 4 <= answer <= 8
    (answered,) = [frame for frame in rig.wait_for_scores(1) if frame["forwarded"] == "1"]
    assert answered["reason"] == "best_for_request"
    assert float(answered["requested_stamp"]) == pytest.approx(1000.6)


def test_a_request_that_cannot_be_answered_is_explained(graph):
    rig = Rig(graph)
    rig.play(0)
    rig.requests.publish(header(0))
    _, values = rig.report(lambda status, values: values["unanswered"] == "1")
    assert "runs in mode window" in values["last_unanswered"]


def test_masks_of_another_size_are_used_and_forwarded_as_they_are(graph):
    rig = Rig(graph)
    for number in range(13):
        rig.play(number, without=("mask", "confidence"))
        small = image_message(labels(number, 64, 48), "mono8", header(number))
        confidence = image_message(np.full((48, 64), 200, np.uint8), "mono8", header(number))
        rig.inputs["mask"].publish(small)
        rig.inputs["confidence"].publish(confidence)
    decided = rig.wait_for_scores(10)
    assert all(frame["content_status"] == "measured" for frame in decided)
    assert any(float(frame["content"]) > 0.0 for frame in decided)
    graph.spin_until(lambda: rig.masks)
    assert (rig.masks[0].width, rig.masks[0].height) == (64, 48)
    _, values = rig.report()
    assert (values["image_size"], values["mask_size"]) == (f"{WIDTH}x{HEIGHT}", "64x48")


def test_compressed_images_are_forwarded_as_they_came(graph):
    rig = Rig(graph, listen_to=(), image_transport="compressed")
    keyframes = graph.listen(CompressedImage, "keyframe/image/compressed")
    camera = graph.publisher(CompressedImage, "image/compressed")
    graph.spin_until(lambda: camera.get_subscription_count())
    sent = [jpeg_message(picture(number), header(number)) for number in range(13)]
    for number, message in enumerate(sent):
        camera.publish(message)
        rig.play(number, without=("image",))
    graph.spin_until(lambda: keyframes)
    (original,) = [message for message in sent if message.header == keyframes[0].header]
    assert keyframes[0] == original


def test_nothing_is_received_without_a_listener_and_a_new_listener_starts_afresh(graph):
    rig = Rig(graph, listen_to=())
    status, values = rig.report()
    assert "nobody subscribes" in status.message
    assert all(topic.get_subscription_count() == 0 for topic in rig.inputs.values())

    images = graph.listen(Image, "keyframe/image")
    rig.wait_for_node()
    assert rig.inputs["mask"].get_subscription_count() == 1, "the scores need it"
    assert rig.inputs["camera_info"].get_subscription_count() == 0, "nobody wants it"
    rig.play(*range(13))
    graph.spin_until(lambda: images)

    graph.observer.destroy_subscription(
        next(s for s in graph.observer.subscriptions if s.topic_name == "/keyframe/image")
    )
    graph.spin_until(lambda: rig.inputs["image"].get_subscription_count() == 0)
    _, values = rig.report(lambda status, values: values["waiting"] == "0")
    assert values["restarts"] == "0"


def test_without_targets_masks_are_not_asked_for(graph):
    rig = Rig(graph, classes=[""], listen_to=("images", "scores"))
    assert rig.inputs["mask"].get_subscription_count() == 0
    rig.play(*range(13), without=("mask", "confidence"))
    decided = rig.wait_for_scores(10)
    assert {frame["content_status"] for frame in decided} == {"no_targets"}
    graph.spin_until(lambda: rig.images)


def test_masks_are_forwarded_without_targets_where_they_are_wanted(graph):
    rig = Rig(graph, classes=[""], listen_to=("images", "masks"))
    rig.play(*range(13))
    graph.spin_until(lambda: rig.images and rig.masks)
    assert numbers(rig.images) == numbers(rig.masks)


def test_two_robots_stay_apart(graph):
    robots = [Rig(graph, namespace=namespace) for namespace in ("/robot1", "/robot2")]
    robots[0].play(*range(13))
    graph.spin_until(lambda: robots[0].images and robots[0].masks)
    graph.spin_for(0.3)
    assert not robots[1].images
    assert not robots[1].scores


def test_team_mates_get_jpeg_png_and_calibration(graph):
    rig = Rig(graph, listen_to=("team_images", "team_masks", "team_infos"), jpeg_quality=95)
    rig.play(*range(13))
    graph.spin_until(lambda: rig.team_images and rig.team_masks and rig.team_infos)
    (image, mask, info) = rig.team_images[0], rig.team_masks[0], rig.team_infos[0]
    assert image.header == mask.header == info.header
    number = number_of(image)
    assert info == rig.messages(number)["camera_info"]
    assert image.format == "bgr8; jpeg compressed bgr8"
    pixels = cv2.imdecode(np.frombuffer(image.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.mean(cv2.absdiff(pixels, picture(number))) < 8.0
    assert mask.format == "mono8; png compressed mono8"
    decoded = cv2.imdecode(np.frombuffer(mask.data, np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded, labels(number))


def test_parameters_change_the_running_node(graph):
    rig = Rig(graph, max_gap_s=0.0)
    rig.play(*range(5))
    answers = rig.set(
        mode="gate", min_gap_s=0.0, max_waiting_bytes=0, reliability="", autostart=False
    )
    assert [answer.successful for answer in answers] == [True, True, False, False, False]
    assert all(answer.reason for answer in answers[2:])
    assert rig.set(max_gap_s=0.5)[0].successful
    refused = rig.set(min_gap_s=0.6)[0]
    assert not refused.successful
    assert "max_gap_s (0.5) is below min_gap_s (0.6)" in refused.reason
    rig.play(*range(5, 8))
    decided = {frame["number"]: frame["reason"] for frame in rig.wait_for_scores(8)}
    assert "best_of_window" in {decided[number] for number in range(5)}
    assert {decided[number] for number in range(5, 8)} <= {"passed_gate", "below_gate", "max_gap"}
    status, _ = rig.report(lambda status, values: values["mode"] == "gate")
    assert status.message == "selecting keyframes of /image in mode gate"


def test_other_targets_count_from_the_next_frame_on(graph):
    rig = Rig(graph, mode="gate")
    rig.play(4)
    assert float(rig.wait_for_scores(1)[0]["content"]) > 0.0
    assert rig.set(classes=["door: 2.0"])[0].successful
    rig.play(5)
    assert float(rig.wait_for_scores(2)[1]["content"]) == 0.0
    refused = rig.set(classes=["window"])[0]
    assert not refused.successful
    assert "Unknown class 'window'; the model knows: wall, sign, door" in refused.reason
    rig.play(6)
    rig.wait_for_scores(3)


def test_waiting_frames_are_decided_on_when_the_node_ends(graph):
    rig = Rig(graph)
    rig.play(*range(5))
    rig.report(lambda status, values: values["images"] == "5")
    rig.node.close()
    assert len(rig.wait_for_scores(5)) == 5
    graph.spin_until(lambda: rig.images)
