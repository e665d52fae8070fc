"""Thumbnails of frames with their target regions marked, for the report."""

from __future__ import annotations

import tempfile
from collections.abc import Collection

import cv2
import numpy as np

from mininet_ros.images.drawing import overlay
from mininet_ros.keyframes.cues.content import MIN_REGION_SHARE
from mininet_ros.sequences import LabelledFrame

WIDTH = 320
JPEG_QUALITY = 80

# BGR colours of regions that are whole in the picture, and of those that its border cuts.
WHOLE_COLOR = (120, 230, 60)
CUT_COLOR = (60, 60, 255)


class Thumbnails:
    """Thumbnails of all frames of a recording, in a temporary file.

    All frames are kept because only the end shows which frames a report needs.

    Args:
        targets: ids of the target classes; without targets, all classes are blended over a picture.
        colors: uint8 (classes, 3), RGB colour of each class.
    """

    def __init__(self, targets: Collection[int], colors: np.ndarray) -> None:
        self._targets = tuple(targets)
        self._colors = colors
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open until close()
        self._places: list[tuple[int, int]] = []

    def add(self, labelled: LabelledFrame) -> None:
        """Process the next frame."""
        picture = self._draw(labelled)
        _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        place = self._file.seek(0, 2)
        self._file.write(jpeg.tobytes())
        self._places.append((place, len(jpeg)))

    def __len__(self) -> int:
        return len(self._places)

    def jpeg(self, index: int) -> bytes:
        """Return the thumbnail of a frame by its index."""
        place, size = self._places[index]
        self._file.seek(place)
        return self._file.read(size)

    def close(self) -> None:
        """Delete the file."""
        self._file.close()

    def _draw(self, labelled: LabelledFrame) -> np.ndarray:
        image = labelled.frame.image
        size = (WIDTH, max(1, round(WIDTH * image.shape[0] / image.shape[1])))
        picture = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        if labelled.mask is None:
            return picture
        mask = cv2.resize(labelled.mask, size, interpolation=cv2.INTER_NEAREST)
        if not self._targets:
            if not len(self._colors):
                return picture
            return np.ascontiguousarray(overlay(picture, mask, self._colors, 0.35)[..., ::-1])
        for target in self._targets:
            _mark_regions(picture, np.equal(mask, target).astype(np.uint8))
        return picture


def _mark_regions(picture: np.ndarray, member: np.ndarray) -> None:
    """Tint and outline the regions of a class; cut regions have another colour."""
    height, width = member.shape
    contours, _ = cv2.findContours(member, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    tint = picture.copy()
    kept = []
    for contour in contours:
        x, y, w, h = cv2.boundingRect(contour)
        if cv2.contourArea(contour) < MIN_REGION_SHARE * member.size:
            continue
        cut = x == 0 or y == 0 or x + w == width or y + h == height
        kept.append((contour, CUT_COLOR if cut else WHOLE_COLOR))
    for contour, color in kept:
        cv2.drawContours(tint, [contour], -1, color, cv2.FILLED)
    cv2.addWeighted(picture, 0.7, tint, 0.3, 0, dst=picture)
    for contour, color in kept:
        cv2.drawContours(picture, [contour], -1, color, 1, cv2.LINE_AA)
