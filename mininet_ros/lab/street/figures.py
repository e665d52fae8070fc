"""Draws objects of the generated street: trees, hedges, fences, posts, bins and people."""

from __future__ import annotations

import numpy as np

from mininet_ros.lab.street.camera import Texture
from mininet_ros.lab.street.paint import Color, Sketch, clouded, noise

_RUBBER: Color = (26, 26, 28)
_COATS: tuple[Color, ...] = (
    (34, 32, 32), (62, 44, 34), (46, 52, 56), (40, 38, 84), (52, 62, 46), (92, 98, 104),
    (50, 60, 78), (30, 26, 40),
)  # fmt: skip


def tree(rng: np.random.Generator, conifer: bool) -> Texture:
    """A tree, 5 m wide and 7.5 m tall, rooted in the middle of the lower edge."""
    sketch = Sketch(5.0, 7.5, 48)
    bark = (46, 58, 66)
    sketch.polygon([(2.38, 7.5), (2.43, 3.0), (2.57, 3.0), (2.64, 7.5)], bark)
    for _ in range(7):
        tip = (2.5 + rng.normal(0, 0.8), rng.uniform(1.5, 3.5))
        sketch.line([(2.5, rng.uniform(3.6, 4.8)), tip], 0.06, bark)
    green = np.array([30, 54, 48] if conifer else [44, 88, 72], float)
    # Dark boughs first, then smaller and lighter leaves, so that the crown looks deep.
    for count, size, light in ((260, 0.2, 0.55), (700, 0.1, 0.9), (1100, 0.055, 1.2)):
        for _ in range(count):
            x, y = _crown_point(rng, conifer)
            lit = light * (1.3 - 0.1 * y) + rng.normal(0, 0.14)
            tone = tuple(np.clip(green * lit, 8, 220))
            radius = size * rng.uniform(0.6, 1.4)
            sketch.ellipse((x, y), (radius, 0.6 * radius), tone, rng.uniform(0, 180))
    rows, columns = sketch.pixels.shape[:2]
    gaps = noise(rng, (rows, columns), 9) > 1.15
    gaps[round(0.62 * rows) :] = False
    sketch.pixels[gaps] = 0
    return sketch.texture()


def _crown_point(rng: np.random.Generator, conifer: bool) -> tuple[float, float]:
    if conifer:
        height = rng.uniform(0, 1) ** 0.7
        tier = 0.75 + 0.25 * ((7 * height) % 1)  # boughs hang in tiers
        reach = 0.1 + 1.55 * height * tier
        return 2.5 + rng.uniform(-1, 1) * reach, 0.3 + 6.2 * height
    angle, radius = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1) ** 0.45
    radius *= 1 + 0.1 * np.sin(3 * angle) + 0.07 * np.sin(7 * angle + 1)
    return 2.5 + 2.05 * radius * np.cos(angle), 2.75 + 2.2 * radius * np.sin(angle)


def hedge(rng: np.random.Generator) -> Texture:
    """A hedge, 4 m long and 1.5 m tall."""
    sketch = Sketch(4.0, 1.5, 48)
    for _ in range(900):
        x, y = rng.uniform(0, 4), rng.uniform(0.14, 1.5)
        lit = 1.25 - 0.5 * y + rng.normal(0, 0.16)
        tone = tuple(np.clip(np.array([36, 74, 60]) * lit, 8, 220))
        sketch.ellipse((x, y), (rng.uniform(0.05, 0.13), 0.07), tone, rng.uniform(0, 180))
    return sketch.texture()


def railing() -> Texture:
    """An iron railing, 4 m long and 1.2 m tall."""
    sketch = Sketch(4.0, 1.2, 60)
    iron = (44, 48, 46)
    for x in np.arange(0.06, 4.0, 0.125).tolist():
        sketch.box(x, 0.04, x + 0.045, 1.2, iron)
    for y in (0.12, 0.98):
        sketch.box(0, y, 4.0, y + 0.07, iron)
    for x in (0.0, 1.97, 3.94):
        sketch.box(x, 0.0, x + 0.08, 1.2, iron)
    return sketch.texture()


