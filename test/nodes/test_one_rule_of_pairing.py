"""The selector node and bags pair images with masks and confidences by one rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mininet_ros.nodes.keyframes.frame_store import FrameStore
from mininet_ros.sequences.segmented_bag import _Pairing
from mininet_ros.sequences.sequence import Frame

KINDS = ("mask", "confidence")


@st.composite
def streams(draw):
    """Messages in their order: each image, then parts of it or of images before it, some lost."""
    messages: list[tuple[str, int]] = []
    late: list[tuple[str, int]] = []
    for stamp in range(1, draw(st.integers(2, 8))):
        messages.append(("image", stamp))
        for kind in KINDS:
            fate = draw(st.sampled_from(["at once", "after the next", "lost"]))
            if fate == "at once":
                messages.append((kind, stamp))
            elif fate == "after the next":
                late.append((kind, stamp))
        if draw(st.booleans()):
            messages += late
            late.clear()
    return messages


def of_node(messages):
    """Released stamps with their parts after each message, as the node pairs them."""
    store = FrameStore(wait_s=1e9, capacity=10**6, clock=lambda: 0.0)
    store.expected = frozenset(KINDS)
    released = []
    for kind, stamp in messages:
        message = Image(header=Header(stamp=Time(sec=stamp)))
        if kind == "image":
            store.add_image(message, reorder_ns=0)
        else:
            store.add_part(kind, message)
        store._absent.clear()  # a live stream need not wait for a kind that ended
        now = []
        while (frame := store.take()) is not None:
            now.append((frame.stamp_ns // 10**9, sorted(set(KINDS) & set(frame.parts))))
            store._absent.clear()
        released.append(now)
    return released


def of_bag(messages):
    """The same, as bags pair them."""
    pairing = _Pairing(with_confidence=True)
    picture = np.zeros((1, 1, 3), np.uint8)
    released = []
    for kind, stamp in messages:
        if kind == "image":
            pairing.add_image(stamp, Frame(picture, stamp, str(stamp)))
        else:
            pairing.add_labels(stamp, np.zeros((1, 1), np.uint8), kind == "mask")
        now = []
        for found in pairing.complete():
            parts = {"mask": found.mask, "confidence": found.confidence}
            has = sorted(name for name, part in parts.items() if part is not None)
            now.append((found.frame.stamp_ns, has))
        released.append(now)
    return released


@given(streams())
def test_both_release_the_same_images_with_the_same_parts_at_the_same_message(messages):
    assert of_bag(messages) == of_node(messages)
