"""Several cameras are measured in both ways. How fast either is, is not tested."""

from __future__ import annotations

import json

import pytest

from mininet_ros import cli

pytest.importorskip("rclpy", reason="the nodes need rclpy")


def test_both_ways_give_masks_of_every_camera(tiny_model, capsys):
    arguments = [str(tiny_model), "--cameras", "2", "--camera-size", "64x48", "--rate", "10"]
    arguments += ["--seconds", "2", "--threads", "1", "--json"]
    assert cli.main(["benchmark", "--node", *arguments]) == 0
    out = capsys.readouterr().out
    timings = json.loads(out[out.index("[") :])
    assert [timing["way"] for timing in timings] == ["a process each", "one process"]
    for timing in timings:
        assert timing["cameras"] == len(timing["masks"]) == 2
        assert all(masks > 0 for masks in timing["masks"])
        assert timing["masks_per_s"] == sum(timing["masks"]) / 2
        assert 0 < timing["latency_ms"] <= timing["latency_p95_ms"]
        assert timing["received"] > 0
        assert 0 <= timing["replaced"] < timing["received"]
        assert timing["lost"] >= 0
        assert 0 < timing["proportional_mb"] <= timing["resident_mb"]
        assert (timing["width"], timing["height"], timing["rate_hz"]) == (64, 48, 10)
        assert (timing["threads"], timing["seconds"]) == (1, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--node", "--cameras", "0"], "there must be 1 camera or more, not 0"),
        (["--cameras", "2"], "give --node, too"),
    ],
)
def test_wrong_requests(arguments, message, capsys):
    assert cli.main(["benchmark", *arguments]) != 0
    assert message in capsys.readouterr().err


def error_line(graph, module: str, *arguments: str) -> str:
    process = graph.start(module, *arguments)
    assert process.wait() == 1
    (line,) = process.errors.splitlines()
    return line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-p", "namespaces:=[left, /left]"], "names a namespace twice"),
        (["-p", "namespaces:=[left, ri-ght]"], "has 'ri-ght': Invalid namespace"),
        (["-r", "__ns:=/robot"], "set the parameter namespaces instead"),
        (["-p", "namespaces:=[left]", "-p", "model:=/no/such"], "/no/such"),
    ],
)
def test_group_that_cannot_start_says_why(graph, arguments, message):
    line = error_line(graph, "segmentation_group", *arguments)
    assert line.startswith("segmentation_group: ")
    assert message in line


def test_camera_without_masks_is_named(graph):
    arguments = ["-p", "namespaces:=[left]", "-p", "timeout:=1.0"]
    line = error_line(graph, "mask_timing_node", *arguments)
    assert line.startswith("mask_timing_node: no masks came of left")
