"""Text that the border of the picture cuts, apart from the rest.

Whoever selects frames by the text in them must find cut words, too: a frame that cuts a word is
worse than the next one that does not.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from mininet_ros.lab.training.data.datasets.scene_text import TEXT

MOST = 0.5  # share of a region's pixels from which it counts as found


class BorderText:
    """Counts of true regions of text and of their pixels, and how much of them was found.

    A region is a connected piece of text in the labels: a word, or neighbours that touch.
    """

    def __init__(self) -> None:
        self._pixels = {True: 0, False: 0}  # by whether the border cuts the region
        self._found_pixels = {True: 0, False: 0}
        self._regions = {True: 0, False: 0}
        self._found_regions = {True: 0, False: 0}

    def add(self, labels: np.ndarray, mask: np.ndarray) -> None:
        """Count one image; both uint8 (H, W), of background, text and, in the labels, void."""
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
        """By where the text is: regions, and the shares (0-1) found of them and of their pixels.

        A share is None where there is no such text.
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
