"""Adds signs to an image from random views, and their labels."""

from __future__ import annotations

import cv2
import numpy as np

from mininet_ros.lab.training.data.datasets.scene_text import (
    BACKGROUND,
    TEXT,
    TextRegion,
    draw_regions,
)
from mininet_ros.lab.training.data.rendered_text.signs import Sign, draw_sign
from mininet_ros.lab.training.data.rendered_text.typefaces import Typefaces

MOST_SIGNS = 9
ATTEMPTS = 3  # number of places that are tried for a sign
LETTERS = (8.0, 90.0)  # range of the letter height in pixels, drawn log-uniformly
LEAST_CONTRAST = 60.0  # smallest difference between text and background in grey levels
OVERHANGING = 0.3  # share of the signs that the image border cuts


def add_text(
    picture: np.ndarray, labels: np.ndarray, random: np.random.Generator, typefaces: Typefaces
) -> None:
    """Add up to nine signs at places without text, in place.

    Args:
        picture: image uint8 (H, W, 3) BGR.
        labels: labels uint8 (H, W): 0 background, 1 text, 255 ignored; the quadrilateral of each
            word is added, clipped at the image border.
    """
    for _ in range(random.integers(1, MOST_SIGNS + 1)):
        letters = float(np.exp(random.uniform(*np.log(LETTERS))))
        sign = draw_sign(random, typefaces, letters)
        if sign is not None:
            any(hang(picture, labels, random, sign, letters) for _ in range(ATTEMPTS))
    _soften(picture, random)


def _draw_centre(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Draw x and y of a sign's centre in pixels: anywhere in the image, or near its border."""
    size = np.array(shape[::-1])
    centre = random.random(2) * size
    if random.random() < OVERHANGING:
        axis = random.integers(2)
        centre[axis] = size[axis] * random.integers(2) + random.normal(0, 10)
    return centre


def hang(
    picture: np.ndarray,
    labels: np.ndarray,
    random: np.random.Generator,
    sign: Sign,
    letters: float,
) -> bool:
    """Draw a sign and its labels at a random place, in place.

    Returns:
        Whether the sign was drawn; it is not drawn if it would touch text or miss the image.
    """
    view = _draw_view(random, sign, _draw_centre(random, labels.shape), letters)
    height, width = sign.ink.shape
    outline = _seen(view, np.array([(0, 0), (width, 0), (width, height), (0, height)]) - 0.5)
    size = np.array(labels.shape[::-1])
    first = np.clip(np.floor(outline.min(0)), 0, size).astype(int)
    last = np.clip(np.ceil(outline.max(0)) + 1, 0, size).astype(int)
    extent = (last - first).tolist()
    if min(extent) < 2 or (np.ptp(outline, 0) > 2 * size).any():
        return False
    place = np.s_[first[1] : last[1], first[0] : last[0]]
    ground = np.zeros(extent[::-1], np.uint8)
    cv2.fillConvexPoly(ground, np.rint(outline - first).astype(np.int32), 1)
    if (labels[place][ground > 0] != BACKGROUND).any():
        return False
    shifted = np.array([(1, 0, -first[0]), (0, 1, -first[1]), (0, 0, 1)]) @ view
    ink, body = (cv2.warpPerspective(layer, shifted, extent) for layer in (sign.ink, sign.body))
    text, plate = _draw_colors(random, float(picture[place].mean()), sign.has_plate)
    seen = plate + (text - plate) * (ink[..., None] / np.float32(255))
    opacity = np.float32(random.uniform(0.8, 1.0) / 255) * body[..., None]
    picture[place] = np.rint(picture[place] * (1 - opacity) + seen * opacity)
    for corners in sign.words:
        labels[place][draw_regions([TextRegion(_seen(shifted, corners), True)], *extent) > 0] = TEXT
    return True


def _draw_colors(
    random: np.random.Generator, behind: float, has_plate: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the colours of text and sign, float32 (3,) BGR, with enough contrast.

    ``behind`` is the grey level of the image behind a sign without a plate. The second colour is
    then that of a shadow behind the text.
    """
    plate = random.integers(0, 256, 3).astype(np.float32)
    level = plate.mean() if has_plate else behind
    while True:
        text = random.integers(0, 256, 3).astype(np.float32)
        if random.random() < 0.4:
            text[:] = text[0]
        if abs(text.mean() - level) >= LEAST_CONTRAST:
            return text, plate if has_plate else text * np.float32(random.uniform(0.0, 0.5))


def _draw_view(
    random: np.random.Generator, sign: Sign, centre: np.ndarray, letters: float
) -> np.ndarray:
    """Draw a homography (3, 3) from sign to image: scale, rotation and an oblique view."""
    height, width = sign.ink.shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
    flat = (corners - corners.mean(0)) * letters / sign.size
    turn = np.deg2rad(random.normal(0, 30 if random.random() < 0.15 else 6))
    turned = flat @ np.array([(np.cos(turn), np.sin(turn)), (-np.sin(turn), np.cos(turn))])
    turned[:, 0] *= random.uniform(0.7, 1.1)
    tilt = random.uniform(-0.12, 0.12, (4, 2)) * np.abs(flat).min(0).min()
    seen = (turned + tilt + centre).astype(np.float32)
    return cv2.getPerspectiveTransform(corners, seen)


def _seen(view: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Map points (n, 2) of the sign to pixels of the image."""
    return cv2.perspectiveTransform(points[None].astype(np.float64), view)[0]


def _soften(picture: np.ndarray, random: np.random.Generator) -> None:
    """Apply the same light and blur to background and text, in place."""
    height, width = picture.shape[:2]
    if random.random() < 0.4:
        corners = random.uniform(0.5, 1.1, (2, 2)).astype(np.float32)
        light = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
        picture[:] = np.minimum(picture * light[..., None], 255)
    if random.random() < 0.4:
        cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.2), dst=picture)
    if random.random() < 0.1:
        length = int(random.integers(3, 8))
        kernel = np.full((1, length), 1 / length)
        cv2.filter2D(picture, -1, kernel if random.random() < 0.7 else kernel.T, dst=picture)
