"""Shift between two whole pictures, for where corners cannot be followed."""

from __future__ import annotations

import cv2
import numpy as np

# Pictures are reduced by this factor.
FACTOR = 4

# With the first response (share of the peak of the phase correlation), a shift is worth a try:
# following the corners confirms it. The second one is enough alone: unrelated photos reach at most
# 0.45.
LIKELY, CERTAIN = 0.1, 0.45


def _reduced(picture: np.ndarray) -> np.ndarray:
    """Return a (h, w) uint8 picture reduced by 4, at least 1 pixel large."""
    size = max(1, picture.shape[1] // FACTOR), max(1, picture.shape[0] // FACTOR)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def shift_between(
    before: np.ndarray | None, after: np.ndarray, least_response: float
) -> np.ndarray | None:
    """Measure the shift between two pictures by phase correlation.

    Args:
        before: (h, w) uint8 picture from ``levelled``; None if there is none yet.
        after: (h, w) uint8 picture from ``levelled``.
        least_response: least share of the peak, ``LIKELY`` or ``CERTAIN``.

    Returns:
        (2,) float64 x, y that maps ``before`` onto ``after``, pixels; None if no shift is clear.
    """
    if before is None:
        return None
    first, second = (_reduced(picture).astype(np.float32) for picture in (before, after))
    size = (first.shape[1], first.shape[0])
    # Without the window, the borders of the pictures correlate best: at no shift.
    window = cv2.createHanningWindow(size, cv2.CV_32F)
    shift, response = cv2.phaseCorrelate(first, second, window)
    if response < least_response:
        return None
    return np.array(shift) * (after.shape[1] / size[0])
