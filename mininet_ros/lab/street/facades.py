"""Draws the houses of the generated street: fronts, side walls and roofs."""

from __future__ import annotations

import cv2
import numpy as np

from mininet_ros.lab.street.camera import Texture
from mininet_ros.lab.street.paint import Color, clouded, noise, opaque

STOREY = 3.1
"""Height of a storey, m."""

_SCALE = 40.0  # texels per metre

WALL_COLORS: tuple[Color, ...] = (
    (92, 122, 148),  # buff brick
    (70, 88, 128),  # red brick
    (118, 132, 142),  # grey stone
    (176, 186, 192),  # render
    (84, 100, 116),  # dark brick
    (126, 150, 170),  # sandstone
)

_SHOP_COLORS: tuple[Color, ...] = (
    (44, 60, 34), (76, 48, 28), (36, 34, 88), (34, 36, 38), (128, 140, 144), (58, 74, 92),
)  # fmt: skip


def facade(
    rng: np.random.Generator,
    width: float,
    storeys: int,
    color: Color,
    light: float,
    shop: bool,
) -> Texture:
    """Front of a house: masonry, rows of windows, and a shop window or a door on the ground floor.

    Args:
        rng: random generator of the texture.
        width: width of the house, m.
        storeys: number of storeys of ``STOREY`` metres.
        color: colour of the masonry.
        light: brightness of this side of the street, as a factor.
        shop: whether the ground floor is a shop.
    """
    image = _masonry(rng, width, storeys * STOREY, color)
    bay = width / max(2, round(width / rng.uniform(2.1, 2.8)))
    frame = (214, 216, 216) if rng.random() < 0.7 else (60, 56, 52)
    for storey in range(storeys):
        floor = (storeys - storey) * STOREY
        if storey == 0:
            _ground_floor(rng, image, width, floor, bay, frame, shop)
            continue
        tall = 1.7 if storey == 1 else 1.45
        for middle in np.arange(bay / 2, width, bay).tolist():
            top = floor - 0.75 - tall
            _window(rng, image, (middle - 0.5, top, middle + 0.5, top + tall), frame)
        _band(image, floor - 0.06, 0.14, 1.12)
    _band(image, 0.28, 0.3, 1.18)
    rows = image.shape[0]
    foot = np.linspace(storeys * STOREY, 0, rows, dtype=np.float32)
    image *= (light * (1 - 0.25 * np.exp(-foot / 0.6)))[:, None, None]
    return Texture(opaque(image))


def gable(
    rng: np.random.Generator, depth: float, wall: float, ridge: float, color: Color
) -> Texture:
    """Side wall of a house under a pitched roof; premultiplied BGRA.

    Args:
        rng: random generator of the texture.
        depth: length of the wall from front to back, m.
        wall: height of the eaves above the ground, m.
        ridge: height of the ridge above the eaves, m.
        color: colour of the masonry.
    """
    pixels = opaque(0.72 * _masonry(rng, depth, wall + ridge, color))
    rows, columns = pixels.shape[:2]
    outline = np.array(
        [[0, rows], [0, rows * ridge / (wall + ridge)], [columns / 2, 0],
         [columns, rows * ridge / (wall + ridge)], [columns, rows]]
    )  # fmt: skip
    mask = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return Texture(cv2.multiply(pixels, cv2.merge([mask] * 4), scale=1 / 255))


