"""Draws backgrounds without text: noise, areas, bars and gratings that resemble letters."""

from __future__ import annotations

import cv2
import numpy as np


def draw_background(random: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Draw a random background uint8 (height, width, 3) BGR."""
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = random.integers(20, 236, 3)
    cells = 2
    while cells <= 64:
        shape = (max(2, cells * height // width), cells, 3 if cells < 16 else 1)
        strength = random.uniform(0, 60) / np.sqrt(cells)
        coarse = (strength * random.standard_normal(shape)).astype(np.float32)
        fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        picture += fine.reshape(height, width, -1)
        cells *= 4
    for _ in range(random.integers(0, 12)):
        _draw_shape(random, picture)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _draw_shape(random: np.random.Generator, picture: np.ndarray) -> None:
    """Draw an area, some lines, a disc or a grating at a random place in a random colour."""
    height, width = picture.shape[:2]
    color = random.integers(0, 256, 3).tolist()
    x, y = (int(value) for value in random.integers(0, (width, height)))
    reach = int(width * random.uniform(0.02, 0.4))
    points = np.array([x, y]) + random.integers(-reach, reach + 1, (4, 2))
    kind = random.integers(5)
    if kind == 0:
        cv2.fillConvexPoly(picture, cv2.convexHull(points.astype(np.int32)), color, cv2.LINE_AA)
    elif kind == 1:
        cv2.rectangle(picture, points[0].tolist(), points[1].tolist(), color, -1)
    elif kind == 2:
        cv2.polylines(picture, [points.astype(np.int32)], False, color, int(random.integers(1, 5)))
    elif kind == 3:
        cv2.circle(picture, (x, y), max(1, reach // 4), color, int(random.choice((-1, 1, 3))))
    else:
        step = int(random.integers(3, 20))
        for offset in range(0, reach, step):
            upright = random.random() < 0.98
            end = (x + offset, y + reach // 2) if upright else (x, y + offset)
            cv2.line(picture, (x + offset, y), end, color, max(1, step // 3))
