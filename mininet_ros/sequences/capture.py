"""OpenCV's way to videos and cameras, with its messages silenced."""

from __future__ import annotations

import os
from pathlib import Path

import cv2

_DESCRIPTORS = Path("/proc/self/fd")


def open_camera(index: int) -> cv2.VideoCapture:
    """A camera, as OpenCV counts them."""
    return _silently(index)


def open_video(path: Path) -> cv2.VideoCapture:
    """A video file.

    It is opened by its descriptor: FFmpeg takes the part of a name before a colon for a protocol,
    OpenCV takes ``%`` for a pattern of numbered images, and neither takes names that are not UTF-8.

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


def _silently(source: int | str, backend: int = cv2.CAP_ANY) -> cv2.VideoCapture:
    """Open with OpenCV's own messages silenced: its failure is told in one sentence elsewhere."""
    messages = getattr(cv2.utils, "logging", None)  # OpenCV 4.5 cannot silence them
    if messages is None:
        return cv2.VideoCapture(source, backend)
    level = messages.getLogLevel()
    messages.setLogLevel(messages.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(source, backend)
    finally:
        messages.setLogLevel(level)
