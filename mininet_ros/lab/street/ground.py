"""Draws ground, sky and horizon of the generated street."""

from __future__ import annotations

import cv2
import numpy as np

from mininet_ros.lab.street.camera import Texture
from mininet_ros.lab.street.paint import Color, clouded, noise, opaque, repeating

PERIOD = 32.0
"""Length in m after which road and pavement repeat."""

_SCALE = 60.0  # texels per metre


def road(rng: np.random.Generator, width: float, centre: float) -> Texture:
    """Asphalt with lane markings, patches, cracks and wheel tracks.

    The width of the texture runs along the street.

    Args:
        rng: random generator of the texture.
        width: width of the road from kerb to kerb, m.
        centre: distance of the centre line from the left kerb, m.
    """
    rows = round(width * _SCALE)
    columns = round(PERIOD * _SCALE)
    blended = round(columns * 8 / 7)
    field = 3.5 * clouded(rng, (rows, blended), 90, 3) + 5.0 * noise(rng, (rows, blended), 1.6)
    field = repeating(field)[:, :columns] + 98
    lateral = (np.arange(rows, dtype=np.float32) + 0.5) / _SCALE
    for track in (centre - 2.6, centre - 0.9, centre + 0.9, centre + 2.6):
        field -= 4.5 * np.exp(-(((lateral - track) / 0.3) ** 2))[:, None]
    field -= 16 * np.exp(-((np.minimum(lateral, width - lateral) / 0.28) ** 2))[:, None]
    for _ in range(7):
        x, y = rng.integers(0, columns - 200), rng.integers(20, rows - 120)
        w, h = rng.integers(60, 240), rng.integers(40, 110)
        field[y : y + h, x : x + w] += rng.uniform(-11, 7)
    for _ in range(10):
        _crack(rng, field)
    image = field[..., None] * np.array([1.0, 0.985, 0.97], np.float32)
    _mark_lanes(rng, image, width, centre)
    for _ in range(3):
        middle = (int(rng.integers(60, columns - 60)), int(rng.integers(rows // 4, 3 * rows // 4)))
        cv2.circle(image, middle, 20, (62.0, 64.0, 66.0), -1, cv2.LINE_AA)
        cv2.circle(image, middle, 20, (82.0, 84.0, 86.0), 3, cv2.LINE_AA)
    return Texture(opaque(image), wrap=True)


def _crack(rng: np.random.Generator, field: np.ndarray) -> None:
    rows, columns = field.shape
    steps = rng.normal(0, 1, (40, 2)).cumsum(0) * 2.2 + np.linspace(0, 1, 40)[:, None] * (
        rng.uniform(-220, 220, 2)
    )
    start = rng.uniform((220, 40), (columns - 220, rows - 40))
    path = np.rint(start + steps).astype(np.int32).reshape(-1, 1, 2)
    cv2.polylines(field, [path], False, 74.0, 2, cv2.LINE_AA)


def _mark_lanes(rng: np.random.Generator, image: np.ndarray, width: float, centre: float) -> None:
    rows, columns = image.shape[:2]
    paint = np.zeros((rows, columns, 3), np.float32)
    cover = np.zeros((rows, columns), np.float32)

    def stripe(at: float, thick: float, first: float, last: float, tone: Color) -> None:
        edges = np.array([at - thick / 2, at + thick / 2, first, last])
        top, bottom, left, right = np.rint(edges * _SCALE).astype(int)
        paint[top:bottom, left:right] = tone
        cover[top:bottom, left:right] = 1.0

    white, yellow = (208, 212, 214), (96, 178, 204)
    for first in np.arange(1.0, PERIOD, 6.4).tolist():
        stripe(centre, 0.12, first, first + 3.4, white)
    for inset in (0.28, 0.46):
        stripe(inset, 0.075, 0.0, PERIOD, yellow)
        stripe(width - inset, 0.075, 0.0, PERIOD * 0.6, yellow)
    worn = np.clip(0.80 + 0.16 * noise(rng, (rows, columns), 5), 0.25, 0.95)
    share = (cv2.GaussianBlur(cover, (3, 3), 0.7) * worn)[..., None]
    image += share * (np.where(cover[..., None] > 0, paint, image) - image)


def pavement(rng: np.random.Generator, width: float, kerb_at_top: bool) -> Texture:
    """Paving slabs with a row of kerb stones along one edge; it repeats along its width.

    Args:
        rng: random generator of the texture.
        width: width of the pavement from kerb to wall, m.
        kerb_at_top: whether the kerb stones are at the upper edge of the texture instead of the
            lower one.
    """
    rows = round(width * _SCALE)
    columns = round(PERIOD * _SCALE)
    slab = round(0.64 * _SCALE)
    tones = rng.normal(0, 7, (rows // slab + 1, columns // slab + 1)).astype(np.float32)
    field = np.kron(tones, np.ones((slab, slab), np.float32))[:rows, :columns]
    blended = round(columns * 8 / 7)
    grain = 4.0 * noise(rng, (rows, blended), 1.5) + 5.0 * clouded(rng, (rows, blended), 60, 3)
    field = field + repeating(grain)[:, :columns] + 134
    field[::slab] -= 26
    field[:, ::slab] -= 22
    stone = round(0.15 * _SCALE)
    field[:stone] = 164 + grain[:stone, :columns]
    field[stone : stone + 2] -= 45
    field[:stone, :: round(0.9 * _SCALE)] -= 40
    wall = np.linspace(0, width, rows, dtype=np.float32)[:, None]
    field *= 1 - 0.28 * np.exp(-(((wall - width) / 0.5) ** 2))
    image = field[..., None] * np.array([0.965, 0.99, 1.0], np.float32)
    return Texture(opaque(image if kerb_at_top else image[::-1]), wrap=True)


def kerb(rng: np.random.Generator) -> Texture:
    """Vertical face of the kerb; it repeats along its width."""
    columns = round(PERIOD * _SCALE / 2)
    field = 126 + 8 * repeating(noise(rng, (8, round(columns * 8 / 7)), 4))[:, :columns]
    field[:, :: round(0.45 * _SCALE)] -= 40
    field[-2:] -= 30
    return Texture(opaque(np.repeat(field[..., None], 3, 2)), wrap=True)


def grass(rng: np.random.Generator) -> Texture:
    """Rough grass, 16 m by 8 m, at a quarter of the ground's resolution; it repeats in width."""
    rows, columns = 120, 240
    blended = round(columns * 8 / 7)
    field = 12 * noise(rng, (rows, blended), 1.5) + 9 * clouded(rng, (rows, blended), 30, 3)
    field = repeating(field)[:, :columns]
    return Texture(opaque(field[..., None] * (0.7, 1.0, 0.85) + (44.0, 92.0, 84.0)), wrap=True)


def sky(rng: np.random.Generator) -> Texture:
    """Bright sky with soft clouds above distant trees; the lower edge is the horizon."""
    rows, columns = 384, 1024
    up = np.linspace(1, 0, rows, dtype=np.float32)[:, None, None]
    zenith = np.array([246, 230, 210], np.float32)
    horizon = np.array([246, 243, 238], np.float32)
    image = horizon + (zenith - horizon) * np.clip(1.5 * up, 0, 1) ** 0.8
    cloud = clouded(rng, (rows * 2, columns), 230, 5)[::2]
    cover = np.clip(cloud * 0.55 + 0.42, 0, 1)[..., None] ** 1.4
    lit = 251 - 12 * np.clip(clouded(rng, (rows, columns), 140, 4), -1, 1.5)[..., None]
    image = image * (1 - cover) + lit * cover * np.array([1.0, 0.995, 0.985], np.float32)
    return Texture(opaque(image))


def distance(rng: np.random.Generator) -> Texture:
    """Hazy tree tops at the far end of the street, 48 m by 12 m; premultiplied."""
    rows, columns = 96, 384
    tops = 40 + 9 * noise(rng, (2, columns), 26)[0] + 4 * noise(rng, (2, columns), 7)[0]
    tops += 3 * rng.standard_normal(columns).astype(np.float32)
    below = np.clip(np.arange(rows, dtype=np.float32)[:, None] - tops, 0, 1)
    tone = 1 + 0.07 * clouded(rng, (rows, columns), 12, 3)
    image = tone[..., None] * np.array([146, 156, 148], np.float32)
    pixels = opaque(image)
    pixels[:] = np.rint(pixels * below[..., None])
    return Texture(pixels)
