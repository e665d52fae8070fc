"""Draws the cars of the generated street."""

from __future__ import annotations

import numpy as np

from mininet_ros.lab.street.camera import Texture
from mininet_ros.lab.street.paint import Color, Sketch

LENGTH, WIDTH, HEIGHT = 4.1, 1.7, 1.46
"""Size of a car, m."""
WAIST = 0.52
"""Height of the windows, from the roof down, m."""
BONNET = 0.84
"""Height of the front below the bonnet, m."""

COLORS: tuple[Color, ...] = (
    (58, 52, 48), (142, 142, 138), (38, 34, 104), (92, 54, 32), (184, 186, 186), (34, 36, 38),
    (78, 72, 56), (50, 66, 80),
)  # fmt: skip
"""Colours of the bodywork."""

_GLASS: Color = (50, 44, 40)
_REFLECTION: Color = (112, 104, 96)
_RUBBER: Color = (24, 24, 26)
_LAMP: Color = (186, 190, 192)


class Car:
    """The faces of one car.

    Args:
        color: colour of the bodywork.

    Attributes:
        glazing: side with the windows, the car's front to the right, ``LENGTH`` by ``WAIST`` m.
        doors: side below the windows, the car's front to the right.
        rear: back of the hatchback, ``WIDTH`` by ``HEIGHT`` m.
        front: front below the bonnet, ``WIDTH`` by ``BONNET`` m.
        bonnet: bonnet as seen from the front, its near edge at the bottom.
        windscreen: windscreen with its pillars.
    """

    def __init__(self, color: Color) -> None:
        side = _side(color)
        cut = round(WAIST / HEIGHT * side.shape[0])
        self.glazing = Texture(side[:cut])
        self.doors = Texture(side[cut:])
        self.rear = _rear(color)
        self.front = _front(color)
        self.bonnet = _bonnet(color)
        self.windscreen = _windscreen(color)


def _side(color: Color) -> np.ndarray:
    sketch = Sketch(LENGTH, HEIGHT, 80)
    body = [
        (0.0, 1.18), (0.0, 0.62), (0.03, 0.52), (0.24, 0.1), (0.4, 0.03), (1.9, 0.0),
        (2.3, 0.06), (3.0, 0.5), (3.8, 0.58), (4.08, 0.64), (4.1, 0.74), (4.1, 1.18), (4.0, 1.22),
        (0.12, 1.22),
    ]  # fmt: skip
    sketch.polygon(body, color)
    _reflect(sketch)
    sketch.polygon([(0.36, 0.5), (0.5, 0.15), (1.9, 0.09), (2.22, 0.13), (2.72, 0.5)], _GLASS)
    sketch.polygon([(0.45, 0.3), (0.5, 0.15), (1.9, 0.09), (2.1, 0.12)], _REFLECTION)
    dark = _scaled(color, 0.55)
    for x in (0.62, 1.48):
        pillar = [(x, 0.54), (x + 0.03, 0.1), (x + 0.1, 0.1), (x + 0.09, 0.54)]
        sketch.polygon(pillar, _scaled(color, 0.8))
    for x in (0.66, 1.52, 2.66):
        sketch.line([(x, 0.54), (x + 0.02, 1.12)], 0.02, dark)
    for x in (1.3, 2.2):
        sketch.box(x, 0.66, x + 0.14, 0.69, dark)
    sketch.box(0.1, 1.14, 4.0, 1.24, (34, 34, 36))
    for x in (0.78, 3.28):
        sketch.ellipse((x, 1.14), (0.37, 0.37), (18, 18, 20))
        sketch.ellipse((x, 1.14), (0.315, 0.315), _RUBBER)
        sketch.ellipse((x, 1.14), (0.2, 0.2), (118, 118, 116))
        for angle in np.arange(0, 2 * np.pi, 2 * np.pi / 5):
            hole = (x + 0.12 * np.cos(angle), 1.14 + 0.12 * np.sin(angle))
            sketch.ellipse(hole, (0.045, 0.045), (52, 52, 52))
    sketch.box(0.02, 0.62, 0.12, 0.84, (36, 34, 140))
    sketch.polygon([(3.84, 0.68), (4.1, 0.72), (4.1, 0.88), (3.9, 0.84)], _LAMP)
    return sketch.finished()


