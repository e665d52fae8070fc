"""Masks in bags come to their images by exact stamp, whatever is lost or late."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.sequences import SequenceError

pytest.importorskip("rosbags", reason="reading bags needs rosbags")

from bag_recorder import KINDS, PERIOD_NS, START_NS, Recorder

from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.segmented_bag import NO_MASKS, BagTopics, SegmentedBag, find_topics

IMAGE, MASK, CONFIDENCE = "/r1/image", "/r1/segmentation/mask", "/r1/segmentation/confidence"


def labels(value: int) -> np.ndarray:
    return np.full((6, 8), value, np.uint8)


def write(bag: Recorder, topic: str, index: int, recorded_ns: int) -> None:
    stamp_ns = START_NS + index * PERIOD_NS
    if topic == IMAGE:
        message = bag.image(np.full((6, 8, 3), index, np.uint8), "bgr8", stamp_ns)
    else:
        message = bag.image(labels(index + 100 * (topic == CONFIDENCE)), "mono8", stamp_ns)
    bag.write(topic, message, START_NS + recorded_ns)


def paired(path, **topics):
    """(index of the image, value of its mask or None, value of its confidence or None)."""
    return [
        (
            int(labelled.frame.image[0, 0, 0]),
            None if labelled.mask is None else int(labelled.mask[0, 0]),
            None if labelled.confidence is None else int(labelled.confidence[0, 0]),
        )
        for labelled in SegmentedBag(path, find_topics(path, **topics)).labelled()
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_masks_are_paired_by_stamp(tmp_path, kind):
    with Recorder(kind, tmp_path) as bag:
        for index in range(4):
            write(bag, IMAGE, index, 10 * index)
            write(bag, MASK, index, 10 * index + 25)  # two images later
            write(bag, CONFIDENCE, index, 10 * index + 26)
    assert find_topics(bag.path) == BagTopics(IMAGE, MASK, CONFIDENCE)
    assert paired(bag.path) == [(index, index, index + 100) for index in range(4)]
    stamps = [labelled.frame.stamp_ns for labelled in SegmentedBag(
        bag.path, find_topics(bag.path)
    ).labelled()]  # fmt: skip
    assert stamps == [index * PERIOD_NS for index in range(4)]


def test_lost_masks_cost_no_image(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        for index in range(6):
            write(bag, IMAGE, index, 10 * index)
        for index in (1, 3):
            write(bag, MASK, index, 100 + index)
    assert paired(bag.path) == [
        (0, None, None), (1, 1, None), (2, None, None), (3, 3, None), (4, None, None),
        (5, None, None),
    ]  # fmt: skip


def test_mask_that_was_recorded_before_its_image(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        write(bag, MASK, 0, 0)
        write(bag, IMAGE, 0, 1)
        write(bag, IMAGE, 1, 2)
    assert paired(bag.path) == [(0, 0, None), (1, None, None)]


def test_few_images_wait_for_masks_that_never_come(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        for index in range(70):
            write(bag, IMAGE, index, index)
        write(bag, MASK, 2, 80)
    assert [mask for _, mask, _ in paired(bag.path)[:4]] == [None] * 4


def test_compressed_masks(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        write(bag, IMAGE, 0, 0)
        bag.write("/team/mask/compressed", bag.compressed(labels(7), START_NS), START_NS + 1)
    assert paired(bag.path, mask="/team/mask/compressed") == [(0, 7, None)]


def test_compressed_images_keep_their_bytes(tmp_path):
    image = np.full((6, 8, 3), 50, np.uint8)
    with Recorder("mcap", tmp_path) as bag:
        bag.write("/c", bag.compressed(image, START_NS), START_NS)
    (frame,) = BagImages(bag.path)
    assert frame.encoded.suffix == ".png"
    assert frame.encoded.data == cv2.imencode(".png", image)[1].tobytes()


def test_topics_that_are_not_there(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        write(bag, IMAGE, 0, 0)
    assert find_topics(bag.path) == BagTopics(IMAGE, None, None)
    with pytest.raises(SequenceError, match=f"has no mask topic /mask; its image topics: {IMAGE}"):
        find_topics(bag.path, mask="/mask")


def test_several_segmentation_nodes(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        write(bag, IMAGE, 0, 0)
        write(bag, MASK, 0, 1)
        write(bag, "/r2/segmentation/mask", 5, 2)
    listed = "choose one of /r1/segmentation/mask, /r2/segmentation/mask"
    with pytest.raises(SequenceError, match=f"several mask topics; {listed}"):
        find_topics(bag.path)
    assert paired(bag.path, mask=MASK) == [(0, 0, None)]
    assert find_topics(bag.path, mask=NO_MASKS) == BagTopics(IMAGE, None, None)


def test_pictures_instead_of_masks(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        write(bag, IMAGE, 0, 0)
        write(bag, "/other", 0, 1)
        overlay = bag.image(np.zeros((6, 8, 3), np.uint8), "rgb8", START_NS)
        bag.write("/rgb", overlay, START_NS + 2)
    with pytest.raises(SequenceError, match="topic /rgb .* encoding .rgb8. holds no labels"):
        paired(bag.path, image=IMAGE, mask="/rgb")
