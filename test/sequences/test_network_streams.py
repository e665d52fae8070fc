"""Streams of the network: from servers that the test runs on this machine."""

from __future__ import annotations

import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

from mininet_ros import cli
from mininet_ros.sequences import SequenceError, open_sequence
from mininet_ros.sequences.camera import without_password

if cv2.CAP_FFMPEG not in cv2.videoio_registry.getStreamBackends():
    pytest.skip("OpenCV is built without FFmpeg", allow_module_level=True)


@pytest.fixture
def serve():
    servers = []

    def start(handler):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


class MotionJpeg(BaseHTTPRequestHandler):
    """Five pictures of rising grey, as a network camera sends them, then the end."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for level in range(5):
            _, jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 40 * level, np.uint8))
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            self.wfile.write(head.encode() + jpeg.tobytes() + b"\r\n")
            time.sleep(0.02)

    def log_message(self, *_):
        """Say nothing."""


def write_video(path, frames=12):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 20.0, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()


def test_recording_behind_a_url_has_its_frames_and_times(serve, tmp_path):
    write_video(tmp_path / "drive.mp4")
    url = f"{serve(partial(Quiet, directory=str(tmp_path)))}/drive.mp4"
    with open_sequence(url) as sequence:
        frames = list(sequence)
        assert (sequence.name, sequence.width, sequence.height) == ("drive", 64, 48)
    assert [round(frame.stamp_ns / 1e6) for frame in frames] == [50 * n for n in range(12)]
    assert [round(frame.image.mean() / 20) for frame in frames] == list(range(12))


def test_camera_behind_a_url_delivers_until_it_is_cut_off(serve):
    url = f"{serve(MotionJpeg)}/stream"
    with open_sequence(url) as sequence:
        assert sequence.length is None and sequence.times_from == "the time of arrival"
        stamps = []
        with pytest.raises(SequenceError, match="delivers no picture any more"):
            for frame in sequence:
                stamps.append(frame.stamp_ns)
    assert stamps and stamps == sorted(stamps)


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_url_that_nobody_answers_is_one_sentence(capfd, tmp_path, scheme):
    url = f"{scheme}://user:secret@127.0.0.1:1/stream"
    arguments = ["segment", "camvid", url, "--output", str(tmp_path / "out")]
    assert cli.main(arguments) == 1
    said = capfd.readouterr().err.strip()
    assert said.count("\n") == 0 and f"cannot open {scheme}://127.0.0.1:1/stream" in said
    assert "secret" not in said


def test_a_camera_that_is_absent_is_one_sentence(capfd, tmp_path):
    assert cli.main(["segment", "camvid", "97", "--output", str(tmp_path / "out")]) == 1
    said = capfd.readouterr().err.strip()
    assert said.count("\n") == 0 and "cannot open camera 97" in said


def test_an_address_is_shown_without_its_password():
    assert without_password("rtsp://me:pass@cam/1") == "rtsp://cam/1"
    assert without_password("http://cam/a@b") == "http://cam/a@b"
