"""The demo as a user starts it: four processes, one graph, pictures and a summary."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from mininet_ros import cli
from mininet_ros.demo.graph import graph_environment
from mininet_ros.demo.run import run_demo

pytest.importorskip("rclpy", reason="the demo needs rclpy")


def demo(*arguments):
    command = [sys.executable, "-m", "mininet_ros.cli", "demo", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_generated_stream_is_segmented(tiny_model, tmp_path):
    output = tmp_path / "out"
    done = demo("generated", "--model", tiny_model, "--output", output, "--seconds", 2)
    assert done.returncode == 0, done.stderr
    summary = json.loads((output / "summary.json").read_text())
    assert summary["published"] == 30
    assert summary["lost"] == 0
    assert summary["masks"] + summary["replaced"] == 30
    assert summary["masks"] > 1
    assert summary["model"] == tiny_model.name
    assert summary["backend"] == "cpu"
    assert summary["latency_ms"]["p95"] >= summary["latency_ms"]["median"] > 0
    assert summary["rate_hz"] > 0
    assert cv2.imread(str(output / "contact_sheet.png")).shape[1] > 300
    assert len(list((output / "overlays").iterdir())) > 1
    assert "30 published" in done.stdout
    keyframes = summary["keyframes"]
    assert 0 < keyframes["seen"] <= 30
    assert sum(keyframes["reasons"].values()) == keyframes["seen"]
    assert keyframes["camera_bytes"] == keyframes["seen"] * 640 * 480 * 3


def test_own_folder_of_another_size(tiny_model, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(8):
        cv2.imwrite(str(images / f"{number}.png"), np.full((90, 160, 3), 30 * number, np.uint8))
    output = tmp_path / "out"
    arguments = ["--rate", 5, "--preset", "slam", "--save-rrd", tmp_path / "run.rrd"]
    done = demo(images, "--model", tiny_model, "--output", output, *arguments)
    assert done.returncode == 0, done.stderr
    picture = cv2.imread(str(sorted((output / "overlays").iterdir())[0]))
    assert picture.shape[0] > 90 and picture.shape[1] == 160  # above the legend
    assert json.loads((output / "summary.json").read_text())["published"] == 8
    for path in (tmp_path / "run.rrd", output / "demo.mcap", output / "overlay.mp4"):
        assert path.stat().st_size > 1000, path
    assert str(output / "demo.mcap") in done.stdout


def test_without_the_extra_the_demo_says_what_it_leaves_out(
    tiny_model, tmp_path, monkeypatch, capsys
):
    image = tmp_path / "image.png"
    cv2.imwrite(str(image), np.zeros((48, 64, 3), np.uint8))
    find = importlib.util.find_spec
    absent = ("av", "rosbags")
    monkeypatch.setattr(
        "mininet_ros.demo.run.find_spec", lambda name: None if name in absent else find(name)
    )
    output = tmp_path / "out"
    summary = run_demo(str(image), output, str(tiny_model), "cpu", "slam", 2.0, 5.0)
    assert summary["masks"] == 1
    assert "without demo.mcap and overlay.mp4: that needs" in capsys.readouterr().err
    assert not (output / "demo.mcap").exists() and not (output / "overlay.mp4").exists()


def test_interrupt_leaves_a_summary_and_no_process(tiny_model, tmp_path):
    output = tmp_path / "out"
    arguments = ["generated", "--model", str(tiny_model), "--output", str(output)]
    process = subprocess.Popen(
        [sys.executable, "-m", "mininet_ros.cli", "demo", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    for line in process.stdout:
        if "masks" in line and " 0 masks" not in line:
            break
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert json.loads((output / "summary.json").read_text())["masks"] > 0
    time.sleep(0.2)
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(output) not in listing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generated", "--model", "nothing"], "there is no model 'nothing'"),
        (["/nowhere.mp4"], "/nowhere.mp4"),
        (["generated", "--seconds", "0"], "more than 0 seconds"),
    ],
)
def test_wrong_requests_end_with_one_message(arguments, message, tmp_path):
    done = demo(*arguments, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_demo_keeps_to_itself(monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    environment = graph_environment(215)
    assert environment["ROS_DOMAIN_ID"] == "215"
    assert environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"


def test_missing_rclpy_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("mininet_ros.demo.graph.find_spec", lambda name: None)
    assert cli.main(["demo", "--output", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "source your ROS 2 installation" in said and "ros-jazzy-rclpy" in said
