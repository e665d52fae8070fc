"""Tiny pictures and texts, to make datasets of."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT = 32, 24


def write_picture(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def grey(value: int = 90) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def labels_of(*values: int) -> np.ndarray:
    """A label picture whose rows run through ``values``."""
    return np.resize(np.array(values, np.uint8), (WIDTH, HEIGHT)).T.copy()