def planks(rng: np.random.Generator) -> Texture:
    """A wooden fence, 4 m long and 1.7 m tall."""
    sketch = Sketch(4.0, 1.7, 60)
    for x in np.arange(0, 4.0, 0.16).tolist():
        tone = rng.normal(1.0, 0.08)
        sketch.box(x, 0.05, x + 0.152, 1.7, (62 * tone, 84 * tone, 102 * tone))
    for y in (0.35, 1.3):
        sketch.box(0, y, 4.0, y + 0.09, (50, 68, 82))
    sketch.shade(1 + 0.08 * clouded(rng, (102, 240), 20, 3))
    return sketch.texture()


def lamp_post(towards: int) -> Texture:
    """A street lamp, 1.6 m by 6.5 m; its arm points to the right (+1) or to the left (-1)."""
    sketch = Sketch(1.6, 6.5, 60)
    steel = (104, 108, 106)
    sketch.box(0.74, 0.4, 0.86, 6.5, steel)
    sketch.box(0.70, 5.3, 0.90, 6.5, (88, 92, 90))
    end = 0.8 + 0.7 * towards
    sketch.line([(0.8, 0.42), (0.8 + 0.3 * towards, 0.2), (end, 0.16)], 0.08, steel)
    sketch.ellipse((end - 0.1 * towards, 0.17), (0.3, 0.08), (150, 152, 150))
    return sketch.texture()


def post(height: float, color: Color = (112, 114, 112)) -> Texture:
    """A round post, 0.11 m thick."""
    sketch = Sketch(0.11, height, 60)
    sketch.box(0, 0, 0.11, height, color)
    sketch.shade(np.array([[0.8, 1.15, 0.6]]))
    return sketch.texture()


def litter_bin(rng: np.random.Generator) -> Texture:
    """A litter bin, 0.55 m by 1 m."""
    sketch = Sketch(0.55, 1.0, 80)
    sketch.box(0.03, 0.12, 0.52, 1.0, (40, 58, 42))
    sketch.ellipse((0.275, 0.13), (0.25, 0.1), (30, 42, 32))
    sketch.box(0.1, 0.22, 0.45, 0.36, (18, 20, 18))
    sketch.shade(np.array([[0.8, 1.2, 1.0, 0.6]]) + 0.03 * noise(rng, (20, 4), 2))
    return sketch.texture()


def shadow() -> Texture:
    """A soft dark patch that lies on the ground under a car or a person."""
    y, x = np.mgrid[-1:1:48j, -1:1:48j]
    inside = 1 - np.maximum(np.abs(x), np.abs(y)) ** 3
    pixels = np.zeros((48, 48, 4), np.uint8)
    pixels[..., 3] = np.rint(165 * np.clip(2.2 * inside * (1 - 0.3 * np.hypot(x, y)), 0, 1))
    return Texture(pixels, translucent=True)


def house_shadow() -> Texture:
    """The shadow of a house on the ground; the lower edge of the texture is that of the eaves."""
    rows, columns = 64, 128
    down, right = np.mgrid[0:rows, 0:columns].astype(np.float32)
    ends = np.clip(np.minimum(right + 8, columns + 7 - right) / 14, 0, 1)
    pixels = np.zeros((rows, columns, 4), np.uint8)
    pixels[..., 3] = np.rint(92 * np.clip((rows - down) / 3, 0, 1) * ends)
    return Texture(pixels, translucent=True)


