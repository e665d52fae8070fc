"""Commands lose nothing, overwrite nothing of others, and end in one sentence whatever happens."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from mininet_ros import cli
from mininet_ros.escaping import as_caption, as_cell, as_line, as_markdown
from mininet_ros.images.drawing import contact_sheet
from mininet_ros.models import load_model
from mininet_ros.results import STATE

CLI = (sys.executable, "-m", "mininet_ros.cli")
NAMES = (
    "1305031102.175304.png", "1305031102.211214.png", "a.png", "a.jpg", "B.PNG", "=1+1.png",
    "new\nline.png", "ä日.png", os.fsdecode(b"\xff.png"),
)  # fmt: skip


def run(capsys, *arguments):
    status = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index, name in enumerate(NAMES):
        image = np.full((24, 32, 3), 20 * index, np.uint8)
        (folder / name).write_bytes(cv2.imencode(name[-4:].lower(), image)[1].tobytes())
    (folder / "._a.png").write_bytes(b"what macOS leaves behind")
    return folder


def files(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and STATE not in path.parts
    }


@pytest.mark.parametrize("locale", ["C.UTF-8", "POSIX"])
def test_as_many_masks_as_pictures_whatever_their_names(tiny_model, photos, tmp_path, locale):
    output = tmp_path / "out"
    found = subprocess.run(
        [*CLI, "segment", tiny_model, photos, "--output", output],
        env={**os.environ, "LC_ALL": locale}, capture_output=True, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert b"9 frames labelled" in found.stdout
    for folder in ("masks", "overlays"):
        assert len(list((output / folder).iterdir())) == len(NAMES)
    assert (output / "masks" / "1305031102.175304.png").is_file()


def test_a_broken_picture_costs_only_itself(capsys, tiny_model, photos, tmp_path):
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    command = ("segment", tiny_model, photos, "--output", tmp_path / "out")
    status, out, _ = run(capsys, *command)
    assert status == 0 and "9 frames labelled" in out
    status, out, err = run(capsys, *command, "--strict")
    assert status == 1 and "9 frames labelled" in out
    assert "broken.png" in err.splitlines()[-1] and "(--strict)" in err.splitlines()[-1]
    assert len(list((tmp_path / "out" / "masks").iterdir())) == len(NAMES)


def test_an_input_is_never_the_output(capsys, tiny_model, photos, drive, tmp_path):
    before = files(photos)
    status, _, err = run(capsys, "segment", tiny_model, photos, "--output", photos)
    assert status == 1 and "both the input and the output" in err
    assert files(photos) == before

    output = tmp_path / "selected"
    select = ("select-keyframes", "--classes", "--set", "mode=gate", "min_gap_s=0", "--output")
    assert run(capsys, *select, output, drive / "images")[0] == 0
    before = files(output)
    status, _, err = run(capsys, *select, output, output / "images")
    assert status == 1 and "which the result would replace" in err
    assert files(output) == before


def test_the_demo_replaces_nothing_of_others(capsys, tmp_path):
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays" / "mine.jpg").write_text("mine")
    (tmp_path / "summary.json").write_text("mine")
    before = files(tmp_path)
    status, _, err = run(capsys, "demo", "--output", tmp_path)
    assert status == 1 and "was not written by" in err.splitlines()[-1]
    assert files(tmp_path) == before


@pytest.mark.parametrize("limit", [200_000, 1_000_000])
def test_an_export_without_room_keeps_the_working_model(tiny_model, tmp_path, limit):
    pytest.importorskip("torch", reason="needs the extra train")
    model = tmp_path / "mine_mininet_v2_cpu"
    shutil.copytree(tiny_model, model)
    before = files(model)
    found = subprocess.run(
        [*CLI, "export", model, "--output", model],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode == 1
    assert "what was there before is unchanged" in found.stderr.splitlines()[-1]
    assert files(model) == before
    assert load_model(model).name == model.name


def test_ctrl_c_ends_after_the_present_frame(tiny_model, tmp_path):
    output = tmp_path / "out"
    command = ["segment", tiny_model, "generated", "--output", output]
    process = subprocess.Popen(
        [*CLI, *map(str, command)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    masks = output / STATE / "new" / "masks"
    while process.poll() is None and (not masks.is_dir() or len(list(masks.iterdir())) < 3):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    written = len(list((output / "masks").iterdir()))
    assert 3 <= written < 600 and f"{written} frames labelled" in out
    assert (output / "contact_sheet.png").is_file()


def test_what_nobody_has_thought_of_is_one_sentence_too(capsys, monkeypatch, tiny_model):
    def fail(*_):
        raise cv2.error("OpenCV(4.12.0)\n error: (-215:Assertion failed)\n")

    monkeypatch.setattr("mininet_ros.cli.describe.load_model", fail)
    status, _, err = run(capsys, "describe", tiny_model)
    assert status == 1
    assert len(err.splitlines()) == 1 and "unexpected error: OpenCV(4.12.0) error" in err
    status, _, err = run(capsys, "describe", tiny_model, "--debug")
    assert status == 1 and "Traceback" in err and "in fail" in err


def test_captions_may_hold_any_name():
    tile = np.zeros((20, 40, 3), np.uint8)
    sheet = contact_sheet([tile], [os.fsdecode(b"\xff\n") + "ä"], 1)
    assert sheet.any()
    assert as_caption("a\udcffä\n") == "a???"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_cells_are_no_formulas(text):
    assert as_cell(text) == f"'{text}"
    assert as_cell(f"a{text}") == f"a{text}"


def test_markdown_and_lines_are_escaped():
    assert as_markdown("a|b*c_d\n<e>") == r"a\|b\*c\_d \<e\>"
    assert as_line("a\nb\x1b[31m\udcff") == r"a b\x1b[31m\udcff"
