"""The demo's record of a keyframe selection."""

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy", reason="the nodes need rclpy")

from mininet_ros.nodes.recorder.keyframe_recording import KeyframeRecording
from mininet_ros.nodes.recorder.recording import KEYFRAMES


def decision(forwarded: bool, reason: str) -> dict[str, str]:
    return {"forwarded": str(int(forwarded)), "reason": reason, "width": "64", "height": "48"}


@pytest.fixture
def recording():
    recording = KeyframeRecording()
    for number in range(12):
        forwarded = number in (3, 9)
        reason = "best_of_window" if forwarded else "not_best"
        recording.add_decision(number * 10**8, decision(forwarded, reason))
        recording.add_picture(number * 10**8, np.full((48, 64, 3), 20 * number, np.uint8))
    return recording


def test_summary_counts_decisions_and_bytes(recording):
    recording.add_team_message(900, is_image=True)
    recording.add_team_message(100, is_image=False)
    recording.add_report({"received": "14"})
    recording.add_decision(77, decision(False, "unanswered_request"))
    assert recording.summary(published=15) == {
        "seen": 12,
        "not_received": 1,
        "not_told": 2,
        "forwarded": 2,
        "reasons": {"not_best": 10, "best_of_window": 2},
        "team_frames": 1,
        "team_bytes": 1000,
        "camera_bytes": 12 * 64 * 48 * 3,
    }


def test_sheet_shows_forwarded_frames_above_evenly_spaced_ones(recording, tmp_path):
    recording.write_sheet(tmp_path)
    sheet = cv2.imread(str(tmp_path / KEYFRAMES))
    assert sheet.shape[1] == 2 * 320
    tile = sheet.shape[0] // 2
    above = [int(sheet[tile - 20, x].mean()) for x in (100, 420)]
    below = [int(sheet[2 * tile - 20, x].mean()) for x in (100, 420)]
    assert above == pytest.approx([60, 180], abs=6)
    assert below == pytest.approx([60, 180], abs=6)


def test_nothing_forwarded_leaves_no_sheet(tmp_path):
    recording = KeyframeRecording()
    recording.add_decision(0, decision(False, "below_quality"))
    recording.write_sheet(tmp_path)
    assert not (tmp_path / KEYFRAMES).exists()
    assert recording.summary(published=1)["forwarded"] == 0


def test_captions_are_words(recording):
    recording.add_decision(99, decision(True, "best_of_window") | {"relative": "0.925"})
    words = recording._caption(99, 0)
    assert "_" not in words and "best of" in words
    assert words.endswith("\nquality 92 % of usual")
    recording.add_decision(99, decision(False, "overrun") | {"content": "1.08"})
    assert "overrun\nnew things that are wanted: 1.1" in recording._caption(99, 0)
    assert "not seen" in recording._caption(7, 0)
