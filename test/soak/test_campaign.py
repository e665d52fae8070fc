"""Short versions of ``make fuzz`` and ``make soak``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bad_messages import bad_messages
from hypothesis import given, settings

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError

HERE = Path(__file__).parent


def run(program, *arguments):
    return subprocess.run(
        [sys.executable, str(HERE / program), *map(str, arguments)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(bad_messages)
def test_a_bad_message_is_served_or_refused_in_one_sentence(message):
    try:
        pixels = ImageDecoder().message(message)
    except ImageError as error:
        assert str(error).count("\n") == 0 and error.reason
    else:
        assert pixels.dtype == "uint8" and pixels.ndim == 3 and pixels.shape[2] == 3


def test_no_bad_input_crashes_its_reader():
    pytest.importorskip("rosbags", reason="needs the extra bags")
    found = run("fuzz.py", "--count", 150, "--seconds", 30)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.splitlines()[-1].endswith(" 0 crashed")


def test_the_pipeline_survives_bad_messages_and_loses_no_good_one(tiny_model):
    pytest.importorskip("rclpy", reason="needs rclpy")
    found = run("soak.py", "--minutes", 0.1, "--model", tiny_model, "--json")
    assert found.returncode == 0, found.stdout + found.stderr
    figures = json.loads(found.stdout)
    assert figures["lost"] == 0
    assert figures["good"] > figures["bad"] > 0
    for values in figures["processes"].values():
        assert values["descriptors"][0] == values["descriptors"][1]
