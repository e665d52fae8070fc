"""Bags of both ROS generations give their images with their own stamps."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from mininet_ros.sequences import SequenceError, open_sequence

pytest.importorskip("rosbags", reason="reading bags needs rosbags")

from bag_recorder import KINDS, PERIOD_NS, START_NS, Recorder


def color(value: int) -> np.ndarray:
    return np.full((6, 8, 3), (value, 20, 30), np.uint8)


def record(kind: str, folder: Path, topic: str = "/camera/image_raw", stamped: bool = True) -> Path:
    with Recorder(kind, folder) as bag:
        for index in range(4):
            stamp_ns = START_NS + index * PERIOD_NS if stamped else 0
            recorded_ns = START_NS + 5_000_000 + index * PERIOD_NS
            bag.write(topic, bag.image(color(index), "bgr8", stamp_ns), recorded_ns)
    return bag.path


@pytest.mark.parametrize("kind", KINDS)
def test_images_keep_their_stamps(tmp_path, kind):
    sequence = open_sequence(record(kind, tmp_path))
    frames = list(sequence)
    assert (sequence.width, sequence.height, sequence.length) == (8, 6, 4)
    assert sequence.name == "drive"
    assert sequence.rate_hz == pytest.approx(25, rel=0.01)
    assert sequence.start_ns == START_NS
    assert [frame.stamp_ns for frame in frames] == [index * PERIOD_NS for index in range(4)]
    assert all((frame.image == color(index)).all() for index, frame in enumerate(frames))
    assert [frame.name for frame in frames] == [frame.name for frame in sequence]


@pytest.mark.parametrize("kind", KINDS)
def test_compressed_images(tmp_path, kind):
    with Recorder(kind, tmp_path) as bag:
        bag.write("/camera/compressed", bag.compressed(color(9), START_NS), START_NS)
    sequence = open_sequence(bag.path, rate_hz=7)
    (frame,) = sequence
    assert (frame.image == color(9)).all()
    assert sequence.rate_hz == 7


def test_encodings_are_converted(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        bag.write("/rgb", bag.image(color(9), "rgb8", START_NS), START_NS)
    (frame,) = open_sequence(bag.path)
    assert (frame.image == (30, 20, 9)).all()


def test_unset_stamps_give_way_to_the_times_of_recording(tmp_path):
    sequence = open_sequence(record("mcap", tmp_path, stamped=False))
    assert sequence.start_ns == START_NS + 5_000_000
    assert [frame.stamp_ns for frame in sequence] == [index * PERIOD_NS for index in range(4)]


@pytest.mark.parametrize("kind", ["sqlite", "mcap"])
def test_file_inside_of_a_ros2_bag(tmp_path, kind):
    (path,) = [
        path for path in record(kind, tmp_path).iterdir() if path.suffix in (".db3", ".mcap")
    ]
    assert len(list(open_sequence(path))) == 4


def test_topic_is_chosen(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        for value, topic in ((1, "/left/image"), (2, "/right/image")):
            bag.write(topic, bag.image(color(value), "bgr8", START_NS), START_NS)
    (frame,) = open_sequence(bag.path, topic="/right/image")
    assert frame.image[0, 0, 0] == 2
    listed = "choose one of /left/image, /right/image"
    with pytest.raises(SequenceError, match=f"has several image topics; {listed}"):
        open_sequence(bag.path)
    with pytest.raises(SequenceError, match=f"has no image topic /rear; {listed}"):
        open_sequence(bag.path, topic="/rear")


def test_bag_without_images(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        bag.write("/header", bag.header(START_NS), START_NS)
    with pytest.raises(SequenceError, match="has no image topic; give a bag with recorded images"):
        open_sequence(bag.path)


def test_image_that_contradicts_itself(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        bag.write("/image", bag.image(color(1), "bgr8", START_NS), START_NS)
        depth = bag.image(color(1)[..., :2], "16UC1", START_NS)
        bag.write("/image", depth, START_NS + 1)
        bag.write("/image", bag.image(color(2), "bgr8", START_NS), START_NS + 2)
    sequence = open_sequence(bag.path)
    assert [(frame.name, int(frame.image[0, 0, 0])) for frame in sequence] == [
        ("frame_000000", 1),
        ("frame_000002", 2),
    ]
    (sentence,) = sequence.problems.sentences
    assert "image 1 of topic /image in bag " in sentence and "holds depth" in sentence


def test_damaged_compressed_image(tmp_path):
    with Recorder("mcap", tmp_path) as bag:
        message = bag.compressed(color(1), START_NS)
        message.data[:8] = 0
        bag.write("/image", message, START_NS)
    with pytest.raises(SequenceError, match=r"no image of topic /image .* they begin with 00 00"):
        open_sequence(bag.path)


@pytest.mark.parametrize("kept", [0.5, 0.99], ids=["half", "most"])
@pytest.mark.parametrize("kind", KINDS)
def test_bag_that_was_cut_off(tmp_path, kind, kept):
    path = record(kind, tmp_path)
    (file,) = [path] if path.is_file() else [*path.glob("*.db3"), *path.glob("*.mcap")]
    content = file.read_bytes()
    file.write_bytes(content[: int(kept * len(content))])
    try:
        sequence = open_sequence(path)
    except SequenceError as error:
        assert re.match(r"(cannot read|no image of topic .* in) bag .*drive", str(error))
        assert "\n" not in str(error)
    else:
        assert len(list(sequence)) < 4
        assert "is damaged" in sequence.problems.sentences[0]


def test_missing_package(tmp_path, monkeypatch):
    path = record("mcap", tmp_path)
    monkeypatch.setitem(sys.modules, "rosbags.highlevel", None)
    with pytest.raises(SequenceError, match="-m pip install 'rosbags>="):
        open_sequence(path)


def test_topic_of_something_else(tmp_path):
    with pytest.raises(SequenceError, match="is no bag; leave out the topic /image"):
        open_sequence(tmp_path, topic="/image")


def test_a_damaged_chunk_costs_only_itself(tmp_path):
    count, size = 12, 700
    with Recorder("mcap", tmp_path) as bag:
        for index in range(count):
            stamp = START_NS + index * PERIOD_NS
            image = np.full((size, size, 3), index, np.uint8)
            bag.write("/image", bag.image(image, "bgr8", stamp), stamp)
    (file,) = bag.path.glob("*.mcap")
    content = bytearray(file.read_bytes())
    middle = content.find(b"camera", len(content) // 2)  # of a message's header
    content[middle - 60 : middle] = bytes(60)
    file.write_bytes(content)
    sequence = open_sequence(bag.path)
    values = [int(frame.image[0, 0, 0]) for frame in sequence]
    assert sequence.problems.count == 1
    assert "is damaged" in sequence.problems.sentences[0]
    assert values[0] == 0 and values[-1] == count - 1
    assert count - 3 <= len(values) < count