def roof(rng: np.random.Generator, width: float, slope: float, light: float) -> Texture:
    """Slate roof, ``width`` by ``slope`` metres."""
    rows, columns = round(slope * _SCALE / 2), round(width * _SCALE / 2)
    courses = np.repeat(rng.normal(0, 5, (rows // 4 + 1, columns)), 4, 0)[:rows]
    field = 86 + courses + 5 * clouded(rng, (rows, columns), 30, 3)
    field[::4] -= 16
    return Texture(opaque(light * field[..., None] * np.array([1.04, 1.0, 0.97])))


def _masonry(rng: np.random.Generator, width: float, height: float, color: Color) -> np.ndarray:
    rows, columns = round(height * _SCALE), round(width * _SCALE)
    rough = max(color) - min(color) > 25  # brick shows its courses, render does not
    bricks = rng.normal(0, 0.06 if rough else 0.015, (rows // 3 + 1, columns // 9 + 2))
    bricks = np.repeat(np.repeat(bricks.astype(np.float32), 3, 0), 9, 1)
    field = bricks[:rows, :columns].copy()
    odd = (np.arange(rows) // 3) % 2 == 1
    field[odd] = bricks[:rows][odd][:, 4 : columns + 4]
    field += 0.05 * clouded(rng, (rows, columns), 70, 3) + 0.02 * noise(rng, (rows, columns), 1.5)
    streaks = np.repeat(noise(rng, (2, columns), 10)[:1], rows, 0)
    field -= 0.04 * np.clip(streaks, 0, 2) * np.linspace(1, 0.2, rows)[:, None]
    if rough:
        field[2::3] += 0.04
    return (1 + field)[..., None] * np.array(color, np.float32)


def _span(first: float, last: float, limit: int) -> slice:
    return slice(max(0, round(first * _SCALE)), min(limit, round(last * _SCALE)))


def _fill(image: np.ndarray, box: tuple[float, float, float, float], tone: Color) -> np.ndarray:
    area = image[_span(box[1], box[3], image.shape[0]), _span(box[0], box[2], image.shape[1])]
    area[:] = tone
    return area


def _band(image: np.ndarray, top: float, high: float, factor: float) -> None:
    rows = image.shape[0]
    image[_span(top, top + high, rows)] *= factor
    image[_span(top + high, top + high + 0.12, rows)] *= 0.72


def _glass(rng: np.random.Generator, area: np.ndarray) -> None:
    rows, columns = area.shape[:2]
    if rows < 2 or columns < 2:
        return
    down = np.linspace(1, 0, rows, dtype=np.float32)[:, None, None]
    tone = rng.uniform(28, 62)
    glint = rng.uniform(20, 80) if rng.random() < 0.6 else 5.0
    reflected = noise(rng, (rows, columns), max(4, rows / 3))[..., None]
    area[:] = tone + (glint * down**1.6 + 6 * reflected) * np.array([1.12, 1.0, 0.92])


def _window(
    rng: np.random.Generator,
    image: np.ndarray,
    box: tuple[float, float, float, float],
    frame: Color,
) -> None:
    left, top, right, bottom = box
    lintel = image[0, 0] * 1.1 + 14
    _fill(image, (left - 0.12, top - 0.2, right + 0.12, top), tuple(lintel))
    _fill(image, (left, top, right, bottom), frame)
    middle = (top + bottom) / 2
    for upper, lower in ((top + 0.07, middle - 0.03), (middle + 0.03, bottom - 0.07)):
        _glass(rng, _fill(image, (left + 0.07, upper, right - 0.07, lower), (40, 40, 40)))
    if rng.random() < 0.4:
        drop = top + rng.uniform(0.3, 0.8) * (bottom - top)
        shade = rng.uniform(110, 175)
        _fill(image, (left + 0.09, top + 0.09, right - 0.09, drop), (shade, shade, shade))
    _fill(image, (left, top, right, top + 0.09), (34, 34, 36))  # shadow of the reveal
    _fill(image, (left - 0.12, bottom, right + 0.12, bottom + 0.1), (186, 190, 192))
    rows, columns = image.shape[:2]
    under = image[_span(bottom + 0.1, bottom + 0.25, rows), _span(left - 0.1, right + 0.1, columns)]
    under *= 0.7


def _ground_floor(
    rng: np.random.Generator,
    image: np.ndarray,
    width: float,
    floor: float,
    bay: float,
    frame: Color,
    shop: bool,
) -> None:
    door = _SHOP_COLORS[int(rng.integers(len(_SHOP_COLORS)))]
    if shop:
        front = _SHOP_COLORS[int(rng.integers(len(_SHOP_COLORS)))]
        _fill(image, (0.2, floor - 3.05, width - 0.2, floor), front)
        panes = max(2, round(width / 2.2))
        step = (width - 0.6) / panes
        entry = int(rng.integers(0, panes))
        for pane in range(panes):
            left = 0.3 + pane * step
            sill = floor - 0.05 if pane == entry else floor - 0.55
            _glass(rng, _fill(image, (left + 0.06, floor - 2.3, left + step - 0.06, sill), door))
        return
    middles = np.arange(bay / 2, width, bay).tolist()
    entry = int(rng.integers(0, len(middles)))
    for index, middle in enumerate(middles):
        if index == entry:
            _fill(image, (middle - 0.62, floor - 2.5, middle + 0.62, floor), frame)
            _fill(image, (middle - 0.48, floor - 2.15, middle + 0.48, floor), door)
            fanlight = (middle - 0.48, floor - 2.4, middle + 0.48, floor - 2.2)
            _glass(rng, _fill(image, fanlight, door))
        else:
            _window(rng, image, (middle - 0.55, floor - 2.5, middle + 0.55, floor - 0.85), frame)
