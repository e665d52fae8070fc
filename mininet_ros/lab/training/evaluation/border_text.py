"""Scores text that the image border cuts separately from other text.

The selection of frames by their text needs cut words as well: a frame that cuts a word is worse
than the next frame that shows all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from mininet_ros.lab.training.data.datasets import Sample
from mininet_ros.lab.training.data.datasets.scene_text import TEXT

MOST = 0.5  # share of a region's pixels from which the region counts as found
WINDOW_SHARE = 0.8  # width and height of a window, as a share of its picture's


def windows(sample: Sample) -> Iterator[Sample]:
    """Yield the upper left and the lower right window of a picture, which cut more of its text.

    Photographers avoid cutting text, so that whole pictures have little of it at their borders.

    Args:
        sample: a picture and its labels.
    """
    height, width = sample.labels.shape
    rows, columns = round(WINDOW_SHARE * height), round(WINDOW_SHARE * width)
    for top, left in ((0, 0), (height - rows, width - columns)):
        part = np.s_[top : top + rows, left : left + columns]
        yield replace(sample, image=sample.image[part], labels=sample.labels[part], soft=None)


class BorderText:
    """Counts true text regions and their pixels, and how many of them were found.

    A region is a connected component of text in the labels: one word, or several that touch.
    """

    def __init__(self) -> None:
        self._pixels = {True: 0, False: 0}  # key: whether the border cuts the region
        self._found_pixels = {True: 0, False: 0}
        self._regions = {True: 0, False: 0}
        self._found_regions = {True: 0, False: 0}

    def add(self, labels: np.ndarray, mask: np.ndarray) -> None:
        """Count one image.

        Args:
            labels: true labels uint8 (H, W): 0 background, 1 text, 255 ignored.
            mask: predicted classes uint8 (H, W): 0 background, 1 text.
        """
        is_text = (labels == TEXT).astype(np.uint8)
        count, regions = cv2.connectedComponents(is_text, connectivity=8)
        found = np.bincount(regions[mask == TEXT], minlength=count)
        pixels = np.bincount(regions.ravel(), minlength=count)
        frame = (regions[0], regions[-1], regions[:, 0], regions[:, -1])
        cut = set(np.unique(np.concatenate(frame)).tolist())
        for region in range(1, count):
            is_cut = region in cut
            self._regions[is_cut] += 1
            self._found_regions[is_cut] += int(found[region] >= MOST * pixels[region])
            self._pixels[is_cut] += int(pixels[region])
            self._found_pixels[is_cut] += int(found[region])

    def as_figures(self) -> dict[str, Any]:
        """Return counts of regions and the found shares of regions and pixels, 0 to 1.

        Text at the border and other text have separate figures. A share is None if there is no
        such text.
        """
        return {
            name: {
                "regions": self._regions[is_cut],
                "regions_found": _share(self._found_regions[is_cut], self._regions[is_cut]),
                "pixels_found": _share(self._found_pixels[is_cut], self._pixels[is_cut]),
            }
            for name, is_cut in (("cut_by_border", True), ("inside", False))
        }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
