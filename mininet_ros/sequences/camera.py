"""Image sequences from cameras of this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np

from mininet_ros.sequences.capture import open_camera
from mininet_ros.sequences.files import IMAGE_RATE_HZ
from mininet_ros.sequences.sequence import Frame, Sequence, SequenceError, frame_name


class Camera(Sequence):
    """A camera of this machine. Iterating again goes on with the newest frame.

    Args:
        index: of the camera, as OpenCV counts them.
        rate_hz: asked of the camera; ``rate_hz`` then tells what the camera says it delivers.

    Raises:
        SequenceError: there is no such camera, or it delivers no picture.
    """

    def __init__(self, index: int, rate_hz: float | None = None) -> None:
        self.name = f"camera_{index}"
        self.length = None
        self._index = index
        self._count = 0
        self._capture = open_camera(index)
        if not self._capture.isOpened():
            raise SequenceError(
                f"cannot open camera {index}; check that it is plugged in, that no other program "
                f"uses it and that you may read /dev/video{index}"
            )
        if rate_hz is not None:
            self._capture.set(cv2.CAP_PROP_FPS, rate_hz)
        self._start_ns = time.monotonic_ns()
        try:
            image = self._read()
        except SequenceError:
            self.close()
            raise
        self.height, self.width = image.shape[:2]
        stated = self._capture.get(cv2.CAP_PROP_FPS)
        self.times_from = "the time of arrival"
        self.rate_hz = float(stated if stated > 0 else rate_hz or IMAGE_RATE_HZ)

    def __iter__(self) -> Iterator[Frame]:
        while self._capture.isOpened():
            image = self._read()
            stamp_ns = time.monotonic_ns() - self._start_ns
            yield Frame(image, stamp_ns, frame_name(self._count))
            self._count += 1

    def close(self) -> None:
        """Release the camera; iteration ends."""
        self._capture.release()

    def _read(self) -> np.ndarray:
        delivered, image = self._capture.read()
        if not delivered:
            raise SequenceError(
                f"camera {self._index} delivers no picture; unplug it and plug it in again"
            )
        return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
