"""The way of one frame through the keyframe path stays short: few files, few calls between them."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from types import FrameType

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from keyframe_rig import CLASSES, header, labels, picture

import mininet_ros
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.nodes.common.image_messages import image_message
from mininet_ros.nodes.keyframes.frame_store import FrameStore
from mininet_ros.nodes.keyframes.session import KeyframeSession, Semantics

PACKAGE = str(Path(mininet_ros.__file__).parent)
MOST_FILES = 16
MOST_HOPS = 60
FRAMES = 30


class Outputs:
    """Takes what comes out."""

    def __init__(self) -> None:
        self.reports = self.forwarded = 0

    def forward(self, frame, worth) -> None:
        self.forwarded += 1

    def report(self, report, header) -> None:
        self.reports += 1

    def restarted(self) -> None:
        """Take a restart."""

    def rejected(self, error) -> None:
        raise error


class Hops:
    """Counts calls from one file of the package to another, while it is entered."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.count = 0

    def __enter__(self) -> Hops:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        if event != "call" or not file.startswith(PACKAGE):
            return
        self.files.add(file)
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(PACKAGE):
            caller = caller.f_back
        self.count += caller is None or caller.f_code.co_filename != file


def test_a_frame_passes_few_files_and_few_hops() -> None:
    settings = KeyframeSettings.from_values({"classes": ["sign"]})
    outputs = Outputs()
    store = FrameStore(10.0, 64)
    session = KeyframeSession(settings, Semantics(CLASSES), store, outputs, lambda: 0)
    session.expect(frozenset({"mask", "confidence"}))
    ways = []
    for number in range(FRAMES):
        mask, head = labels(number), header(number)
        messages = [
            image_message(picture(number), "bgr8", head),
            image_message(mask, "mono8", head),
            image_message(np.full_like(mask, 250), "mono8", head),
        ]
        forwarded = outputs.forwarded
        with Hops() as hops:
            session.add_image(messages[0])
            session.add_part("mask", messages[1])
            session.add_part("confidence", messages[2])
        # The first frames compute settings once; one that ends a window carries out the decision on
        # another frame, too.
        if number >= 3 and outputs.forwarded == forwarded:
            ways.append(hops)
    assert len(ways) > FRAMES // 2 and outputs.reports > 0
    names = {Path(file).name for hops in ways for file in hops.files}
    assert max(len(hops.files) for hops in ways) <= MOST_FILES, sorted(names)
    assert median(hops.count for hops in ways) <= MOST_HOPS
