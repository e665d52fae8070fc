"""Stamps are the recording's own, names are whole, and one bad item costs only itself."""

from __future__ import annotations

import os
import shutil

import cv2
import numpy as np
import pytest
from matroska import write_matroska

from mininet_ros.sequences import SequenceError, open_sequence

TIMES_MS = (0, 33, 66, 100, 1100, 1133, 1500, 1600, 2600, 2633)


def picture(value, width=32, height=24):
    return np.full((height, width, 3), value, np.uint8)


def write(path, image):
    path.write_bytes(cv2.imencode(path.suffix.lower(), image)[1].tobytes())
    return path


def motion_jpeg(path, count=12):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 20, (64, 48))
    for index in range(count):
        writer.write(picture(15 * index, 64, 48))
    writer.release()
    return path


@pytest.mark.parametrize("suffix", [".mkv", ".webm"])
def test_presentation_times_of_a_video_without_a_rate(tmp_path, suffix):
    images = [picture(20 * index, 64, 48) for index in range(len(TIMES_MS))]
    sequence = open_sequence(write_matroska(tmp_path / f"drive{suffix}", images, TIMES_MS))
    frames = list(sequence)
    assert [frame.stamp_ns for frame in frames] == [ms * 1_000_000 for ms in TIMES_MS]
    assert [round(frame.image.mean() / 20) for frame in frames] == list(range(len(TIMES_MS)))
    assert sequence.times_from == "the container's presentation times"
    assert sequence.problems.count == 0
    assert 0 < sequence.rate_hz < 100


def test_a_given_rate_replaces_the_times(tmp_path):
    path = write_matroska(tmp_path / "drive.mkv", [picture(0)] * 3, (0, 500, 510))
    sequence = open_sequence(path, rate_hz=10)
    assert [frame.stamp_ns for frame in sequence] == [0, 100_000_000, 200_000_000]
    assert sequence.times_from == "the frames' order, 10 a second"


@pytest.mark.parametrize("spoiled", [range(1), range(5, 6), range(4, 9), range(11, 12)])
def test_damaged_frames_of_a_video_cost_only_themselves(tmp_path, spoiled):
    path = motion_jpeg(tmp_path / "drive.avi")
    content = bytearray(path.read_bytes())
    starts, place = [], -1
    while (place := content.find(b"\xff\xd8\xff", place + 1)) >= 0:
        starts.append(place)
    for index in spoiled:
        content[starts[index] + 2 : starts[index] + 200] = bytes(198)
    path.write_bytes(content)
    sequence = open_sequence(path)
    good = [index for index in range(12) if index not in spoiled]
    frames = list(sequence)
    assert {round(frame.image.mean() / 15) for frame in frames} >= set(good) - {0}
    assert len(frames) + sequence.problems.count >= len(good)
    for frame in frames:
        assert frame.stamp_ns == 50_000_000 * int(frame.name.removeprefix("frame_")) or spoiled


@pytest.mark.parametrize(
    "name", ["a:b", "file:x", "50%", "%03d", "new\nline", os.fsdecode(b"\xff"), "-x", "ä日"]
)
def test_videos_of_any_name(tmp_path, name):
    path = tmp_path / f"{name}.avi"
    shutil.move(motion_jpeg(tmp_path / "plain.avi"), path)
    assert len(list(open_sequence(path))) == 12


@pytest.mark.parametrize(
    ("names", "stamps_ns"),
    [
        (
            ("1305031102.175304", "1305031102.211214", "1305031102.243211"),
            (0, 35_910_000, 67_907_000),
        ),
        (("1403636579763555584", "1403636579813555456"), (0, 49_999_872)),
        (("1403636579763555", "1403636579813555"), (0, 50_000_000)),
        (("1403636579763", "1403636579813"), (0, 50_000_000)),
    ],
)
def test_names_that_are_times(tmp_path, names, stamps_ns):
    for index, name in enumerate(names):
        write(tmp_path / f"{name}.png", picture(index))
    sequence = open_sequence(tmp_path)
    frames = list(sequence)
    assert [frame.stamp_ns for frame in frames] == list(stamps_ns)
    assert [frame.name for frame in frames] == list(names), "the whole name is kept"
    assert sequence.times_from == "the files' names"
    whole, _, part = names[0].partition(".")
    digits = (whole + part).ljust(19, "0")
    assert sequence.start_ns == int(digits)
    assert [frame.stamp_ns for frame in open_sequence(tmp_path, rate_hz=10)][1] == 100_000_000


@pytest.mark.parametrize(
    "names", [("1", "2"), ("1305031102.1", "other"), ("0001", "0002"), ("20240101", "20240102")]
)
def test_names_that_are_no_times(tmp_path, names):
    for name in names:
        write(tmp_path / f"{name}.png", picture(0))
    sequence = open_sequence(tmp_path)
    assert [frame.stamp_ns for frame in sequence] == [0, 100_000_000]
    assert sequence.times_from == "the images' order, 10 a second"


def test_names_are_unique_whatever_the_files_are_called(tmp_path):
    names = ["a.png", "a.jpg", "a.png.jpg", "b.PNG", "1305031102.175304.png", "c.d.png"]
    names += [os.fsdecode(b"\xff.png"), "new\nline.png", "=1+1.png"]
    for name in names:
        write(tmp_path / name, picture(0))
    (tmp_path / "._b.png").write_bytes(b"what macOS leaves behind")
    found = [frame.name for frame in open_sequence(tmp_path)]
    assert len(found) == len(set(found)) == len(names)


def test_a_folder_without_a_single_good_picture(tmp_path):
    for name in ("1.png", "2.png"):
        (tmp_path / name).write_bytes(b"no picture")
    with pytest.raises(SequenceError, match=r"none of the 2 images can be used: .*1\.png"):
        open_sequence(tmp_path)


def test_large_videos_are_refused_before_their_frames_are_decoded(tmp_path):
    with pytest.raises(SequenceError, match="64x48 pixels, more than max_pixels = 100"):
        open_sequence(motion_jpeg(tmp_path / "drive.avi"), max_pixels=100)
