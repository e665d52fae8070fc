"""Progress of long work, on a terminal and in a log."""

from __future__ import annotations

from mininet_ros import progress
from mininet_ros.progress import progress_bar


def test_a_log_gets_lines(capfd, monkeypatch):
    monkeypatch.setattr(progress, "LINE_PERIOD_S", 0.0)
    assert list(progress_bar(range(5), desc="work", miniters=1)) == list(range(5))
    said = capfd.readouterr().err
    assert "\r" not in said and said.endswith("\n")
    lines = said.splitlines()
    assert [line.split(" after ")[0] for line in lines[:2]] == ["work: 0 of 5", "work: 1 of 5"]
    assert lines[-1].startswith("work: 5 of 5 after ")


def test_a_log_does_not_promise_an_end_that_is_not_known(capfd, monkeypatch):
    monkeypatch.setattr(progress, "LINE_PERIOD_S", 0.0)
    assert list(progress_bar(iter(range(5)), desc="work", miniters=1)) == list(range(5))
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1].startswith("work: 5 after ")
    assert not any("left" in line or "?" in line for line in lines[1:])


def test_short_work_leaves_no_line_in_a_log(capfd):
    assert sum(progress_bar(range(1000), desc="work")) == 499500
    assert capfd.readouterr().err == ""


def test_a_terminal_gets_a_bar_that_redraws_itself(capfd, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert list(progress_bar(range(3), desc="work", mininterval=0)) == [0, 1, 2]
    assert "\rwork: 100%" in capfd.readouterr().err
