"""Image sequences from cameras of this machine, and from network streams."""

from __future__ import annotations

import re
import time
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import cv2
import numpy as np

from mininet_ros.sequences.capture import open_camera, open_url
from mininet_ros.sequences.files import IMAGE_RATE_HZ
from mininet_ros.sequences.sequence import Frame, Sequence, SequenceError, frame_name

URL = re.compile(r"(rtsps?|rtmp|https?|udp|tcp|srt)://", re.IGNORECASE)
"""Pattern of the beginning of a stream's address."""


class LiveCapture(Sequence):
    """Frames with their times of arrival. A new iteration continues with the newest frame.

    Args:
        capture: OpenCV capture, open unless that failed.
        rate_hz: rate to request from the camera; the attribute ``rate_hz`` is the rate that the
            camera reports.

    Raises:
        SequenceError: the capture is not open, or delivers no picture.
    """

    def __init__(self, capture: cv2.VideoCapture, rate_hz: float | None = None) -> None:
        self.length = None
        self.times_from = "the time of arrival"
        self._count = 0
        self._capture = capture
        if not capture.isOpened():
            raise SequenceError(self._cannot_open())
        if rate_hz is not None:
            capture.set(cv2.CAP_PROP_FPS, rate_hz)
        self._start_ns = time.monotonic_ns()
        first = self._read()
        if first is None:
            self.close()
            raise SequenceError(self._no_picture())
        self.height, self.width = first.shape[:2]
        stated = capture.get(cv2.CAP_PROP_FPS)
        self.rate_hz = float(stated if stated > 0 else rate_hz or IMAGE_RATE_HZ)

    def __iter__(self) -> Iterator[Frame]:
        while self._capture.isOpened():
            image = self._read()
            if image is None:
                raise SequenceError(self._no_picture())
            yield Frame(image, self._stamp_ns(), frame_name(self._count))
            self._count += 1

    def close(self) -> None:
        """Release the camera; iteration ends."""
        self._capture.release()

    def _stamp_ns(self) -> int:
        return time.monotonic_ns() - self._start_ns

    def _read(self) -> np.ndarray | None:
        delivered, image = self._capture.read()
        if not delivered:
            return None
        return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)

    @abstractmethod
    def _cannot_open(self) -> str:
        """Return the message for a source that cannot be opened."""

    @abstractmethod
    def _no_picture(self) -> str:
        """Return the message for a source that delivers no picture."""


class Camera(LiveCapture):
    """A camera of this machine.

    Args:
        index: index of the camera, as OpenCV counts them.
        rate_hz: rate to request from the camera, Hz.

    Raises:
        SequenceError: there is no such camera, or it delivers no picture.
    """

    def __init__(self, index: int, rate_hz: float | None = None) -> None:
        self.name = f"camera_{index}"
        self._index = index
        super().__init__(open_camera(index), rate_hz)

    def _cannot_open(self) -> str:
        return (
            f"cannot open camera {self._index}; check that it is plugged in, that no other program "
            f"uses it and that you may read /dev/video{self._index}"
        )

    def _no_picture(self) -> str:
        return f"camera {self._index} delivers no picture; unplug it and plug it in again"


class NetworkStream(LiveCapture):
    """A network stream, such as ``rtsp://`` of a camera or ``http://`` of a server.

    If the URL is a recording, iteration ends at its end, and frames have their presentation times.

    Args:
        url: address of the stream.

    Raises:
        SequenceError: the address does not answer, or does not deliver a video.
    """

    def __init__(self, url: str) -> None:
        self._shown = without_password(url)
        parts = urlsplit(url)
        self.name = PurePosixPath(parts.path).stem or parts.hostname or "stream"
        super().__init__(open_url(url))
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self._is_recording = 0 < count < 2**31
        if self._is_recording:
            self.length = int(count)
            self.times_from = "the container's presentation times"
            self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)

    def __iter__(self) -> Iterator[Frame]:
        if not self._is_recording:
            yield from super().__iter__()
            return
        while (image := self._read()) is not None:
            stamp_ns = round(self._capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
            yield Frame(image, stamp_ns, frame_name(self._count))
            self._count += 1

    def _cannot_open(self) -> str:
        return (
            f"cannot open {self._shown}; check the address, and that the camera or server answers "
            f"from this machine"
        )

    def _no_picture(self) -> str:
        return f"{self._shown} delivers no picture any more; the stream ended or was cut off"


def without_password(url: str) -> str:
    """Return a URL for display, without the user's name and password."""
    return re.sub(r"://[^/@]*@", "://", url)
