"""Every kind of source is read completely, in order, and again; every error says what to do."""

from __future__ import annotations

import logging
import re
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from mininet_ros.sequences import SequenceError, open_sequence
from mininet_ros.sequences import capture as capture_module


def picture(value: int, width: int = 32, height: int = 24) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def write(path: Path, image: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


def write_video(path: Path, frames: int, rate_hz: float) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate_hz, (64, 48))
    assert writer.isOpened()
    for index in range(frames):
        writer.write(picture(20 * index, 64, 48))
    writer.release()
    return path


def error_of(source: str | Path, rate_hz: float | None = None) -> str:
    with pytest.raises(SequenceError) as caught:
        list(open_sequence(source, rate_hz))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_folder_in_natural_order(tmp_path):
    for number in (10, 2, 1):
        write(tmp_path / f"frame_{number}.png", picture(number))
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "._frame_3.png").write_bytes(b"what macOS leaves behind")
    sequence = open_sequence(tmp_path, rate_hz=4)
    frames = list(sequence)
    assert [frame.name for frame in frames] == ["frame_1", "frame_2", "frame_10"]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert [frame.stamp_ns for frame in frames] == [0, 250_000_000, 500_000_000]
    assert (sequence.length, sequence.rate_hz, sequence.name) == (3, 4, tmp_path.name)


def test_iterating_again_starts_over(tmp_path):
    write(tmp_path / "a.png", picture(1))
    write(tmp_path / "b.jpg", picture(2))
    sequence = open_sequence(tmp_path)
    partly = iter(sequence)
    next(partly)
    assert [frame.name for frame in sequence] == ["a", "b"]
    assert [frame.name for frame in sequence] == ["a", "b"]
    assert next(partly).name == "b"


def test_images_of_different_sizes_keep_theirs(tmp_path):
    write(tmp_path / "1.png", picture(0, 40, 30))
    write(tmp_path / "2.png", picture(0, 16, 20))
    with open_sequence(tmp_path) as sequence:
        assert (sequence.width, sequence.height) == (40, 30)
        assert [frame.image.shape for frame in sequence] == [(30, 40, 3), (20, 16, 3)]


def test_equal_stems_keep_their_suffix(tmp_path):
    write(tmp_path / "a.png", picture(1))
    write(tmp_path / "a.bmp", picture(2))
    assert [frame.name for frame in open_sequence(tmp_path)] == ["a.bmp", "a.png"]


def test_single_image(tmp_path):
    path = write(tmp_path / "one.PNG", picture(7, 20, 10))
    sequence = open_sequence(str(path))
    (frame,) = sequence
    assert (sequence.width, sequence.height, sequence.length) == (20, 10, 1)
    assert (frame.name, frame.stamp_ns) == ("one", 0)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.full((8, 9), 80, np.uint8), (80, 80, 80)),
        (np.full((8, 9), 80 * 257, np.uint16), (80, 80, 80)),
        (np.full((8, 9, 3), (0, 30 * 257, 65535), np.uint16), (0, 30, 255)),
        (np.full((8, 9, 4), (10, 20, 30, 0), np.uint8), (10, 20, 30)),
    ],
    ids=["grey", "grey of 16 bits", "colour of 16 bits", "transparent"],
)
def test_every_pixel_format_becomes_bgr(tmp_path, stored, expected):
    (frame,) = open_sequence(write(tmp_path / "image.png", stored))
    assert frame.image.dtype == np.uint8
    assert frame.image.shape == (8, 9, 3)
    assert (frame.image == expected).all()


def test_pixels_come_as_stored_whatever_the_orientation_tag(tmp_path, caplog):
    jpeg = cv2.imencode(".jpg", picture(50, 64, 32))[1].tobytes()
    turn_right = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    tags = b"II*\0" + struct.pack("<IH", 8, 1) + turn_right + bytes(4)
    segment = b"Exif\0\0" + tags
    header = b"\xff\xe1" + struct.pack(">H", len(segment) + 2)
    path = tmp_path / "phone.jpg"
    path.write_bytes(jpeg[:2] + header + segment + jpeg[2:])
    sequence = open_sequence(path)
    assert (sequence.width, sequence.height) == (64, 32)
    list(sequence)
    assert "asks to be shown turned" in caplog.text


def test_video_keeps_its_rate(tmp_path):
    sequence = open_sequence(write_video(tmp_path / "drive.avi", 6, 12.5))
    frames = list(sequence)
    assert (sequence.width, sequence.height, sequence.length) == (64, 48, 6)
    assert (sequence.rate_hz, sequence.name) == (12.5, "drive")
    assert [frame.stamp_ns for frame in frames] == [80_000_000 * index for index in range(6)]
    assert [round(frame.image.mean() / 20) for frame in frames] == list(range(6))
    again = list(sequence)
    assert all((a.image == b.image).all() for a, b in zip(frames, again, strict=True))


def test_rate_replaces_that_of_a_video(tmp_path):
    sequence = open_sequence(write_video(tmp_path / "drive.avi", 3, 10), rate_hz=100)
    assert [frame.stamp_ns for frame in sequence] == [0, 10_000_000, 20_000_000]