def _rear(color: Color) -> Texture:
    sketch = Sketch(WIDTH, HEIGHT, 90)
    shell = [
        (0.0, 1.14), (0.0, 0.58), (0.02, 0.5), (0.2, 0.08), (0.32, 0.02), (1.38, 0.02),
        (1.5, 0.08), (1.68, 0.5), (1.7, 0.58), (1.7, 1.14), (1.62, 1.24), (0.08, 1.24),
    ]  # fmt: skip
    sketch.polygon(shell, color)
    _reflect(sketch)
    sketch.polygon([(0.22, 0.52), (0.34, 0.14), (1.36, 0.14), (1.48, 0.52)], _GLASS)
    sketch.polygon([(0.3, 0.28), (0.34, 0.14), (1.36, 0.14), (1.2, 0.32)], _REFLECTION)
    sketch.box(0.5, 0.44, 0.68, 0.52, (30, 28, 28))
    sketch.box(1.02, 0.44, 1.2, 0.52, (30, 28, 28))
    for left in (0.04, 1.46):
        sketch.box(left, 0.56, left + 0.2, 0.9, (34, 32, 146))
        sketch.box(left, 0.72, left + 0.2, 0.78, (60, 110, 200))
    sketch.line([(0.26, 0.94), (1.44, 0.94)], 0.018, _scaled(color, 0.45))
    sketch.box(0.04, 1.0, 1.66, 1.2, _scaled(color, 0.62))
    sketch.box(0.6, 0.72, 1.1, 0.84, (70, 186, 208))
    for left in (0.65, 0.76, 0.87, 0.98):
        sketch.box(left, 0.745, left + 0.06, 0.815, (24, 24, 24))
    sketch.box(0.1, 1.2, 1.6, 1.3, (26, 26, 28))
    for left in (0.12, 1.36):
        sketch.box(left, 1.16, left + 0.22, 1.46, _RUBBER)
    return sketch.texture()


def _front(color: Color) -> Texture:
    sketch = Sketch(WIDTH, BONNET, 90)
    shell = [
        (0.0, 0.56), (0.0, 0.1), (0.05, 0.01), (1.65, 0.01), (1.7, 0.1), (1.7, 0.56),
        (1.6, 0.64), (0.1, 0.64),
    ]  # fmt: skip
    sketch.polygon(shell, color)
    _reflect(sketch)
    for left in (0.08, 1.28):
        sketch.box(left, 0.1, left + 0.34, 0.26, _LAMP)
        sketch.ellipse((left + 0.17, 0.18), (0.09, 0.07), (236, 238, 238))
    sketch.box(0.5, 0.12, 1.2, 0.23, (30, 30, 32))
    sketch.box(0.3, 0.44, 1.4, 0.56, (32, 32, 34))
    sketch.box(0.6, 0.3, 1.1, 0.41, (220, 222, 222))
    for left in (0.65, 0.76, 0.87, 0.98):
        sketch.box(left, 0.325, left + 0.06, 0.39, (24, 24, 24))
    sketch.box(0.1, 0.6, 1.6, 0.68, (26, 26, 28))
    for left in (0.12, 1.36):
        sketch.box(left, 0.52, left + 0.22, 0.84, _RUBBER)
    return sketch.texture()


def _bonnet(color: Color) -> Texture:
    sketch = Sketch(WIDTH, 1.0, 40)
    sketch.polygon([(0.02, 0.0), (1.68, 0.0), (1.66, 1.0), (0.04, 1.0)], color)
    sketch.shade(np.linspace(1.5, 1.15, 8)[:, None])
    return sketch.texture()


def _windscreen(color: Color) -> Texture:
    sketch = Sketch(WIDTH, 0.9, 80)
    sketch.polygon([(0.2, 0.0), (1.5, 0.0), (1.66, 0.9), (0.04, 0.9)], color)
    sketch.polygon([(0.3, 0.09), (1.4, 0.09), (1.56, 0.88), (0.14, 0.88)], (66, 58, 52))
    sketch.polygon([(0.3, 0.09), (1.0, 0.09), (0.5, 0.88), (0.14, 0.88)], _REFLECTION)
    for left in (0.42, 1.0):
        sketch.box(left, 0.42, left + 0.26, 0.7, (36, 34, 34))
    return sketch.texture()


def _reflect(sketch: Sketch) -> None:
    """Add reflections: the sky on the upper bodywork, the dark street on the lower bodywork."""
    down = np.linspace(0, 1, 64)[:, None]
    crease = 0.12 * np.exp(-(((down - 0.5) / 0.03) ** 2))
    sketch.shade(1.32 - 0.8 * down + 0.08 * np.sin(9 * down) + crease)


def _scaled(color: Color, factor: float) -> Color:
    return (color[0] * factor, color[1] * factor, color[2] * factor)
