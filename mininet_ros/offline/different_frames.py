"""The most different looking frames of a stream, for a look at what a model does."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.different import DifferentPictures
from mininet_ros.sequences import Frame

_FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]
_NO_PIXELS = np.empty((0, 0, 3), np.uint8)


def different_frames(frames: Iterable[Frame], count: int, folder: Path) -> Iterator[Frame]:
    """Read a stream to its end, and yield the frames that differ most, in their order.

    Until then their pixels wait in files, so that memory does not grow with ``count`` pictures.

    Args:
        frames: frames of the stream, as many as there are.
        count: largest number of frames to yield.
        folder: existing folder with room for ``count`` pictures.

    Raises:
        OSError: a file cannot be written.
    """
    chosen: DifferentPictures[Frame] = DifferentPictures(count)
    with TemporaryDirectory(prefix=".frames.", dir=folder) as temporary:
        for frame in frames:
            light = replace(frame, image=_NO_PIXELS, encoded=None)
            gone = chosen.add(frame.image, light)
            if gone is light:
                continue
            _, png = cv2.imencode(".png", frame.image, _FAST)
            _path(temporary, light).write_bytes(png.tobytes())
            if gone is not None:
                _path(temporary, gone).unlink()
        decoder = ImageDecoder(sys.maxsize)  # these pictures were admitted before
        for light in chosen.items:
            png = _path(temporary, light).read_bytes()
            yield replace(light, image=decoder.encoded(png))


def _path(folder: str, frame: Frame) -> Path:
    return Path(folder) / f"{frame.name}.png"
