"""Pairing of messages by their exact stamps."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from mininet_ros.nodes.common.stamps import stamp_of
from mininet_ros.nodes.keyframes.frame_store import MAX_UNPAIRED, FrameStore

REORDER_NS = 5


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def message(stamp: int, kind: type = Image):
    head = Header()
    head.stamp.sec, head.stamp.nanosec = divmod(stamp, 10**9)
    return kind(header=head)


class Desk:
    """A store of which images wait for mask and confidence, and the order in which they leave."""

    def __init__(self, wait_s: float = 1.0, capacity: int = 8, **expected) -> None:
        self.clock = Clock()
        self.store = FrameStore(wait_s, capacity, self.clock)
        self.store.expected = frozenset(expected.get("expected", ("mask", "confidence")))

    def image(self, *stamps: int) -> None:
        for stamp in stamps:
            self.store.add_image(message(stamp), REORDER_NS)

    def part(self, name: str, *stamps: int) -> None:
        for stamp in stamps:
            kind = CameraInfo if name == "camera_info" else Image
            self.store.add_part(name, message(stamp, kind))

    def masks(self, *stamps: int) -> None:
        self.part("mask", *stamps)
        self.part("confidence", *stamps)

    def taken(self) -> list[tuple[int, list[str]]]:
        frames = []
        while (frame := self.store.take()) is not None:
            frames.append((frame.stamp_ns, sorted(frame.parts)))
            if frame.waits:
                self.store.hold(frame)
        return frames


BOTH = ["confidence", "mask"]


def test_stamps_are_whole_nanoseconds():
    assert stamp_of(message(1_999_999_999).header) == 1_999_999_999


def test_an_image_waits_for_all_its_parts():
    desk = Desk()
    desk.image(100)
    assert desk.taken() == []
    desk.part("mask", 100)
    assert desk.taken() == []
    desk.part("confidence", 100)
    assert desk.taken() == [(100, BOTH)]


def test_only_the_exact_stamp_pairs():
    desk = Desk()
    desk.image(100)
    desk.masks(99, 101)
    assert desk.taken() == []


def test_parts_may_come_first():
    desk = Desk()
    desk.masks(100)
    desk.image(100)
    assert desk.taken() == [(100, BOTH)]


def test_a_later_part_ends_the_wait_for_an_earlier_one():
    desk = Desk()
    desk.image(100, 110, 120)
    desk.masks(120)
    assert desk.taken() == [(100, []), (110, []), (120, BOTH)]


def test_a_later_part_of_one_kind_says_nothing_of_the_other():
    desk = Desk()
    desk.image(100, 110)
    desk.part("mask", 100, 110)
    desk.part("confidence", 100)
    assert desk.taken() == [(100, BOTH)]
    desk.part("confidence", 110)
    assert desk.taken() == [(110, BOTH)]


def test_the_wait_is_bounded_in_time_and_in_number():
    desk = Desk(wait_s=1.0, capacity=2)
    desk.image(100)
    desk.clock.now = 0.5
    desk.image(110)
    assert desk.taken() == []
    desk.clock.now = 1.0
    assert desk.taken() == [(100, [])]
    desk.image(120, 130)
    assert desk.taken() == [(110, [])]


def test_images_leave_in_the_order_in_which_they_came():
    desk = Desk()
    desk.image(100, 110)
    desk.store.add_part("mask", message(110))
    desk.part("confidence", 110)
    assert [stamp for stamp, _ in desk.taken()] == [100, 110]


def test_calibration_is_waited_for_once_the_camera_has_sent_some():
    desk = Desk(expected=("camera_info",))
    desk.image(100)
    assert desk.taken() == [(100, [])]
    desk.part("camera_info", 100)
    desk.image(110)
    assert desk.taken() == []
    desk.part("camera_info", 110)
    assert desk.taken() == [(110, ["camera_info"])]


def test_what_stays_out_beside_a_mask_is_waited_for_once():
    desk = Desk(expected=("mask", "confidence", "camera_info"))
    desk.image(100)
    desk.part("mask", 100)
    desk.part("camera_info", 100)
    assert desk.taken() == []
    desk.clock.now = 1.0
    assert desk.taken() == [(100, ["camera_info", "mask"])]
    desk.image(110)
    desk.part("mask", 110)
    assert desk.taken() == []
    desk.clock.now = 2.0
    assert desk.taken() == [(110, ["mask"])]
    desk.image(120)
    desk.part("mask", 120)
    assert desk.taken() == [(120, ["mask"])], "nobody sends confidence or calibration any more"
    desk.part("confidence", 120)
    desk.image(130)
    desk.part("mask", 130)
    assert desk.taken() == [], "somebody does"


def test_a_mask_is_always_waited_for():
    desk = Desk(wait_s=1.0)
    desk.image(100)
    desk.clock.now = 1.0
    assert desk.taken() == [(100, [])]
    desk.image(110)
    assert desk.taken() == []
    desk.part("mask", 110)
    assert desk.taken() == [], "and so is confidence, where the mask was what failed"


def test_a_part_joins_a_frame_that_is_held():
    desk = Desk(wait_s=0.0)
    desk.image(100)
    assert desk.taken() == [(100, [])]
    desk.part("mask", 100)
    frame = desk.store.release(100)
    assert list(frame.parts) == ["mask"]
    assert desk.store.counts == {"late_mask": 1}


def test_a_part_of_a_frame_that_is_gone_is_late():
    desk = Desk(wait_s=0.0)
    desk.image(100)
    desk.taken()
    desk.store.release(100)
    desk.part("mask", 100)
    assert desk.store.counts == {"late_mask": 1}
    assert desk.store.release(100) is None


def test_of_repeated_parts_the_first_counts():
    desk = Desk()
    first, second = message(100), message(100)
    desk.image(100)
    desk.store.add_part("mask", first)
    desk.store.add_part("mask", second)
    desk.part("confidence", 100)
    assert desk.store.take().parts["mask"] is first
    desk.part("mask", 200, 200)
    assert desk.store.counts == {"repeated_mask": 2}


def test_parts_without_image_are_forgotten_by_number_and_by_age():
    desk = Desk(wait_s=2.0)
    desk.part("mask", *range(100, 100 + MAX_UNPAIRED + 3))
    assert desk.store.counts == {"mask_without_image": 3}
    desk.clock.now = 2.5
    desk.taken()
    assert desk.store.counts == {"mask_without_image": MAX_UNPAIRED + 3}


@pytest.mark.parametrize("stamp", [110, 106, 0])
def test_a_stamp_that_will_be_refused_waits_for_nothing_and_takes_nothing(stamp):
    desk = Desk()
    desk.image(110, stamp)
    desk.masks(110)
    assert desk.taken()[0] == (110, BOTH)
    assert len(desk.store) == 0
    assert desk.store.release(110).parts.keys() == {"mask", "confidence"}


def test_a_jump_back_in_time_ends_all_waits_and_separates_before_from_after():
    desk = Desk()
    desk.image(100, 110)
    desk.part("mask", 500)
    desk.image(50)
    assert desk.taken() == [(100, []), (110, [])]
    desk.masks(110)
    assert desk.taken() == [], "a mask from before the jump says nothing of images after it"
    desk.masks(50)
    assert desk.taken() == [(50, BOTH)]
    assert desk.store.counts["mask_without_image"] == 1


def test_clear_leaves_the_counts_alone():
    desk = Desk()
    desk.image(100)
    desk.masks(100, 100, 300)
    desk.taken()
    desk.store.clear()
    assert (len(desk.store), desk.store.release(100)) == (0, None)
    assert desk.store.counts == {"repeated_mask": 1, "repeated_confidence": 1}
    desk.image(100)
    assert desk.taken() == []
