"""Regions of the target classes in one mask."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

# Shares of the image width. Fragments of a class that are closer than this are one region, and a
# region that is closer than this to the border counts as cut. Predicted masks are not more exact.
JOINING_SHARE = 0.006
BORDER_SHARE = 0.006

# Smaller regions are noise: 15 pixels of 320 x 240.
MIN_REGION_SHARE = 2e-4

MAX_REGIONS = 64


@dataclass(frozen=True, eq=False)
class Regions:
    """The M connected regions of the target classes in one mask, largest first.

    Attributes:
        labels: (M,) int64 class ids.
        boxes: (M, 4) float32 left, upper, right and lower edge, in pixels of the mask.
        areas: (M,) areas as shares of the picture, 0 to 1.
        cut: (M,) share of a region's side that the picture's border cuts, 0 (free) to 1.
        confidence: (M,) mean confidence of the network, 0 to 1.
    """

    labels: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    cut: np.ndarray
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def find_regions(mask: np.ndarray, confidence: np.ndarray | None, weights: np.ndarray) -> Regions:
    """Find the target regions of a mask.

    Args:
        mask: (h, w) uint8 labels.
        confidence: (h, w) uint8 confidence, where 255 is certain; None counts as certain
            everywhere.
        weights: (256,) float32 from ``class_weight_table``.

    Returns:
        The regions, largest first; at most 64.
    """
    found = [_NO_REGIONS]
    for label in np.flatnonzero(weights):
        member = (mask == label).view(np.uint8)
        if cv2.countNonZero(member) >= MIN_REGION_SHARE * mask.size:
            found.append(_regions_of_class(int(label), member, confidence))
    table = np.concatenate(found)
    table = table[np.argsort(-table[:, 5], kind="stable")[:MAX_REGIONS]]
    return Regions(table[:, 0].astype(np.int64), table[:, 1:5].astype(np.float32), *table[:, 5:].T)


_NO_REGIONS = np.empty((0, 8))  # label, box, area, cut, confidence


def _regions_of_class(label: int, member: np.ndarray, confidence: np.ndarray | None) -> np.ndarray:
    height, width = member.shape
    kernel = _joining(width)
    # Nothing is outside the rectangle around all members.
    left, top, across, down = cv2.boundingRect(member)
    reach = kernel.shape[0]
    left, right = max(0, left - reach), min(width, left + across + reach)
    top, bottom = max(0, top - reach), min(height, top + down + reach)
    part = np.s_[top:bottom, left:right]
    joined = cv2.morphologyEx(np.ascontiguousarray(member[part]), cv2.MORPH_CLOSE, kernel)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(joined, ltype=cv2.CV_16U)
    x, y, columns, rows, pixels = stats.T.astype(float)
    sure = np.ones(count)
    if confidence is not None:
        inside = joined > 0
        total = np.bincount(parts[inside], confidence[part][inside], count)
        sure = total / (255.0 * pixels)
    # A predicted region often ends slightly before the border that cuts the thing.
    near = max(1, round(BORDER_SHARE * width))
    on_border = np.zeros(count, np.int64)
    for inner in (0, near):
        lines = [parts[row - top] for row in (inner, height - 1 - inner) if top <= row < bottom]
        lines += [
            parts[:, column - left]
            for column in (inner, width - 1 - inner)
            if left <= column < right
        ]
        if lines:
            touching = np.bincount(np.concatenate(lines), minlength=count)
            on_border = np.maximum(on_border, touching)
    cut = np.minimum(1.0, on_border / np.minimum(columns, rows))
    x, y, areas = x + left, y + top, pixels / member.size
    table = np.column_stack(
        [np.full(count, label), x, y, x + columns - 1, y + rows - 1, areas, cut, sure]
    )[1:]
    return table[areas[1:] >= MIN_REGION_SHARE]


def _joining(width: int) -> np.ndarray:
    """Return the kernel that joins the fragments of one region."""
    side = 2 * max(1, round(JOINING_SHARE * width / 2.0)) + 1
    return cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))
