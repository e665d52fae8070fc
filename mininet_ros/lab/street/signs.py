"""Draws the signs of the generated street, with text that a camera can read."""

from __future__ import annotations

import cv2
import numpy as np

from mininet_ros.lab.street.camera import Texture
from mininet_ros.lab.street.paint import Color, Sketch, noise, write

SHOP_NAMES = (
    "BAKERY", "BOOKS", "CAFE ROMA", "PHARMACY", "CITY CYCLES", "FLOWERS", "OPTICIAN",
    "HARDWARE", "TEA ROOM", "RECORDS", "TAILOR", "GROCER", "BARBER", "PRINT SHOP",
)  # fmt: skip
"""Texts of the shop signs."""

BOARD_TEXTS = (
    ("STATION", "400 m"), ("MARKET", "SQUARE"), ("PARKING", "P 120"), ("LIBRARY", "MUSEUM"),
    ("SCHOOL", "SLOW"), ("BUS STOP", "LINE 7"), ("TOWN HALL", "RIVER"), ("HOSPITAL", "A & E"),
    ("EXIT 4", "HARBOUR"), ("ROAD", "WORKS"),
)  # fmt: skip
"""Texts of the boards beside the road, two lines each."""

HANGING_TEXTS = ("CAFE", "INN", "POST", "TAXI", "HOTEL", "BANK", "ZOO", "DELI")
"""Texts of the signs that hang from the houses."""

_SCHEMES: tuple[tuple[Color, Color], ...] = (
    ((140, 74, 22), (240, 240, 240)),  # blue, white letters
    ((70, 96, 30), (240, 240, 240)),  # green, white letters
    ((232, 234, 234), (30, 30, 30)),  # white, black letters
    ((40, 190, 232), (24, 24, 24)),  # yellow, black letters
    ((44, 38, 150), (236, 236, 236)),  # red, white letters
)

_FASCIAS: tuple[tuple[Color, Color], ...] = (
    ((48, 66, 36), (206, 224, 232)),
    ((88, 54, 30), (236, 236, 234)),
    ((40, 36, 100), (226, 232, 236)),
    ((34, 36, 38), (120, 190, 214)),
    ((196, 206, 210), (40, 36, 34)),
    ((52, 150, 196), (30, 30, 32)),
)


def board(rng: np.random.Generator, lines: tuple[str, str]) -> Texture:
    """A rectangular board with two lines, 1.3 m by 0.9 m."""
    ground, letters = _SCHEMES[int(rng.integers(len(_SCHEMES)))]
    sketch = Sketch(1.3, 0.9, 100)
    sketch.box(0, 0, 1.3, 0.9, letters)
    sketch.box(0.035, 0.035, 1.265, 0.865, ground)
    write(sketch.pixels, lines[0], (0.09, 0.14, 0.91, 0.46), letters)
    write(sketch.pixels, lines[1], (0.09, 0.55, 0.91, 0.86), letters)
    return _weathered(rng, sketch)


def speed_limit(rng: np.random.Generator, limit: str) -> Texture:
    """A round speed limit sign, 0.75 m across."""
    sketch = Sketch(0.75, 0.75, 110)
    sketch.ellipse((0.375, 0.375), (0.375, 0.375), (40, 36, 190))
    sketch.ellipse((0.375, 0.375), (0.28, 0.28), (238, 240, 240))
    write(sketch.pixels, limit, (0.24, 0.32, 0.76, 0.68), (24, 24, 24))
    return _weathered(rng, sketch)


def warning(rng: np.random.Generator) -> Texture:
    """A triangular warning sign with an exclamation mark, 0.9 m by 0.8 m."""
    sketch = Sketch(0.9, 0.8, 110)
    sketch.polygon([(0.45, 0.0), (0.9, 0.8), (0.0, 0.8)], (40, 36, 190))
    sketch.polygon([(0.45, 0.17), (0.76, 0.72), (0.14, 0.72)], (238, 240, 240))
    write(sketch.pixels, "!", (0.38, 0.42, 0.62, 0.84), (24, 24, 24))
    return _weathered(rng, sketch)


def fascia(rng: np.random.Generator, name: str, width: float) -> Texture:
    """The name board above a shop window, ``width`` by 0.62 m."""
    ground, letters = _FASCIAS[int(rng.integers(len(_FASCIAS)))]
    sketch = Sketch(width, 0.62, 64)
    sketch.box(0, 0, width, 0.62, ground)
    write(sketch.pixels, name, (0.05, 0.2, 0.95, 0.8), letters)
    return _weathered(rng, sketch)


def hanging(rng: np.random.Generator, text: str) -> Texture:
    """A sign that hangs over the pavement, 0.95 m by 0.7 m."""
    ground, letters = _SCHEMES[int(rng.integers(len(_SCHEMES)))]
    sketch = Sketch(0.95, 0.7, 100)
    sketch.box(0, 0, 0.95, 0.7, tuple(0.45 * np.array(ground)))
    sketch.box(0.05, 0.05, 0.9, 0.65, ground)
    write(sketch.pixels, text, (0.12, 0.28, 0.88, 0.72), letters)
    return _weathered(rng, sketch)


def _weathered(rng: np.random.Generator, sketch: Sketch) -> Texture:
    rows, columns = sketch.pixels.shape[:2]
    field = 0.93 + 0.035 * noise(rng, (rows, columns), max(4, rows / 4))
    sketch.shade(cv2.GaussianBlur(field, (0, 0), 2))
    return sketch.texture()
