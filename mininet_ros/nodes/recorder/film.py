"""Film of the overlays, in a form that browsers play."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from mininet_ros.images.drawing import fitted

FILM = "overlay.mp4"
_UNIT = Fraction(1, 1000)  # of the film's times, seconds
_UNIT_NS = 1_000_000
_FAST = {"preset": "superfast", "crf": "23"}


class Film:
    """Writes pictures as H.264, each at the time of its stamp; needs PyAV.

    OpenCV's wheels have no H.264, and their VP9 takes a quarter of a second for a frame of 640x480.

    Args:
        path: path of the file, ending in .mp4.

    Raises:
        ImportError: PyAV is not installed.
    """

    def __init__(self, path: Path) -> None:
        import av

        self._frame_type = av.VideoFrame
        # The index comes first in the file, so that a browser plays it while it loads.
        self._container = av.open(str(path), "w", options={"movflags": "faststart"})
        self._stream: Any = None
        self._size = (0, 0)
        self._start_ns = 0
        self._last = -1

    def add(self, stamp_ns: int, picture: np.ndarray) -> None:
        """Add a picture, uint8 (H, W, 3), BGR; it is fitted into the size of the first one."""
        stream = self._stream or self._begin(stamp_ns, picture)
        frame = self._frame_type.from_ndarray(fitted(picture, *self._size), format="bgr24")
        self._last = max(self._last + 1, (stamp_ns - self._start_ns) // _UNIT_NS)
        frame.pts, frame.time_base = self._last, _UNIT
        self._container.mux(stream.encode(frame))

    def close(self) -> None:
        """Complete the file; without a picture there is none."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def _begin(self, stamp_ns: int, picture: np.ndarray) -> Any:
        height, width = picture.shape[:2]
        self._size = (width + width % 2, height + height % 2)  # colour has half the resolution
        self._start_ns = stamp_ns
        self._stream = self._container.add_stream("libx264", rate=30, options=_FAST)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = _UNIT
        self._stream.thread_count = 1  # the robot's nodes need the other cores
        return self._stream
