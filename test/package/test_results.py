"""A folder of results: complete or untouched, and never at the cost of other people's files."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from mininet_ros.result_files import check_result_file, write_result_file
from mininet_ros.results import (
    STATE,
    ResultError,
    ResultFolder,
)

NAMES = ("pictures", "table.csv")


def write(folder, names, text="new", **options):
    with ResultFolder(folder, "segment", NAMES, **options) as results:
        (results.staging / "pictures").mkdir()
        for name in names:
            (results.staging / name).write_text(text)


def visible(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and STATE not in path.parts
    }


def test_a_second_run_replaces_the_first_and_nothing_else(tmp_path):
    write(tmp_path, ("pictures/a.png", "pictures/b.png", "table.csv"), "old")
    (tmp_path / "notes.txt").write_text("mine")
    write(tmp_path, ("pictures/a.png",))
    assert visible(tmp_path) == {"pictures/a.png": "new", "notes.txt": "mine"}


@pytest.mark.parametrize(
    "foreign", ["pictures/c.png", "pictures/below/c.png", "table.csv", "pictures/a.png"]
)
def test_a_foreign_file_is_not_replaced(tmp_path, foreign):
    if foreign == "pictures/a.png":  # written by us, and edited since
        write(tmp_path, (foreign,), "old")
    (tmp_path / foreign).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / foreign).write_text("of the user")
    before = visible(tmp_path)
    with pytest.raises(ResultError, match=foreign):
        write(tmp_path, ("pictures/a.png", "table.csv"))
    assert visible(tmp_path) == before


def test_a_link_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "c.png").write_text("of the user")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "pictures").symlink_to(elsewhere)
    with pytest.raises(ResultError, match="pictures"):
        write(folder, ("pictures/a.png",))
    assert (elsewhere / "c.png").read_text() == "of the user"


def test_results_of_another_command_are_not_replaced(tmp_path):
    with ResultFolder(tmp_path, "demo", NAMES) as results:
        (results.staging / "table.csv").write_text("of the demo")
    with pytest.raises(ResultError, match="not written by an earlier run of segment"):
        write(tmp_path, ("table.csv",))


def test_a_copied_result_is_still_known(tmp_path):
    write(tmp_path / "out", ("table.csv",), "old")
    subprocess.run(["cp", "-r", tmp_path / "out", tmp_path / "copy"], check=True)
    os.utime(tmp_path / "copy" / "table.csv", (1, 1))
    write(tmp_path / "copy", ("table.csv",))
    assert visible(tmp_path / "copy") == {"table.csv": "new"}


@pytest.mark.parametrize("error", [RuntimeError("broken picture"), KeyboardInterrupt()])
def test_a_failed_run_leaves_the_previous_result(tmp_path, error):
    write(tmp_path, ("pictures/a.png", "table.csv"), "old")
    with pytest.raises(type(error)), ResultFolder(tmp_path, "segment", NAMES) as results:
        (results.staging / "table.csv").write_text("half")
        raise error
    assert visible(tmp_path) == {"pictures/a.png": "old", "table.csv": "old"}
    write(tmp_path, ("table.csv",))
    assert visible(tmp_path) == {"table.csv": "new"}


def test_a_failed_first_run_leaves_no_folder(tmp_path):
    folder = tmp_path / "a" / "out"
    with pytest.raises(RuntimeError), ResultFolder(folder, "segment", NAMES):
        raise RuntimeError
    assert not folder.exists()


KILLED = """
import sys, time
from pathlib import Path
from mininet_ros.results import ResultFolder
with ResultFolder(Path(sys.argv[1]), "segment", ("pictures", "table.csv")) as results:
    (results.staging / "table.csv").write_text("half")
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_killed_run_leaves_the_previous_result_and_no_lock(tmp_path):
    write(tmp_path, ("table.csv",), "old")
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    with pytest.raises(ResultError, match="another process is writing results"):
        write(tmp_path, ("table.csv",))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert visible(tmp_path) == {"table.csv": "old"}
    write(tmp_path, ("table.csv",))
    assert visible(tmp_path) == {"table.csv": "new"}


