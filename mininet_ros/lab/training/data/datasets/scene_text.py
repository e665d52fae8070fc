"""Draws labels from the word outlines of text datasets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL

BACKGROUND = 0
TEXT = 1


@dataclass(frozen=True)
class TextRegion:
    """Outline of a word.

    Attributes:
        corners: corners float (n, 2), n >= 3: x and y in pixels, integers at pixel centres.
        is_text: whether the pixels are text; otherwise they are ignored.
    """

    corners: np.ndarray
    is_text: bool


def draw_regions(regions: Iterable[TextRegion], width: int, height: int) -> np.ndarray:
    """Draw labels uint8 (height, width): 1 for text, 255 for ignored, else 0.

    A pixel belongs to a region if its centre is inside or on the outline. A region may extend
    outside the image. Where regions overlap, text wins.
    """
    labels = np.full((height, width), BACKGROUND, np.uint8)
    for region in sorted(regions, key=lambda region: region.is_text):
        _fill(labels, region.corners, TEXT if region.is_text else IGNORE_LABEL)
    return labels


def _fill(labels: np.ndarray, corners: np.ndarray, value: int) -> None:
    """Fill a polygon by the even-odd rule.

    OpenCV's ``fillPoly`` is not used, because it bends edges that leave the image. The rule omits
    the outline on some sides. It is applied for each choice of sides, so that the whole outline is
    included.
    """
    size = labels.shape[::-1]
    first = np.clip(np.floor(corners.min(0)), 0, size).astype(int)
    last = np.clip(np.ceil(corners.max(0)) + 1, 0, size).astype(int)
    x = np.arange(first[0], last[0])
    y = np.arange(first[1], last[1])[:, None]
    filled = np.zeros((y.size, x.size), bool)
    for precedes_y in (np.less, np.less_equal):
        for precedes_x in (np.less, np.less_equal):
            inside = np.zeros_like(filled)
            for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0)):
                if y0 != y1:
                    is_crossed = precedes_y(y0, y) != precedes_y(y1, y)
                    inside ^= is_crossed & precedes_x(x0 + (y - y0) * (x1 - x0) / (y1 - y0), x)
            filled |= inside
    labels[first[1] : last[1], first[0] : last[0]][filled] = value