def pedestrian(rng: np.random.Generator) -> tuple[Texture, ...]:
    """Four phases of a walking person, 0.9 m by 1.78 m."""
    coat = _COATS[int(rng.integers(len(_COATS)))]
    trousers = tuple(rng.uniform(18, 60) * np.array([1.15, 1.0, 0.95]))
    skin = (118, 142, 182)
    hair = tuple(rng.uniform(20, 70) * np.array([0.8, 0.9, 1.0]))
    bag = rng.random() < 0.5
    phases = []
    for swing in (-1.0, -0.25, 1.0, 0.25):
        sketch = Sketch(0.9, 1.78, 90)
        for side, tone in ((-1, 0.75), (1, 1.0)):
            knee = (0.45 + 0.13 * side * swing, 1.3)
            foot = (0.45 + 0.22 * side * swing, 1.73)
            sketch.line([(0.45, 0.92), knee, foot], 0.135, tuple(tone * np.array(trousers)))
            sketch.ellipse((foot[0] + 0.03, 1.75), (0.1, 0.035), (24, 24, 26))
        _arms(sketch, swing, coat, skin)
        sketch.polygon(
            [(0.29, 0.36), (0.38, 0.29), (0.53, 0.29), (0.62, 0.36), (0.62, 1.02), (0.28, 1.02)],
            coat,
        )
        if bag:
            sketch.box(0.58, 0.72, 0.74, 1.0, (30, 36, 52))
        sketch.box(0.41, 0.23, 0.49, 0.32, skin)
        sketch.ellipse((0.45, 0.15), (0.095, 0.125), skin)
        sketch.ellipse((0.45, 0.1), (0.1, 0.09), hair)
        sketch.shade(np.array([[0.72, 0.9, 1.15, 1.2]]))
        phases.append(sketch.texture())
    return tuple(phases)


def bicyclist(rng: np.random.Generator) -> tuple[Texture, ...]:
    """Four phases of a person riding away on a bicycle, seen from behind, 0.9 m by 1.8 m."""
    jacket = _COATS[int(rng.integers(len(_COATS)))]
    trousers = (44, 38, 36)
    phases = []
    for lift in (0.0, 0.09, 0.18, 0.09):
        sketch = Sketch(0.9, 1.8, 90)
        sketch.box(0.42, 1.1, 0.48, 1.8, _RUBBER)
        sketch.box(0.40, 1.02, 0.50, 1.08, (36, 36, 40))
        sketch.line([(0.38, 0.98), (0.33, 1.3), (0.35, 1.68 - lift)], 0.13, trousers)
        sketch.line([(0.52, 0.98), (0.57, 1.3), (0.55, 1.5 + lift)], 0.13, trousers)
        sketch.box(0.43, 1.16, 0.47, 1.22, (40, 40, 190))
        sketch.line([(0.32, 0.46), (0.2, 0.72), (0.24, 0.9)], 0.1, jacket)
        sketch.line([(0.58, 0.46), (0.7, 0.72), (0.66, 0.9)], 0.1, jacket)
        sketch.line([(0.16, 0.9), (0.74, 0.9)], 0.035, (40, 40, 42))
        sketch.polygon(
            [(0.29, 0.44), (0.38, 0.37), (0.52, 0.37), (0.61, 0.44), (0.57, 1.06), (0.33, 1.06)],
            jacket,
        )
        sketch.ellipse((0.45, 0.24), (0.095, 0.125), (106, 126, 160))
        sketch.ellipse((0.45, 0.19), (0.12, 0.12), (48, 44, 42))
        sketch.shade(np.array([[0.75, 0.95, 1.15, 1.1]]))
        phases.append(sketch.texture())
    return tuple(phases)


def _arms(sketch: Sketch, swing: float, coat: Color, skin: Color) -> None:
    for side in (-1, 1):
        hand = (0.45 + 0.2 * side - 0.1 * swing, 0.98)
        sketch.line([(0.45 + 0.13 * side, 0.38), (0.45 + 0.2 * side, 0.68), hand], 0.1, coat)
        sketch.ellipse(hand, (0.05, 0.06), skin)