@pytest.mark.parametrize("renames", range(7))
def test_a_publication_that_is_cut_is_completed_by_the_next_run(tmp_path, monkeypatch, renames):
    """Whatever rename a kill comes after, the next run finds one whole result."""
    write(tmp_path, ("pictures/a.png", "table.csv"), "old")
    left, rename = [renames], type(tmp_path).rename

    def counted(path, target):
        if not left[0]:
            raise SystemExit
        left[0] -= 1
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(type(tmp_path), "rename", counted)
        with suppress(SystemExit):
            write(tmp_path, ("pictures/b.png", "table.csv"), "new")
    with suppress(RuntimeError), ResultFolder(tmp_path, "segment", NAMES):
        found = visible(tmp_path)
        raise RuntimeError
    assert found == visible(tmp_path) == {"pictures/b.png": "new", "table.csv": "new"}


def test_a_full_disk_is_told_in_one_sentence(tmp_path):
    write(tmp_path, ("table.csv",), "old")
    with (
        pytest.raises(ResultError, match="No space left on device; what was there"),
        ResultFolder(tmp_path, "segment", NAMES),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x" * 100_000)
    assert visible(tmp_path) == {"table.csv": "old"}


def test_inputs_are_never_the_output(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "a.png").write_text("input")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "a.png").symlink_to(pictures / "a.png")
    for given in (
        tmp_path,
        pictures,
        pictures / "a.png",
        tmp_path / "links",
        tmp_path / "table.csv",
    ):
        if given.name == "table.csv":
            given.write_text("input")
        with pytest.raises(ResultError, match="another output folder"):
            ResultFolder(tmp_path, "segment", NAMES, inputs=(given,))
    ResultFolder(tmp_path / "out", "segment", NAMES, inputs=(pictures, None, "generated"))


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_is_no_folder(tmp_path, place):
    (tmp_path / "file").write_text("of the user")
    target = ResultFolder(tmp_path / place, "segment", NAMES)
    with pytest.raises(ResultError, match="cannot write results"):
        target.check()
    with pytest.raises(ResultError, match="cannot write results"):
        target.open()
    assert (tmp_path / "file").read_text() == "of the user"


def test_check_changes_nothing(tmp_path):
    ResultFolder(tmp_path / "out", "segment", NAMES).check()
    assert not (tmp_path / "out").exists()


def take_turns(folder, text):
    for _ in range(20):
        write(folder, ("table.csv", "pictures/a.png"), text, wait=True)
        time.sleep(0.001)


def test_processes_that_wait_take_turns(tmp_path):
    context = multiprocessing.get_context("fork")
    processes = [
        context.Process(target=take_turns, args=(tmp_path, text)) for text in ("one", "two")
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(set(visible(tmp_path).values())) == 1


def test_names_that_are_no_text_are_kept(tmp_path):
    name = os.fsdecode(b"pictures/\xff\n.png")
    write(tmp_path, (name,), "old")
    write(tmp_path, (name,))
    assert visible(tmp_path) == {name: "new"}


def test_a_single_file_replaces_its_own_kind_only(tmp_path):
    path = tmp_path / "plot.png"
    write_result_file(path, b"mark 1", b"mark")
    write_result_file(path, b"mark 2", b"mark")
    assert path.read_bytes() == b"mark 2"
    path.write_bytes(b"of the user")
    with pytest.raises(ResultError, match="not written by mark"):
        check_result_file(path, b"mark")
    with pytest.raises(ResultError, match="is no folder"):
        check_result_file(path / "plot.png", b"mark")
    write_result_file(tmp_path / "new" / "plot.png", b"mark", b"mark")
    assert (tmp_path / "new" / "plot.png").read_bytes() == b"mark"
