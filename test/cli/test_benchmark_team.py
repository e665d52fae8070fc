"""``benchmark --team``: robots and a base station in network namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
pytest.importorskip("zenoh", reason="needs eclipse-zenoh (extra team)")

from team_links import wait_until

from mininet_ros.cli import main
from mininet_ros.lab.benchmark.team import radio
from mininet_ros.lab.benchmark.team.measure import bits_per_s

needs_namespaces = pytest.mark.skipif(
    radio.problem(5.0) is not None, reason=f"no network namespaces: {radio.problem(5.0)}"
)


def namespaces() -> str:
    return subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout


def call(air: radio.Radio, log: Path, timeout_s: float) -> int:
    """Let station one open a connection to station two; return the exit status."""
    address = (air.address("two"), 8000)
    program = f"import socket; socket.create_connection({address!r}, {timeout_s})"
    return air.start("one", [sys.executable, "-c", program], {}, log).wait(20)


@needs_namespaces
def test_every_message_arrives_over_a_thin_lossy_link_at_little_cost(capsys):
    before = namespaces()
    arguments = ["--team", "2", "--rate", "256kbit", "--loss", "5", "--seconds", "13", "--json"]
    assert main(["benchmark", *arguments]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["messages"] >= 8
    assert (figures["lost"], figures["twice"]) == (0, 0)
    # 1.3 is what is promised for the steady state; the start of so short a run weighs more.
    assert 1.0 < figures["factor"] <= 1.4
    assert figures["dropped"] == 0
    assert namespaces() == before


@needs_namespaces
def test_nothing_is_lost_where_the_base_station_is_silent_for_a_while(capsys):
    arguments = ["--team", "1", "--rate", "256kbit", "--seconds", "14", "--silence", "8", "--json"]
    assert main(["benchmark", *arguments]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["messages"] >= 4
    assert (figures["lost"], figures["twice"]) == (0, 0)
    assert figures["flowing_again_s"] > 0.0
    # What waited came after the silence.
    assert figures["latency_max_s"] > 2.0


@needs_namespaces
def test_stations_hear_each_other_and_nothing_is_left_behind(tmp_path):
    before = namespaces()
    with radio.Radio(["one", "two"], "1mbit", 0.0) as air:
        log = tmp_path / "log"
        air.start("two", [sys.executable, "-m", "http.server", "8000"], {}, log)
        wait_until(lambda: call(air, log, 2.0) == 0, 20.0)
        assert air.traffic("one").sent > 0
        air.cut("two", contact=False)
        assert call(air, log, 1.0) != 0
        sleeper = air.start("one", ["sleep", "60"], {}, log)
    assert sleeper.poll() is not None
    assert namespaces() == before


def test_who_is_not_root_is_told_in_a_sentence(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["benchmark", "--team", "2"]) != 0
    assert "network namespaces need root: run it as root (sudo)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--team", "0"], "--team is from 1 to 100 robots, not 0"),
        (["--team", "2", "--rate", "fast"], "--rate 'fast' is no rate of a link"),
        (["--team", "2", "--silence", "50"], "--silence is at most two thirds of --seconds (60)"),
        (["--team", "2", "--loss", "120"], "--loss is from 0 to 90 percent, not 120"),
        (["camvid", "--node", "--rate", "1mbit"], "--rate '1mbit' of a camera"),
    ],
)
def test_values_that_are_none_are_named(capsys, arguments, part):
    assert main(["benchmark", *arguments]) != 0
    assert part in capsys.readouterr().err


def test_rates_are_those_of_tc():
    assert bits_per_s("256kbit") == 256e3
    assert bits_per_s("1.5mbit") == 1.5e6
    assert bits_per_s("") == 0.0
