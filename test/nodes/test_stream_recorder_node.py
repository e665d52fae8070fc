"""The recorder: its record by itself, and a whole graph of three processes."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from node_arguments import parameters

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from mininet_ros.nodes.recorder.recording import PICTURES, SHEET, SUMMARY, Recording


def node_report(**counts: int) -> dict[str, str]:
    names = ("replaced", "skipped", "rejected", "failed")
    report = {name: str(counts.get(name, 0)) for name in names}
    return {**report, "model": "fake", "network": "n", "backend": "cpu", "runtime": "r"}


def test_what_became_of_each_image_adds_up(tmp_path):
    recording = Recording(tmp_path, max_pictures=4)
    recording.add_node_report(node_report(replaced=100, skipped=7))
    for number in range(20):
        recording.add_image(number)
        if number % 2:
            recording.add_mask(arrival_s=number / 10, latency_s=0.050 + number / 1000)
    recording.add_node_report(node_report(replaced=106, skipped=8, rejected=1))
    summary = recording.summary(complete=True)
    assert (summary["published"], summary["masks"]) == (20, 10)
    counts = [summary[name] for name in ("replaced", "skipped", "rejected", "failed")]
    assert counts == [6, 1, 1, 0]
    assert summary["lost"] == 20 - 10 - 6 - 1 - 1
    assert summary["rate_hz"] == pytest.approx(5.0)
    assert summary["latency_ms"]["median"] == pytest.approx(59)
    assert summary["latency_ms"]["p95"] == pytest.approx(69)
    assert (summary["model"], summary["backend"]) == ("fake", "cpu")


@pytest.mark.parametrize(
    ("stream", "published"),
    [
        ({"published": "5", "first_stamp_ns": "1", "finished": "true"}, 5),
        ({"published": "5", "first_stamp_ns": "0", "finished": "true"}, 3),
        ({"published": "5", "first_stamp_ns": "1", "finished": "false"}, 3),
        (None, 3),
    ],
)
def test_the_stream_counts_itself_if_it_was_watched_from_first_to_last(tmp_path, stream, published):
    recording = Recording(tmp_path, max_pictures=4)
    for stamp_ns in (1, 2, 3):
        recording.add_image(stamp_ns)
    if stream is not None:
        recording.add_stream_report(stream)
    assert recording.summary(complete=True)["published"] == published


def test_pictures_are_thinned_evenly(tmp_path):
    recording = Recording(tmp_path, max_pictures=5)
    for number in range(23):
        recording.add_overlay(number * 10**9, np.full((30, 40, 3), 10 * number, np.uint8))
    recording.write(complete=True)
    kept = sorted(int(path.stem) for path in (tmp_path / PICTURES).iterdir())
    assert kept == [0, 8, 16]
    assert cv2.imread(str(tmp_path / PICTURES / "000008.jpg")).mean() == pytest.approx(80, abs=2)
    sheet = cv2.imread(str(tmp_path / SHEET))
    assert sheet.shape[1] == 3 * 320


def test_a_record_of_nothing_is_valid_json(tmp_path):
    Recording(tmp_path, max_pictures=5).write(complete=False)
    summary = json.loads((tmp_path / SUMMARY).read_text())
    assert (summary["published"], summary["masks"], summary["lost"]) == (0, 0, 0)
    assert summary["latency_ms"] == {"median": None, "p95": None}
    assert not summary["complete"]


def test_a_whole_graph_of_processes_loses_nothing(graph, tiny_model, tmp_path):
    """Stream, segmentation and recorder, each a process, with images larger than stock SHM."""
    output = tmp_path / "out"
    graph.start("segmentation_node", *parameters(model=tiny_model))
    recorder = graph.start(
        "stream_recorder_node", *parameters(output_dir=output, max_pictures=8, model=tiny_model)
    )
    stream = graph.start(
        "image_stream_node",
        *parameters(rate=15, max_images=40, wait_for_subscribers=2, width=640, height=480),
    )
    assert stream.wait() == 0, stream.errors
    assert recorder.wait() == 0, recorder.errors
    summary = json.loads((output / SUMMARY).read_text())
    assert summary["complete"]
    assert summary["published"] == 40
    assert summary["lost"] == 0
    assert summary["masks"] == 40 - summary["replaced"]
    assert summary["masks"] > 0
    assert summary["latency_ms"]["median"] > 0
    assert summary["model"] == "tiny_mininet_v2_cpu"
    assert summary["device"]
    assert "masks" in recorder.output
    assert 4 <= len(list((output / PICTURES).glob("*.jpg"))) <= 8
    legend_rows = -(-11 // (640 // 130)) * 22
    picture = next((output / PICTURES).glob("*.jpg"))
    assert cv2.imread(str(picture)).shape == (480 + legend_rows, 640, 3)
    assert (output / SHEET).is_file()


def test_without_a_segmentation_node_it_gives_up_in_one_line(graph, tmp_path):
    recorder = graph.start(
        "stream_recorder_node", *parameters(output_dir=tmp_path / "out", start_timeout=1.0)
    )
    assert recorder.wait() == 1
    assert recorder.errors.splitlines() == [
        "stream_recorder_node: no mask arrived within 1 s; the segmentation node says: "
        "nothing (is it running?)"
    ]