def test_cut_off_video_ends_with_a_warning(tmp_path, caplog, monkeypatch):
    sequence = open_sequence(write_video(tmp_path / "drive.avi", 3, 10))
    monkeypatch.setattr(sequence, "length", 5)
    with caplog.at_level(logging.WARNING):
        assert len(list(sequence)) == 3
    assert "drive.avi: only 3 of 5 frames can be decoded" in caplog.text


def test_video_without_a_rate(tmp_path, monkeypatch):
    path = write_video(tmp_path / "drive.avi", 2, 10)

    open_video = cv2.VideoCapture

    class Rateless:
        def __init__(self, *source):
            self.video = open_video(*source)

        def __getattr__(self, name):
            return getattr(self.video, name)

        def get(self, prop):
            hidden = {cv2.CAP_PROP_FPS: 0.0, cv2.CAP_PROP_POS_MSEC: -8e15}
            return hidden.get(prop, self.video.get(prop))

    monkeypatch.setattr(capture_module.cv2, "VideoCapture", Rateless)
    assert error_of(path) == f"video {path} states no frame rate; give one as rate_hz"
    assert len(list(open_sequence(path, rate_hz=5))) == 2


def test_generated():
    sequence = open_sequence("generated", rate_hz=30)
    assert (sequence.width, sequence.height, sequence.length) == (640, 480, 600)
    assert sequence.camera_matrix.shape == (3, 3)


def test_folder_of_that_name_wins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("generated", "0"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a.png", picture(3))
        assert open_sequence(name).length == 1


class FakeCapture:
    """A camera that delivers so many frames and then fails."""

    def __init__(self, source, _backend, frames=3, opened=True):
        self.source, self.frames, self.opened = source, frames, opened
        self.asked = {}

    def isOpened(self):  # noqa: N802 - OpenCV's name
        return self.opened

    def read(self):
        self.frames -= 1
        return (True, picture(9)) if self.frames >= 0 else (False, None)

    def set(self, prop, value):
        self.asked[prop] = value

    def get(self, prop):
        return self.asked.get(prop, 25.0)

    def release(self):
        self.opened = False


def test_camera(monkeypatch):
    monkeypatch.setattr(capture_module.cv2, "VideoCapture", FakeCapture)
    sequence = open_sequence("2", rate_hz=12)
    assert (sequence.length, sequence.rate_hz, sequence.name) == (None, 12, "camera_2")
    first, second = next(iter(sequence)), next(iter(sequence))
    assert first.stamp_ns < second.stamp_ns
    sequence.close()
    assert list(sequence) == []


def test_camera_that_stops(monkeypatch):
    monkeypatch.setattr(capture_module.cv2, "VideoCapture", FakeCapture)
    assert "camera 0 delivers no picture; unplug it" in error_of("/dev/video0")


def test_missing_camera():
    assert error_of("63").startswith("cannot open camera 63; check that it is plugged in")


def test_missing_path(tmp_path):
    message = error_of(tmp_path / "nowhere")
    assert message.startswith(f"{tmp_path / 'nowhere'} does not exist; give an image, a folder")


def test_folder_without_images(tmp_path):
    (tmp_path / "notes.txt").write_text("no image")
    message = error_of(tmp_path)
    assert message.startswith(f"{tmp_path} holds no images; give a folder with files that end in ")
    assert all(suffix in message for suffix in (".bmp", ".jpg", ".png", ".tiff"))


@pytest.mark.parametrize("content", [b"", b"this is no picture"], ids=["empty", "text"])
def test_damaged_image_is_named(tmp_path, content):
    write(tmp_path / "1.png", picture(1))
    (tmp_path / "2.png").write_bytes(content)
    write(tmp_path / "3.png", picture(3))
    sequence = open_sequence(tmp_path)
    for _ in range(2):
        assert [(frame.name, frame.stamp_ns) for frame in sequence] == [
            ("1", 0),
            ("3", 200_000_000),
        ]
        assert sequence.problems.count == 1
        assert re.match(
            r"cannot use image .*2\.png: the data are no", sequence.problems.sentences[0]
        )
    assert sequence.problems.summary().startswith("1 item of the input passed over")


def test_unreadable_image_is_named(tmp_path):
    (tmp_path / "1.png").mkdir()
    message = f"cannot use image {tmp_path / '1.png'}: the file cannot be read (Is a directory)"
    assert message in error_of(tmp_path)


def test_image_of_floats(tmp_path):
    path = write(tmp_path / "depth.tiff", np.zeros((8, 8, 3), np.float32))
    assert error_of(path) == (
        f"cannot use image {path}: the TIFF image has float32 pixels: convert them to integers of "
        "8 or 16 bits"
    )


def test_undecodable_video(tmp_path):
    path = tmp_path / "drive.mp4"
    path.write_bytes(b"this is no video")
    message = error_of(path)
    assert message.startswith(f"cannot decode {path} as a video; convert it to MP4 or AVI")


@pytest.mark.parametrize("rate_hz", [0, -1.0, float("nan"), float("inf")])
def test_impossible_rate(tmp_path, rate_hz):
    assert "Hz is impossible; give one above 0" in error_of(tmp_path, rate_hz)


def test_empty_name():
    assert error_of("").startswith("the name of the sequence is empty")
