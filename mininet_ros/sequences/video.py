"""Image sequences from video files."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.sequences.capture import open_video
from mininet_ros.sequences.sequence import Frame, Sequence, SequenceError, frame_name, stamp_of

# No camera has a higher rate: browsers' recordings without a rate are read as 1000.
_MAX_RATE_HZ = 480.0
# Number of frames that are used to measure the rate where the file states none.
_RATE_FRAMES = 30
# Attempts after the last decoded frame, because damaged frames may precede the next good one.
_MIN_ATTEMPTS, _MAX_ATTEMPTS = 10, 1000
# A container without times gives nonsense of this size, ms (30 years).
_NONSENSE_MS = 1e12


class VideoFile(Sequence):
    """A video file, every frame at its presentation time in the container.

    ``length`` is the number that the file states, which may be an estimate. Frames that cannot be
    decoded are skipped. If the end of the file cannot be decoded, iteration ends early with a
    warning in the log.

    Args:
        path: path of the file.
        rate_hz: constant rate that replaces the file's times; None keeps them.
        max_pixels: limit of the frame size; videos of larger frames are refused.

    Raises:
        SequenceError: the file cannot be read or decoded, its frames are too large, or it states
            neither times nor a rate and none is given.
    """

    def __init__(
        self, path: Path, rate_hz: float | None = None, max_pixels: int = MAX_PIXELS
    ) -> None:
        self._path = path
        self.name = path.stem
        capture = self._open()
        try:
            self._check_size(capture, max_pixels)
            first = next(_frames(capture, _MAX_ATTEMPTS), None)
            stated = capture.get(cv2.CAP_PROP_FPS)
            count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        finally:
            capture.release()
        if first is None:
            raise self._undecodable()
        self.height, self.width = first[1].shape[:2]
        self.length = int(count) if 0 < count < 2**31 else None
        has_times = rate_hz is None and abs(first[2]) < _NONSENSE_MS
        is_plausible = math.isfinite(stated) and 0 < stated <= _MAX_RATE_HZ
        if rate_hz is None and not is_plausible:
            rate_hz = self._measured_rate() if has_times else None
            if rate_hz is None:
                raise SequenceError(f"video {path} states no frame rate; give one as rate_hz")
        self.rate_hz = float(stated if rate_hz is None else rate_hz)
        self._first_ms = first[2] if has_times else None
        if has_times:
            self.times_from = "the container's presentation times"
        else:
            self.times_from = f"the frames' order, {self.rate_hz:g} a second"

    def __iter__(self) -> Iterator[Frame]:
        self.problems.clear()
        capture = self._open()
        index, last_ns = 0, -1
        try:
            attempts = max(_MIN_ATTEMPTS, min(_MAX_ATTEMPTS, self.length or 0))
            for place, image, time_ms in _frames(capture, attempts):
                for lost in range(index, place):
                    self.problems.add(f"frame {lost} of video {self._path} cannot be decoded")
                index = place
                stamp_ns = self._stamp(index, time_ms)
                if stamp_ns <= last_ns:  # as in damaged files: time always advances
                    stamp_ns = last_ns + stamp_of(1, self.rate_hz)
                last_ns = stamp_ns
                yield Frame(image, stamp_ns, frame_name(index))
                index += 1
        finally:
            capture.release()
        self._report_early_end(index, last_ns)

    def _stamp(self, index: int, time_ms: float) -> int:
        if self._first_ms is None:
            return stamp_of(index, self.rate_hz)
        return round((time_ms - self._first_ms) * 1e6)

    def _report_early_end(self, frames: int, last_ns: int) -> None:
        """Report a missing end; the container may derive its frame count from its duration."""
        if self.length is None or frames >= self.length:
            return
        missing_ns = stamp_of(self.length, self.rate_hz) - last_ns
        if self._first_ms is None or missing_ns > stamp_of(1, self.rate_hz) * 1.5:
            sentence = f"{self._path}: only {frames} of {self.length} frames can be decoded"
            self.problems.add(sentence)

    def _measured_rate(self) -> float | None:
        """Return the mean rate of the first frames by their times; None if it is unknown."""
        capture = self._open()
        try:
            times = [ms for _, _, ms in islice(_frames(capture, _MIN_ATTEMPTS), _RATE_FRAMES)]
        finally:
            capture.release()
        span_ms = times[-1] - times[0] if times else 0.0
        return 1e3 * (len(times) - 1) / span_ms if span_ms > 0 else None

    def _check_size(self, capture: cv2.VideoCapture, max_pixels: int) -> None:
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if width * height > max_pixels:
            raise SequenceError(
                f"video {self._path} has frames of {width}x{height} pixels, more than max_pixels = "
                f"{max_pixels}: scale it down, or raise max_pixels"
            )

    def _open(self) -> cv2.VideoCapture:
        try:
            capture = open_video(self._path)
        except OSError as error:
            raise SequenceError(
                f"cannot read {self._path}: {error.strerror}; check the file and its permissions"
            ) from error
        if not capture.isOpened():
            raise self._undecodable()
        return capture

    def _undecodable(self) -> SequenceError:
        return SequenceError(
            f"cannot decode {self._path} as a video; convert it to MP4 or AVI, or give a folder "
            "of images"
        )


def _frames(capture: cv2.VideoCapture, attempts: int) -> Iterator[tuple[int, np.ndarray, float]]:
    """Yield place, picture and time (ms) of each frame that can be decoded.

    Args:
        capture: capture at the beginning of the file.
        attempts: number of consecutive failures that mean the end.
    """
    place = failures = 0
    while failures < attempts:
        try:
            decoded, image = capture.read()
        except cv2.error:  # as in damaged files of some codecs
            decoded, image = False, None
        if decoded and image is not None:
            failures = 0
            yield place, image, capture.get(cv2.CAP_PROP_POS_MSEC)
        else:
            failures += 1
        place += 1
