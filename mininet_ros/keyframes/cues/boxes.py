"""Boxes around things: what they share, and what of them is outside the picture."""

from __future__ import annotations

import numpy as np

from mininet_ros.keyframes.cues.regions import BORDER_SHARE

# Boxes are grown by this much on each side before they are compared, in tracked pixels. Flow soon
# carries the box of a thing of a few pixels beside the thing.
MARGIN = 3.0

# An extent that reaches outside by less than this share of the image width may be inexact.
OUTSIDE_SHARE = 0.006


def adjusted(
    extents: np.ndarray, found: np.ndarray, weight: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the extents (N, 4) of things after these boxes (N, 4) were found, with weight (N, 1).

    Where the border cuts a region, its thing goes on as far as it was seen to go before.
    """
    mean = extents + weight * (found - extents)
    near = max(1, round(BORDER_SHARE * size[0]))
    low = np.where(found[:, :2] <= near, np.minimum(extents, found)[:, :2], mean[:, :2])
    end = np.array(size) - 1 - near
    high = np.where(found[:, 2:] >= end, np.maximum(extents, found)[:, 2:], mean[:, 2:])
    return np.hstack([low, high])


def outside(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return how far each box reaches outside the picture, as a share of its short side, 0 to 1."""
    beyond = np.maximum(-boxes[:, :2], boxes[:, 2:] - (np.array(size) - 1)).max(axis=1, initial=0.0)
    short = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) + 1.0
    return np.clip((beyond - OUTSIDE_SHARE * size[0]) / short, 0.0, 1.0)


def intersections(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the area that N boxes share with M others, all grown by a margin, (N, M)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.maximum(high - low + 1.0 + 2.0 * MARGIN, 0.0).prod(axis=2)


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Return the areas of (N, 4) boxes that are grown by a margin."""
    return (boxes[:, 2:] - boxes[:, :2] + 1.0 + 2.0 * MARGIN).prod(axis=1)
