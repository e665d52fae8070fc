"""Image sequences from image files."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.headers import UPRIGHT
from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.sequences.sequence import (
    EncodedImage,
    Frame,
    Sequence,
    SequenceError,
    stamp_of,
)

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""Suffixes of image files; any other file is read as a video."""

IMAGE_RATE_HZ = 10.0
"""Rate of images without times, frames per second."""

_log = logging.getLogger(__name__)

# Seconds since the epoch with a fraction, as TUM RGB-D names its pictures, or whole milli-, micro-
# or nanoseconds. All times are after the year 2001, so that plain numbers do not count as times.
_SECONDS = re.compile(r"(\d{10})\.(\d{1,9})")
UNITS_NS = {13: 10**6, 16: 10**3, 19: 1}
"""Unit of a time without a fraction, ns, by its number of digits."""


def read_image(path: Path, decoder: ImageDecoder | None = None) -> np.ndarray:
    """Read an image file like a camera image; see :mod:`mininet_ros.images.decoding`.

    Args:
        path: path of the file.
        decoder: decoder of the sequence; None for a single image.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        SequenceError: the file cannot be read or decoded, has too many pixels, or its pixels are
            not integers of 8 or 16 bits.
    """
    return _read(path, decoder or ImageDecoder())[0]


def _read(path: Path, decoder: ImageDecoder) -> tuple[np.ndarray, EncodedImage, bool]:
    """Return pixels, bytes, and whether the EXIF data ask for a rotation."""
    try:
        data, header = decoder.read(path)
        image = decoder.encoded(data)
    except ImageError as error:
        raise SequenceError(f"cannot use image {path}: {error}") from error
    encoded = EncodedImage(data, path.suffix.lower())
    return image, encoded, header.orientation != UPRIGHT


class ImageFiles(Sequence):
    """Image files in the order of their times, or in the natural order of their names.

    If the names are times, such as those of TUM RGB-D (1305031102.175304.png), they are the stamps,
    unless a rate is given. In the natural order frame_2 comes before frame_10. Images of different
    sizes are allowed: each frame has its own size, and ``width`` and ``height`` are those of the
    first frame.

    Args:
        paths: image files, at least one.
        name: name of the sequence.
        rate_hz: frames per second; None for the times in the names, else :data:`IMAGE_RATE_HZ`.
        max_pixels: limit of the image size; larger images are skipped.

    Raises:
        SequenceError: none of the images can be used.
    """

    def __init__(
        self,
        paths: list[Path],
        name: str,
        rate_hz: float | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        times = times_in_names(paths) if rate_hz is None and len(paths) > 1 else None
        if times is None:
            self._paths = sorted(paths, key=natural_order)
            self.rate_hz = rate_hz or IMAGE_RATE_HZ
            self._stamps = [stamp_of(index, self.rate_hz) for index in range(len(paths))]
            self.times_from = f"the images' order, {self.rate_hz:g} a second"
        else:
            self._paths = sorted(paths, key=times.__getitem__)
            ordered = sorted(times.values())
            self.start_ns = ordered[0]
            self._stamps = [stamp - self.start_ns for stamp in ordered]
            self.rate_hz = 1e9 / float(np.median(np.diff(ordered)))
            self.times_from = "the files' names"
        self._names = unique_names(self._paths)
        self._max_pixels = max_pixels
        self.name = name
        self.length = len(paths)
        self.height, self.width = self._first().shape[:2]

    def __iter__(self) -> Iterator[Frame]:
        self.problems.clear()
        decoder = ImageDecoder(self._max_pixels)
        turned = 0
        for path, name, stamp_ns in zip(self._paths, self._names, self._stamps, strict=True):
            try:
                image, encoded, asks_to_be_turned = _read(path, decoder)
            except SequenceError as error:
                self.problems.add(str(error))
                continue
            turned += asks_to_be_turned
            if asks_to_be_turned and turned == 1:
                _log.warning(
                    "%s asks to be shown turned (EXIF orientation): its pixels are taken as they "
                    "are stored; turn the pixels themselves if that is not meant",
                    path,
                )
            yield Frame(image, stamp_ns, name, encoded)

    def _first(self) -> np.ndarray:
        """Return the first usable image."""
        first_error = None
        for path in self._paths:
            try:
                return read_image(path, ImageDecoder(self._max_pixels))
            except SequenceError as error:
                first_error = first_error or error
        if self.length == 1 or first_error is None:
            raise first_error or SequenceError("there are no images")
        raise SequenceError(f"none of the {self.length} images can be used: {first_error}")


def unique_names(paths: list[Path]) -> list[str]:
    """Return a name for each file: its stem, or its whole name where stems are equal."""
    stems = Counter(path.stem for path in paths)
    names = [path.stem if stems[path.stem] == 1 else path.name for path in paths]
    return names if len(set(names)) == len(names) else [path.name for path in paths]


def times_in_names(paths: list[Path]) -> dict[Path, int] | None:
    """Return the times in file names, ns since the epoch; None unless all names are times.

    Names are seconds with a fraction, or whole milli-, micro- or nanoseconds, and all different.
    """
    times = {path: _time_in_name(path.stem) for path in paths}
    found = [time for time in times.values() if time is not None]
    if len(found) < len(paths) or len(set(found)) < len(paths):
        return None
    return {path: time for path, time in times.items() if time is not None}


def _time_in_name(stem: str) -> int | None:
    match = _SECONDS.fullmatch(stem)
    if match:
        return int(match[1]) * 10**9 + int(match[2].ljust(9, "0"))
    unit_ns = UNITS_NS.get(len(stem))
    if unit_ns is None or not stem.isascii() or not stem.isdecimal() or stem[0] == "0":
        return None
    return int(stem) * unit_ns


def image_files(folder: Path) -> list[Path]:
    """Return the images directly in a folder, without hidden files, in no order."""
    return [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    ]


def natural_order(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """Return a sort key: numbers by value, letters without case, then the whole name."""
    parts = re.split(r"(\d+)", path.name.lower())
    ordered = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]
    return ordered, path.name
