"""Videos and cameras opened with OpenCV, with its messages silenced."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2

TIMEOUT_MS = 10_000
SILENT = 0  # quietest of OpenCV's log levels
# Read once, when OpenCV first uses FFmpeg; below its least level, quiet.
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
_DESCRIPTORS = Path("/proc/self/fd")


def open_camera(index: int) -> cv2.VideoCapture:
    """Open a camera by OpenCV's index."""
    return _silently(index)


def open_url(url: str) -> cv2.VideoCapture:
    """Open a network stream; the wait for an answer ends after ten seconds."""
    timeouts = [
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT_MS),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT_MS),
    ]
    return _silently(url, cv2.CAP_FFMPEG, timeouts)


def open_video(path: Path) -> cv2.VideoCapture:
    """Open a video file.

    It is opened by its file descriptor. FFmpeg would take the part of a name before a colon as a
    protocol, OpenCV would take ``%`` as a pattern of numbered images, and neither accepts names
    that are not UTF-8.

    Raises:
        OSError: the file cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        has_ffmpeg = cv2.CAP_FFMPEG in cv2.videoio_registry.getStreamBackends()
        if has_ffmpeg and _DESCRIPTORS.is_dir():
            return _silently(str(_DESCRIPTORS / str(descriptor)), cv2.CAP_FFMPEG)
        return _silently(str(path))
    finally:
        os.close(descriptor)


def _silently(
    source: int | str, backend: int = cv2.CAP_ANY, settings: Sequence[int] = ()
) -> cv2.VideoCapture:
    """Open with OpenCV's own messages silenced; the caller reports a failure in one sentence."""
    if not hasattr(cv2, "setLogLevel"):  # OpenCV 4.5 cannot silence them
        return _capture(source, backend, settings)
    level = cv2.getLogLevel()
    cv2.setLogLevel(SILENT)
    try:
        return _capture(source, backend, settings)
    finally:
        cv2.setLogLevel(level)


def _capture(source: int | str, backend: int, settings: Sequence[int]) -> cv2.VideoCapture:
    if settings:
        return cv2.VideoCapture(source, backend, settings)
    return cv2.VideoCapture(source, backend)
