"""Image sequences from image files, video files and cameras."""

from __future__ import annotations

import logging
import math
import re
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.sequences.sequence import (
    EncodedImage,
    Frame,
    Sequence,
    SequenceError,
    frame_name,
    stamp_of,
)

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""Files that are read as single images; anything else is taken for a video."""

IMAGE_RATE_HZ = 10.0
"""Rate of images, which do not state one."""

_log = logging.getLogger(__name__)


def read_image(path: Path) -> np.ndarray:
    """Read an image file as cameras deliver pictures.

    Grey images become colour images, 16 bits are scaled to 8 (65535 to 255), transparency is
    dropped, and an orientation tag is obeyed.

    Args:
        path: the file.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        SequenceError: the file cannot be read or decoded, or its pixels are not integers of 8 or
            16 bits.
    """
    return _decode(path, _read(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SequenceError(
            f"cannot read image {path}: {error.strerror}; check the file and its permissions"
        ) from error


def _decode(path: Path, data: bytes) -> np.ndarray:
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    if image is None:
        raise SequenceError(
            f"cannot decode image {path}; replace or remove the file, for it is damaged or holds "
            "no picture of 8 or 16 bits"
        )
    if image.dtype == np.uint16:
        return cv2.convertScaleAbs(image, alpha=1 / 257)
    if image.dtype != np.uint8:
        raise SequenceError(
            f"image {path} has {image.dtype} pixels; convert it to 8 or 16 bit integers"
        )
    return image


class ImageFiles(Sequence):
    """Image files in the natural order of their names (frame_2 before frame_10).

    Images of different sizes are allowed: each frame has its own, and `width` and `height` are
    the first one's.

    Args:
        paths: the files, at least one.
        name: of the sequence.
        rate_hz: frames a second.

    Raises:
        SequenceError: the first image cannot be read.
    """

    def __init__(self, paths: list[Path], name: str, rate_hz: float) -> None:
        self._paths = sorted(paths, key=natural_order)
        stems = [path.stem for path in self._paths]
        unique = len(set(stems)) == len(stems)
        self._names = stems if unique else [path.name for path in self._paths]
        self.name = name
        self.rate_hz = rate_hz
        self.length = len(paths)
        self.height, self.width = read_image(self._paths[0]).shape[:2]

    def __iter__(self) -> Iterator[Frame]:
        for index, (path, name) in enumerate(zip(self._paths, self._names, strict=True)):
            data = _read(path)
            encoded = EncodedImage(data, path.suffix.lower())
            yield Frame(_decode(path, data), stamp_of(index, self.rate_hz), name, encoded)


class VideoFile(Sequence):
    """A video file, every frame at the file's own rate.

    `length` is what the file states; where fewer frames can be decoded, iteration ends early with
    a warning in the log.

    Args:
        path: the file.
        rate_hz: replaces the file's rate, for files that state none or a wrong one.

    Raises:
        SequenceError: the file cannot be decoded, or states no frame rate and none is given.
    """

    def __init__(self, path: Path, rate_hz: float | None = None) -> None:
        self._path = path
        self.name = path.stem
        capture = self._open()
        try:
            decoded, image = capture.read()
            stated = capture.get(cv2.CAP_PROP_FPS)
            count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        finally:
            capture.release()
        if not decoded:
            raise self._undecodable()
        if rate_hz is None and not (math.isfinite(stated) and stated > 0):
            raise SequenceError(f"video {path} states no frame rate; give one as rate_hz")
        self.rate_hz = float(stated if rate_hz is None else rate_hz)
        self.length = count if count > 0 else None
        self.height, self.width = image.shape[:2]

    def __iter__(self) -> Iterator[Frame]:
        capture = self._open()
        index = 0
        try:
            while True:
                decoded, image = capture.read()
                if not decoded:
                    break
                yield Frame(image, stamp_of(index, self.rate_hz), frame_name(index))
                index += 1
        finally:
            capture.release()
        if self.length is not None and index < self.length:
            _log.warning("%s: only %d of %d frames can be decoded", self._path, index, self.length)

    def _open(self) -> cv2.VideoCapture:
        capture = _capture(str(self._path))
        if not capture.isOpened():
            raise self._undecodable()
        return capture

    def _undecodable(self) -> SequenceError:
        return SequenceError(
            f"cannot decode {self._path} as a video; convert it to MP4 or AVI, or give a folder "
            "of images"
        )


class Camera(Sequence):
    """A camera of this machine. Iterating again goes on with the newest frame.

    Args:
        index: of the camera, as OpenCV counts them.
        rate_hz: asked of the camera; `rate_hz` then tells what the camera says it delivers.

    Raises:
        SequenceError: there is no such camera, or it delivers no picture.
    """

    def __init__(self, index: int, rate_hz: float | None = None) -> None:
        self.name = f"camera_{index}"
        self.length = None
        self._index = index
        self._count = 0
        self._capture = _capture(index)
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


def _capture(source: int | str) -> cv2.VideoCapture:
    """Open with OpenCV's own messages silenced: its failure is told in one sentence here."""
    messages = getattr(cv2.utils, "logging", None)  # OpenCV 4.5 cannot silence them
    if messages is None:
        return cv2.VideoCapture(source)
    level = messages.getLogLevel()
    messages.setLogLevel(messages.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(source)
    finally:
        messages.setLogLevel(level)


def image_files(folder: Path) -> list[Path]:
    """The images directly in a folder, hidden files left out, in no order."""
    return [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    ]


def natural_order(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """Numbers by value, the rest by letter without regard to case; the name settles ties."""
    parts = re.split(r"(\d+)", path.name.lower())
    ordered = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]
    return ordered, path.name
