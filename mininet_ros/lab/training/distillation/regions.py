"""Grows the shrunk regions of a text detector to the size of the words."""

from __future__ import annotations

import cv2
import numpy as np

CORE = 0.3  # probability from which a pixel belongs to a region's core
SMALLEST = 6  # pixels of a core; fewer are noise


def grow_regions(probabilities: np.ndarray, ratio: float) -> np.ndarray:
    """Grow each region of every class by its own distance.

    Text detectors (DB and its successors) mark a word by its shrunk core, so that neighbouring
    words stay separate. The distance is ``area * ratio / perimeter`` of the smallest rectangle
    around the core, as in these detectors. An added pixel gets the mean probability of the core
    unless its own probability is larger.

    Args:
        probabilities: probabilities float32 (h, w, classes); 0 for a class without regions.
        ratio: factor of the distance, positive.

    Returns:
        Probabilities float32 (h, w, classes) with grown regions.
    """
    grown = probabilities.copy()
    for index in range(probabilities.shape[2]):
        plane = np.ascontiguousarray(probabilities[..., index])
        target = grown[..., index]
        count, regions, boxes, _ = cv2.connectedComponentsWithStats((plane > CORE).astype(np.uint8))
        for region in range(1, count):
            left, top, width, height, area = boxes[region]
            if area < SMALLEST:
                continue
            inside = np.s_[top : top + height, left : left + width]
            core = (regions[inside] == region).astype(np.uint8)
            value = plane[inside][core > 0].mean()
            reach = _reach(core, ratio)
            rows = slice(max(0, top - reach), top + height + reach)
            columns = slice(max(0, left - reach), left + width + reach)
            kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
            covered = cv2.dilate((regions[rows, columns] == region).astype(np.uint8), kernel) > 0
            part = target[rows, columns]
            part[covered] = np.maximum(part[covered], value)
    return grown


def _reach(core: np.ndarray, ratio: float) -> int:
    """Return the pixels that a core, uint8 (h, w) of 0 and 1, grows by in each direction."""
    _, (width, height), _ = cv2.minAreaRect(cv2.findNonZero(core))
    width, height = width + 1, height + 1  # from pixel centres to pixel borders
    return round(ratio * width * height / (2 * (width + height)))
