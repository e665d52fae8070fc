"""Resizes maps of many channels."""

from __future__ import annotations

import cv2
import numpy as np


def resized_map(values: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resize an array (h, w, channels) to (height, width, channels); it averages if it shrinks."""
    shrinks = values.shape[0] >= height and values.shape[1] >= width
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    # OpenCV averages at most four channels at once.
    planes = (
        cv2.resize(values[..., channel], (width, height), interpolation=interpolation)
        for channel in range(values.shape[2])
    )
    return np.stack(list(planes), axis=2)
