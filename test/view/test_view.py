"""Runs shown in Rerun: what its file holds, and what happens where it cannot be shown."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from mininet_ros import cli
from mininet_ros.view import ViewError, check_view

pytest.importorskip("rerun", reason="needs rerun-sdk")

from mininet_ros.view import targets

CHUNK = re.compile(r"^Chunk\(.*\) with (\d+) rows .* - (/\S+)", re.MULTILINE)


def rows(file: Path) -> Counter[str]:
    """Number of rows by entity, of the recording and its blueprint."""
    command = [sys.executable, "-m", "rerun", "rrd", "print", "-v", str(file)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counts = Counter()
    for number, entity in CHUNK.findall(printed):
        counts[entity] += int(number)
    return counts


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "drive.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10.0, (96, 64))
    rng = np.random.default_rng(0)
    wall = cv2.resize(rng.integers(0, 256, (16, 60, 3), np.uint8), (480, 64))
    for place in range(24):
        writer.write(np.ascontiguousarray(wall[:, 8 * place : 8 * place + 96]))
    writer.release()
    return path


def run(command, video, tiny_model, tmp_path, *more):
    arguments = [command, video, "--model", tiny_model, "--output", tmp_path / "out", *more]
    return cli.main(list(map(str, arguments)))


def test_segment_leaves_a_file_with_every_frame(video, tiny_model, tmp_path):
    file = tmp_path / "new" / "run.rrd"
    assert run("segment", video, tiny_model, tmp_path, "--save-rrd", file) == 0
    counts = rows(file)
    # One row more than frames explains the shares' curves.
    assert (counts["/camera/image"], counts["/camera/classes"], counts["/shares"]) == (24, 24, 25)
    assert counts["/viewport"] == 1
    assert not list(file.parent.glob(".*"))


def test_keyframes_are_in_the_file_with_scores_and_reasons(video, tiny_model, tmp_path, capsys):
    file = tmp_path / "run.rrd"
    arguments = ("--save-rrd", file, "--classes", "--set", "max_gap_s=1")
    assert run("select-keyframes", video, tiny_model, tmp_path, *arguments) == 0
    chosen = len(list((tmp_path / "out" / "images").iterdir()))
    counts = rows(file)
    assert chosen > 1
    assert counts["/keyframe/image"] == counts["/keyframe/reason"] == chosen
    assert counts["/camera/image"] == 24
    assert counts["/scores/relative"] == counts["/scores/motion"] == 25


def test_a_set_of_a_given_size_is_shown_at_its_end(video, tiny_model, tmp_path):
    file = tmp_path / "run.rrd"
    arguments = ("--save-rrd", file, "--classes", "--count", 3)
    assert run("select-keyframes", video, tiny_model, tmp_path, *arguments) == 0
    counts = rows(file)
    assert counts["/keyframe/image"] == counts["/keyframe/reason"] == 3


def test_without_a_display_the_run_goes_on(video, tiny_model, tmp_path, monkeypatch, caplog):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert run("segment", video, tiny_model, tmp_path, "--view") == 0
    (said,) = caplog.messages
    assert "has no display" in said and "--save-rrd" in said
    assert len(list((tmp_path / "out" / "masks").iterdir())) == 24


def test_a_display_that_does_not_answer(video, tiny_model, tmp_path, monkeypatch, caplog):
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":99")
    assert run("segment", video, tiny_model, tmp_path, "--view") == 0
    (said,) = caplog.messages
    assert "viewer cannot run here" in said and "--save-rrd" in said
    assert len(list((tmp_path / "out" / "masks").iterdir())) == 24


def test_a_viewer_that_is_closed_midway(video, tiny_model, tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("DISPLAY", ":99")
    program = tmp_path / "viewer.py"
    program.write_text(
        "import socket, sys, time\n"
        "port = int(sys.argv[sys.argv.index('--port') + 1])\n"
        "with socket.create_server(('127.0.0.1', port)):\n"
        "    time.sleep(1)\n"
    )
    monkeypatch.setattr(targets, "VIEWER", (sys.executable, str(program)))
    assert run("segment", video, tiny_model, tmp_path, "--view") == 0
    assert [said for said in caplog.messages if "Rerun viewer was closed" in said]
    assert len(list((tmp_path / "out" / "masks").iterdir())) == 24


@pytest.mark.parametrize("asked", [["--view"], ["--save-rrd", "run.rrd"]])
def test_without_rerun_nothing_is_begun(video, tiny_model, tmp_path, monkeypatch, capsys, asked):
    monkeypatch.setattr("mininet_ros.view.view.find_spec", lambda name: None)
    for command in ("segment", "select-keyframes"):
        assert run(command, video, tiny_model, tmp_path, *asked) == 1
        said = capsys.readouterr().err
        assert f"{asked[0]} needs" in said and "pip install" in said
        assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_files_that_are_none_of_rerun_are_not_replaced(tmp_path):
    with pytest.raises(ViewError, match=r"ends in \.rrd"):
        check_view(False, tmp_path / "run.txt")
    other = tmp_path / "notes.rrd"
    other.write_text("mine")
    with pytest.raises(ViewError, match="no Rerun file, and is not replaced"):
        check_view(False, other)
    folder = tmp_path / "folder.rrd"
    folder.mkdir()
    with pytest.raises(ViewError, match="no Rerun file"):
        check_view(False, folder)
