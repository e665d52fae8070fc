"""A run on the screen, in a file, in both, or in none."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from mininet_ros.extras import missing_extra
from mininet_ros.images.class_tables import ClassTable
from mininet_ros.view.feed import Entry, Feed

SUFFIX = ".rrd"
_MAGIC = b"RRF"
_JPEG_QUALITY = 85
_log = logging.getLogger(__name__)


class ViewError(ValueError):
    """A run cannot be shown as asked. The message is one sentence with the remedy."""


class Picture:
    """A picture to be shown, encoded once, and only if it is shown.

    Args:
        pixels: uint8 (H, W, 3), BGR; or the content of a JPEG.
    """

    def __init__(self, pixels: np.ndarray | bytes) -> None:
        self._pixels = pixels

    @cached_property
    def jpeg(self) -> bytes:
        """The picture as JPEG."""
        if isinstance(self._pixels, bytes):
            return self._pixels
        quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        return cv2.imencode(".jpg", self._pixels, quality)[1].tobytes()


class View:
    """Shows a run as it goes.

    A viewer that is too slow misses pictures; a file gets all of them. Arrays that are shown must
    not be changed afterwards.

    Args:
        feeds: where the run is shown; none for a run that nobody watches.
    """

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = tuple(feeds)

    def picture(self, stamp_ns: int, picture: Picture) -> None:
        """Show a camera image with its stamp in nanoseconds."""
        self._put(lambda scene: scene.picture(stamp_ns, picture.jpeg), is_picture=True)

    def mask(self, stamp_ns: int, mask: np.ndarray) -> None:
        """Show a mask, uint8 (H, W), class ids."""
        self._put(lambda scene: scene.mask(stamp_ns, mask), is_picture=True)

    def scores(self, stamp_ns: int, scores: Mapping[str, float]) -> None:
        """Draw scores of a frame, by name."""
        self._put(lambda scene: scene.scores(stamp_ns, scores))

    def keyframe(self, stamp_ns: int, picture: Picture) -> None:
        """Show the image of a chosen frame."""
        self._put(lambda scene: scene.keyframe(stamp_ns, picture.jpeg))

    def reason(self, stamp_ns: int, sentence: str, quality: float | None) -> None:
        """Say why a frame was chosen.

        Args:
            stamp_ns: stamp of the frame, nanoseconds.
            sentence: reason for people.
            quality: score on whose curve the frame is marked; None without scores.
        """
        self._put(lambda scene: scene.reason(stamp_ns, sentence, quality))

    def close(self) -> None:
        """Show what is left, and complete the file."""
        for feed in self._feeds:
            feed.close()

    def _put(self, entry: Entry, is_picture: bool = False) -> None:
        for feed in self._feeds:
            feed.put(entry, is_picture)


UNSEEN = View(())
"""A view of a run that nobody watches."""


def check_view(live: bool, file: Path | None) -> None:
    """Check, before long work, that a run can be shown as asked.

    Args:
        live: whether a viewer is wanted.
        file: file for the viewer, or None.

    Raises:
        ViewError: Rerun is not installed, or the file has another suffix, is something else, or
            lies where nothing can be written.
    """
    if (live or file is not None) and find_spec("rerun") is None:
        asked = "--view" if live else "--save-rrd"
        raise ViewError(missing_extra(asked, "view"))
    if file is None:
        return
    if file.suffix != SUFFIX:
        raise ViewError(f"--save-rrd {file}: the name of a Rerun file ends in {SUFFIX}")
    if file.exists() and not (file.is_file() and _is_recording(file)):
        raise ViewError(f"{file} is no Rerun file, and is not replaced: give another name")


@contextmanager
def open_view(
    live: bool, file: Path | None, table: ClassTable | None, keyframes: bool
) -> Iterator[View]:
    """Show a run as long as the context lasts.

    Without a display the run is not shown live, and one sentence says so.

    Args:
        live: whether a viewer is started.
        file: file that the viewer opens later, or None.
        table: names and colours of the classes in masks; None without masks.
        keyframes: whether keyframes are chosen.

    Yields:
        The view.

    Raises:
        ViewError: see :func:`check_view`.
    """
    check_view(live, file)
    view = View(_feeds(live, file, table, keyframes) if live or file is not None else ())
    try:
        yield view
    finally:
        view.close()


def _feeds(live: bool, file: Path | None, table: ClassTable | None, keyframes: bool) -> list[Feed]:
    # Read when Rerun is imported. It would report in several lines what is said here in a sentence.
    os.environ.setdefault("RUST_LOG", "off")
    # Rerun takes a second to import, and is an extra.
    from mininet_ros.view.scene import Layout
    from mininet_ros.view.targets import FileTarget, ViewerTarget, missing_display

    layout = Layout(table, keyframes)
    feeds = []
    if file is not None:
        feeds.append(Feed(FileTarget(file, layout), waits=True))
    if live and (missing := missing_display()) is not None:
        _log.warning("%s", missing)
    elif live:
        feeds.append(Feed(ViewerTarget(layout), waits=False))
    return feeds


def _is_recording(file: Path) -> bool:
    with file.open("rb") as content:
        return content.read(len(_MAGIC)) == _MAGIC
