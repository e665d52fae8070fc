"""Maps of many channels brought to another size."""

from __future__ import annotations

import cv2
import numpy as np


def resized_map(values: np.ndarray, width: int, height: int) -> np.ndarray:
    """An array (h, w, channels) as (height, width, channels): averaged where it shrinks."""
    shrinks = values.shape[0] >= height and values.shape[1] >= width
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    # OpenCV averages four channels at most at once.
    planes = (
        cv2.resize(values[..., channel], (width, height), interpolation=interpolation)
        for channel in range(values.shape[2])
    )
    return np.stack(list(planes), axis=2)
