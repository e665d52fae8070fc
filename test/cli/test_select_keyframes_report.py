"""The drawings of the report stay small and true for recordings of any length."""

from __future__ import annotations

import re

import numpy as np
import pytest
from drive_rig import run

from mininet_ros.keyframes import Decision, FrameScores, Reason
from mininet_ros.offline.report import data_size
from mininet_ros.offline.report_cards import shown_cards
from mininet_ros.offline.selection import DecidedFrame, Payload
from mininet_ros.offline.timeline import LANE, LEFT, RIGHT, WIDTH, Lane, draw_timeline

LANES = [Lane("Quality", lambda scores: scores.quality, "{:g}", 1.0, 0.25)]


def frames_of(qualities, forwarded=(), step_ns=100_000_000, start_ns=10**18):
    frames = []
    for index, quality in enumerate(qualities):
        stamp = start_ns + index * step_ns
        reason = Reason.NOT_BEST
        if index in forwarded:
            reason = Reason.MAX_GAP if index % 2 else Reason.BEST_OF_WINDOW
        scores = FrameScores(stamp_ns=stamp, width=64, height=48, quality=quality)
        decision = Decision(stamp, reason, f"Said of <{index}>.", scores)
        frames.append(DecidedFrame(index, f"frame {index}", stamp, Payload(1, 1), decision, 0))
    return frames


def draw(frames, strips=()):
    return draw_timeline(frames, LANES, strips, lambda index: b"jpeg", lambda index: f"f{index}")


def line_points(svg):
    points = re.search(r"<polyline points='([^']*)'", svg)[1]
    return np.array([[float(number) for number in point.split(",")] for point in points.split()])


def test_points_are_where_time_and_score_say():
    points = line_points(draw(frames_of([0.0, 1.0, 0.5])))
    assert points[:, 0] == pytest.approx([LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT])
    bottom = points[0, 1]
    assert points[:, 1] == pytest.approx([bottom, bottom - LANE, bottom - LANE / 2])


def test_long_recordings_keep_their_extremes_in_a_small_drawing():
    qualities = np.full(20_000, 0.5)
    qualities[7_001], qualities[12_345] = 1.0, 0.0
    points = line_points(draw(frames_of(qualities)))
    assert len(points) <= 2 * WIDTH
    middle = np.median(points[:, 1])
    assert points[:, 1].min() == pytest.approx(middle - LANE / 2)
    assert points[:, 1].max() == pytest.approx(middle + LANE / 2)
    highest = points[np.argmin(points[:, 1]), 0]
    assert highest == pytest.approx(LEFT + (WIDTH - LEFT - RIGHT) * 7_001 / 19_999, abs=1.5)


def test_forwarded_frames_are_marked_and_linked():
    svg = draw(frames_of([0.5] * 10, forwarded=(2, 5)), [("Every 5th", [1, 6])])
    assert re.findall(r"<a href='#(f\d)'>", svg) == ["f2", "f5"]
    assert svg.count("class='mark'") == 1 and svg.count("class='mark forced'") == 1
    assert "Said of &lt;2&gt;." in svg
    assert "Every 5th" in svg


@pytest.mark.parametrize("count", [1, 2])
def test_short_recordings_can_be_drawn(count):
    assert "</svg>" in draw(frames_of([0.5] * count))


def test_frames_of_one_stamp_and_stamps_that_jump_back():
    assert "nan" not in draw(frames_of([0.5] * 4, step_ns=0))
    assert "nan" not in draw(frames_of([0.5] * 4, step_ns=-(10**9)))


def test_refused_frames_have_no_scores_to_draw():
    frames = frames_of([0.5, 0.5])
    refused = Decision(frames[1].stamp_ns, Reason.REPEATED_STAMP, "Repeated.")
    frames[1] = DecidedFrame(1, "frame 1", frames[1].stamp_ns, Payload(1, 1), refused, 0)
    assert len(line_points(draw(frames))) == 1


def test_cards_are_spread_over_the_recording():
    assert shown_cards([3, 5, 9], 120) == [3, 5, 9]
    shown = shown_cards(list(range(1000)), 120)
    assert len(shown) == 120 and shown[0] == 0 and shown[-1] > 980
    assert np.ptp(np.diff(shown)) <= 1


def test_sizes_for_people():
    sizes = [data_size(count) for count in (0, 999, 1_500, 64_300, 123_456, 2_970_000, 5e9)]
    assert sizes == ["0 B", "999 B", "1.5 kB", "64.3 kB", "123 kB", "2.97 MB", "5 GB"]


def test_a_throttle_is_judged_by_the_floor_that_the_selector_has(capsys, given, tmp_path):
    run(capsys, *given, "--output", tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text()
    floor = float(re.search(r"red: below the floor of (\d+(?:\.\d+)?)", text)[1])
    small = re.findall(r"<span class='(poor|)'>quality (\d+\.\d+)", text)
    assert small
    assert all((word == "poor") == (float(value) < floor) for word, value in small)
