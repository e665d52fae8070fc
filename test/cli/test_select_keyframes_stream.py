"""``mininet_ros select-keyframes``: requests, Ctrl-C, and stamps that come twice."""

from __future__ import annotations

import json
import signal

import cv2
import numpy as np
import pytest
from drive_rig import (
    forwarded,
    preset,
    rows_of,
    run,
)

from mininet_ros import cli
from mininet_ros.keyframes import Mode, Outcome, Reason, SelectorConfig
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.street import CLASSES
from mininet_ros.offline.command import UntilInterrupted
from mininet_ros.offline.requests import read_requests
from mininet_ros.offline.selection import OfflineSelection
from mininet_ros.sequences import Frame, LabelledFrame

SECOND = 1_000_000_000


def test_requests_of_a_slam_system(capsys, given, tmp_path):
    trajectory = tmp_path / "KeyFrameTrajectory.txt"
    trajectory.write_text("# stamp x y z\n0.4 0 0 0 0 0 0 1\n\n1.2,1 0 0 0 0 0 1\n")
    arguments = ["--preset", preset(tmp_path, mode="request", max_gap_s=0.0), "--classes"]
    run(capsys, *given, *arguments, "--requests", trajectory, "--output", tmp_path / "out")
    chosen = forwarded(rows_of(tmp_path / "out"))
    assert [row["requested_stamp"] for row in chosen] == ["0.400000000", "1.200000000"]
    assert all(abs(float(r["stamp"]) - float(r["requested_stamp"])) <= 0.3 for r in chosen)


def test_all_requests_are_told_of_with_their_answers(capsys, given, tmp_path):
    requests = tmp_path / "requests.txt"
    requests.write_text("0.4\n1.2\n70\n")
    arguments = ["--set", "mode=request", "max_gap_s=0", "--classes", "--requests", requests]
    arguments += ["--output", tmp_path / "out"]
    out = run(capsys, *given, *arguments)[1]
    assert "2 of 3 requests answered" in out
    assert "The request for 70.000 s has no answer: no frame near it is at hand." in out
    text = (tmp_path / "out" / "report.html").read_text()
    assert "2 of 3 requests were answered" in text
    assert "<td>0.400 s</td>" in text and "<td>1.200 s</td>" in text
    assert "The request for 70.000 s has no answer" in text
    summary = json.loads(run(capsys, *given, *arguments, "--json")[1])
    assert (summary["answered"], len(summary["unanswered"])) == (2, 1)


def test_stamps_of_requests_are_exact(tmp_path):
    path = tmp_path / "requests.txt"
    path.write_text("1700000000.123456789\n1.7e9 0\n")
    assert read_requests(path) == [1_700_000_000_123_456_789, 1_700_000_000_000_000_000]
    path.write_text("1\nnoon\n")
    with pytest.raises(ValueError, match=r"line 2 of .* not 'noon'"):
        read_requests(path)
    path.write_text("inf\n")
    with pytest.raises(ValueError, match="must start with a stamp"):
        read_requests(path)


def test_interrupt_ends_the_stream_between_two_frames():
    before = signal.getsignal(signal.SIGINT)
    frames = UntilInterrupted(iter(range(10)))
    seen = []
    for frame in frames:
        seen.append(frame)
        if frame == 3:
            signal.raise_signal(signal.SIGINT)
    assert seen == [0, 1, 2, 3] and frames.interrupted
    assert signal.getsignal(signal.SIGINT) is before


def test_second_interrupt_ends_at_once():
    frames = iter(UntilInterrupted(iter(range(10))))
    next(frames)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    frames.close()


def test_interrupted_run_leaves_its_results(capsys, monkeypatch, given, tmp_path):
    write = cv2.imencode

    def interrupt_once(*arguments):
        if not interrupted:
            interrupted.append(True)
            signal.raise_signal(signal.SIGINT)
        return write(*arguments)

    interrupted = []
    monkeypatch.setattr(cv2, "imencode", interrupt_once)
    status, out, err = run(capsys, *given, "--output", tmp_path / "out")
    assert status == 130 and "has the results of 1 frames" in err
    assert len(rows_of(tmp_path / "out")) == 1
    assert "1 of 1 frames forwarded" in out


