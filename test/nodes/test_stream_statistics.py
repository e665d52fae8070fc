"""Counting and handing over of images, without a graph."""

from __future__ import annotations

import math
import threading

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from mininet_ros.images.encodings import ImageError
from mininet_ros.nodes.common.latest_frame import LatestFrame
from mininet_ros.nodes.common.rate_limit import RateLimit
from mininet_ros.nodes.common.recent_values import RecentValues, quantile
from mininet_ros.nodes.common.stream_statistics import StreamStatistics


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_slot_hands_over_the_newest_frame_and_tells_of_replaced_ones():
    slot = LatestFrame()
    assert [slot.put(number) for number in range(3)] == [False, True, True]
    assert slot.take() == 2
    assert not slot.put(3)


def test_taking_waits_for_a_frame():
    slot, taken = LatestFrame(), []
    thread = threading.Thread(target=lambda: taken.append(slot.take()))
    thread.start()
    slot.put("frame")
    thread.join(10)
    assert taken == ["frame"]


def test_closing_ends_the_wait_and_what_comes_later_is_not_handed_over():
    slot, taken = LatestFrame(), []
    thread = threading.Thread(target=lambda: taken.append(slot.take()))
    thread.start()
    slot.close()
    thread.join(10)
    slot.put("late")
    assert taken == [None]
    assert slot.take() is None


def test_clearing_forgets_the_frame_that_waits():
    slot = LatestFrame()
    slot.put("old")
    assert slot.clear()
    assert not slot.clear()
    slot.put("new")
    assert slot.take() == "new"


def admitted(limit: RateLimit, clock: Clock, times: list[float]) -> list[float]:
    kept = []
    for when in times:
        clock.now = 100.0 + when
        if limit.admits():
            kept.append(when)
    return kept


def test_no_limit_admits_everything():
    clock = Clock()
    times = [number / 1000 for number in range(50)]
    assert admitted(RateLimit(0.0, clock), clock, times) == times


@pytest.mark.parametrize(("camera_hz", "limit_hz"), [(30, 10), (30, 20), (30, 29), (25, 1)])
def test_the_limit_holds_on_average_and_is_used(camera_hz, limit_hz):
    clock = Clock()
    times = [number / camera_hz for number in range(20 * camera_hz)]
    kept = admitted(RateLimit(limit_hz, clock), clock, times)
    assert 20 * limit_hz - 1 <= len(kept) <= 20 * limit_hz + 1


def test_a_camera_at_the_limit_loses_nothing_by_its_jitter():
    clock = Clock()
    times = [number / 30 + (0.005 if number % 2 else 0.0) for number in range(300)]
    assert admitted(RateLimit(30.0, clock), clock, times) == times


def test_a_pause_is_not_made_up_for():
    clock = Clock()
    burst = [10 + number / 1000 for number in range(70)]
    assert len(admitted(RateLimit(10.0, clock), clock, [0.0, 0.1, *burst])) == 3


def test_rates_and_values_are_those_of_the_span():
    clock = Clock()
    recent = RecentValues(span_s=5.0, clock=clock)
    assert recent.rate_hz() == 0.0
    for number in range(100):
        clock.now = 100.0 + number / 10
        recent.add(number)
    assert recent.values() == list(range(49, 100))
    assert recent.rate_hz() == pytest.approx(10, abs=0.5)
    clock.now += 60
    assert recent.values() == []
    assert recent.rate_hz() == 0.0


def test_rates_are_right_before_the_span_is_over():
    clock = Clock()
    recent = RecentValues(span_s=5.0, clock=clock)
    for number in range(1, 11):
        clock.now = 100.0 + number / 10
        recent.add()
    assert recent.rate_hz() == pytest.approx(10)


def test_quantiles():
    values = [float(number) for number in range(100, 0, -1)]
    assert quantile(values, 0.5) == 50
    assert quantile(values, 0.95) == 95
    assert quantile(values, 0.0) == 1
    assert quantile(values, 1.0) == 100
    assert quantile([7.0], 0.95) == 7.0
    assert math.isnan(quantile([], 0.5))


def test_every_image_ends_in_one_count():
    statistics = StreamStatistics()
    for _ in range(9):
        statistics.note_received()
    statistics.note_replaced()
    statistics.note_skipped()
    statistics.note_rejected(ImageError("empty image", "the image is empty"))
    statistics.note_rejected(ImageError("odd size", "the width is odd"))
    statistics.note_rejected(ImageError("odd size", "the width is odd"))
    statistics.note_failed(RuntimeError("the device is lost"))
    for latency_s in (0.010, 0.020, 0.090):
        statistics.note_inferred(latency_s / 2)
        statistics.note_published(latency_s)
    values = statistics.values()
    outcomes = ("published", "replaced", "skipped", "rejected", "failed")
    assert [values[name] for name in outcomes] == [3, 1, 1, 3, 1]
    assert sum(values[name] for name in outcomes) == values["received"] == 9
    assert (values["rejected: empty image"], values["rejected: odd size"]) == (1, 2)
    assert values["latency_median_ms"] == pytest.approx(20)
    assert values["latency_p95_ms"] == pytest.approx(90)
    assert values["inference_median_ms"] == pytest.approx(10)
    assert statistics.last_failure == "RuntimeError: the device is lost"
    assert statistics.last_rejection == "the width is odd"


def test_counts_of_two_threads_add_up():
    statistics = StreamStatistics()

    def count() -> None:
        for _ in range(5000):
            statistics.note_skipped()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statistics.values()["skipped"] == 20000


@pytest.mark.parametrize(
    ("latency_s", "foreign"), [(0.05, False), (-0.2, False), (59.0, False), (-5, True), (1e9, True)]
)
def test_stamps_of_another_clock_are_noticed(latency_s, foreign):
    statistics = StreamStatistics()
    assert not statistics.foreign_clock, "nothing is known yet"
    statistics.note_published(latency_s)
    assert statistics.foreign_clock == foreign
