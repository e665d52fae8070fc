"""``segment --frames``: frames that look different, of inputs with and without a known length."""

from __future__ import annotations

from itertools import count

import cv2
import numpy as np
import pytest

from mininet_ros import cli
from mininet_ros.offline.different_frames import different_frames
from mininet_ros.sequences import Frame, sequence

SCENES = [(0, 0, 0)] * 40 + [(250, 30, 30)] * 3 + [(30, 250, 250)] * 3


@pytest.fixture
def video(tmp_path):
    """A video that stands still, and then changes twice."""
    path = tmp_path / "still.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (64, 48))
    for color in SCENES:
        writer.write(np.full((48, 64, 3), color, np.uint8))
    writer.release()
    return path


def labelled(output):
    return sorted(int(path.stem.removeprefix("frame_")) for path in (output / "masks").iterdir())


def segment(*arguments):
    return cli.main(["segment", *map(str, arguments)])


def test_frames_of_a_video_that_stands_still_and_then_changes(tiny_model, video, tmp_path):
    output = tmp_path / "out"
    assert segment(video, "--model", tiny_model, "--output", output, "--frames", 3) == 0
    still, second, third = labelled(output)
    assert still < 40 <= second < 43 <= third


def test_the_length_of_the_input_need_not_be_known(tiny_model, video, tmp_path, monkeypatch):
    monkeypatch.setattr(
        sequence.Sequence, "length", property(lambda self: None, lambda self, value: None), False
    )
    again = []
    for name in ("one", "two"):
        arguments = ("--model", tiny_model, "--output", tmp_path / name, "--frames", 3)
        assert segment(video, *arguments) == 0
        again.append(labelled(tmp_path / name))
    assert again[0] == again[1] and again[0][1] >= 40


def test_the_first_frames_alone(tiny_model, video, tmp_path):
    output = tmp_path / "out"
    assert segment(video, "--model", tiny_model, "--output", output, "--first", 5) == 0
    assert labelled(output) == list(range(5))


def test_waiting_pixels_are_in_files_and_come_back_unchanged(tmp_path):
    rng = np.random.default_rng(0)
    pictures = [cv2.resize(rng.integers(0, 256, (3, 4, 3), np.uint8), (40, 30)) for _ in range(9)]
    waiting = []

    def stream():
        for place, picture in zip(count(), pictures):
            waiting.append(len(list(tmp_path.rglob("*.png"))))
            yield Frame(picture, place, str(place))

    found = list(different_frames(stream(), 4, tmp_path))
    assert max(waiting) <= 4 and len(found) == 4
    assert all((frame.image == pictures[frame.stamp_ns]).all() for frame in found)
    assert list(tmp_path.iterdir()) == []