def labelled(index):
    image = np.random.default_rng(index).integers(0, 255, (48, 64, 3), np.uint8)
    return LabelledFrame(Frame(image, 0, f"frame {index}"), np.zeros((48, 64), np.uint8), None)


def test_repeated_stamp_is_told_from_the_frame_that_waits():
    settings = KeyframeSettings(selector=SelectorConfig(min_gap_s=0.0))
    selection = OfflineSelection(settings, CLASSES)
    for index, stamp in enumerate([1 * SECOND, 1 * SECOND, 2 * SECOND]):
        selection.add(labelled(index), stamp)
    reasons = [frame.decision.reason for frame in selection.finish()]
    assert reasons[1] is Reason.REPEATED_STAMP
    assert Reason.REPEATED_STAMP not in (reasons[0], reasons[2])


def test_stamps_that_come_again_in_a_loop():
    settings = KeyframeSettings(
        selector=SelectorConfig(mode=Mode.REQUEST, max_gap_s=0.0, request_latency_s=9.0)
    )
    selection = OfflineSelection(settings, CLASSES)
    stamps = [n * SECOND for n in (10, 11, 12, 10, 11, 12)]
    for index, stamp in enumerate(stamps):
        selection.add(labelled(index), stamp)
    decided = selection.finish()
    assert [frame.stamp_ns for frame in decided] == stamps
    assert [frame.decision.reason for frame in decided[:3]] == [Reason.TIME_JUMPED] * 3
    assert Reason.TIME_JUMPED not in [frame.decision.reason for frame in decided[3:]]
    assert set(selection.team_outcomes().values()) <= {Outcome.SENT}


def test_requests_beyond_the_end_are_unanswered():
    settings = KeyframeSettings(selector=SelectorConfig(mode=Mode.REQUEST, max_gap_s=0.0))
    selection = OfflineSelection(settings, CLASSES, requests=[50 * SECOND])
    selection.add(labelled(0), SECOND)
    assert [frame.decision.forwarded for frame in selection.finish()] == [False]
    assert selection.pipeline.selector.statistics().unanswered == 1


def test_delay_of_each_mode(capsys, given, tmp_path):
    trajectory = tmp_path / "stamps.txt"
    trajectory.write_text("0.4\n1.2\n")
    delays = {}
    for mode, more in (("window", ()), ("gate", ()), ("request", ("--requests", trajectory))):
        arguments = ["--output", tmp_path / mode, "--set", f"mode={mode}", "max_gap_s=0", *more]
        summary = json.loads(run(capsys, *given, *arguments, "--json")[1])
        assert summary["mode"] == mode and summary["forwarded"] > 0
        assert 0.0 <= summary["delay_median_s"] <= summary["delay_longest_s"]
        delays[mode] = summary["delay_longest_s"]
    assert delays["gate"] == 0.0
    assert 0.0 <= delays["request"] <= 0.6 + 1 / 15 + 1e-6
    assert 0.0 < delays["window"] <= 1.0 + 1 / 15 + 1e-6
    _, out, _ = run(capsys, *given, "--set", "mode=gate", "--output", tmp_path / "gate")
    assert "decided after 0.00 s, 0.00 s at most, in mode gate" in out


@pytest.mark.parametrize("text", ["max_gap_s", "=3", "mode=[", "classes="])
def test_parameters_of_another_form_end_with_status_two(text):
    with pytest.raises(SystemExit) as end:
        cli.main(["select-keyframes", "generated", "--output", "x", "--set", text])
    assert end.value.code == 2


def test_unknown_parameters_are_refused_by_name(capsys, given, tmp_path):
    status, _, err = run(capsys, *given, "--set", "max_gap=3", "--output", tmp_path / "out")
    assert status == 1 and "unknown parameter 'max_gap'; known parameters:" in err
