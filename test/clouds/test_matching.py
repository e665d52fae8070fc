"""Messages that belong together, by their stamps."""

from __future__ import annotations

from mininet_ros.clouds.matching import CAPACITY, StampMatcher

NEEDED = ("depth", "info")


def test_equal_stamps_pair_in_any_order():
    for order in (("mask", "depth", "info"), ("info", "depth", "mask"), ("depth", "mask", "info")):
        matcher = StampMatcher("mask", NEEDED, (), 0)
        results = [matcher.add(kind, 7, kind.upper()) for kind in order]
        assert results == [None, None, {"mask": "MASK", "depth": "DEPTH", "info": "INFO"}]


def test_the_nearest_in_reach_is_taken_once_no_nearer_one_can_come():
    matcher = StampMatcher("mask", ("depth",), (), 10)
    matcher.add("depth", 92, "early")
    assert matcher.add("mask", 100, "mask") is None  # one at 101 may still come
    assert matcher.add("depth", 105, "late") == {"mask": "mask", "depth": "late"}
    matcher.add("mask", 200, "lonely")
    assert matcher.add("depth", 211, "too late") is None


def test_other_kinds_join_where_they_are_there():
    matcher = StampMatcher("mask", ("depth",), ("image",), 0)
    matcher.add("depth", 4, "depth")
    assert matcher.add("mask", 4, "mask") == {"depth": "depth", "mask": "mask"}
    matcher.add("image", 5, "image")
    matcher.add("depth", 5, "depth")
    assert matcher.add("mask", 5, "mask") == {"image": "image", "depth": "depth", "mask": "mask"}
    matcher.add("depth", 6, "depth")
    assert matcher.add("mask", 6, "mask") is None  # the image came last time, and still may
    assert matcher.add("image", 6, "image") == {"image": "image", "depth": "depth", "mask": "mask"}
    matcher.add("depth", 7, "depth")
    matcher.add("depth", 8, "depth")
    assert matcher.add("mask", 7, "mask") is None
    # The image did not come in time: the next mask does not wait for the one before.
    assert matcher.add("mask", 8, "mask") == {"depth": "depth", "mask": "mask"}
    assert matcher.unmatched == 0


def test_masks_without_depth_are_counted_and_bounded():
    matcher = StampMatcher("mask", ("depth",), (), 0)
    for stamp in range(CAPACITY + 5):
        matcher.add("mask", stamp, stamp)
    assert matcher.unmatched == 5
    assert matcher.add("depth", CAPACITY + 4, "depth") == {"mask": CAPACITY + 4, "depth": "depth"}
    assert matcher.unmatched == CAPACITY + 4


def test_a_recording_that_begins_again_pairs_again():
    matcher = StampMatcher("mask", ("depth",), (), 0)
    matcher.add("mask", 1000, "old")
    matcher.add("depth", 1000, "old")
    matcher.add("mask", 1100, "never paired")
    matcher.add("depth", 10, "new")
    assert matcher.add("mask", 10, "new") == {"mask": "new", "depth": "new"}
    assert matcher.unmatched == 1
