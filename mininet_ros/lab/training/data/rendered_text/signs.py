"""Draws flat signs with lines of text, with or without a plate behind them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.lab.training.data.rendered_text.typefaces import Typefaces
from mininet_ros.lab.training.data.rendered_text.words import draw_text

SIZES = (20, 40, 72)  # letter heights in pixels; the next larger one is drawn and then reduced
MARGIN = 0.05  # margin around a word, share of the letter height, as in manual annotations


@dataclass(frozen=True)
class Sign:
    """A flat sign without its colours.

    Attributes:
        ink: mask uint8 (H, W), 255 for text and the edge of a plate.
        body: mask uint8 (H, W), 255 where the sign hides the background, ink included.
        words: corners of each word float (n, 4, 2), x and y, integers at pixel centres.
        size: height of the letters in pixels.
        has_plate: whether the text is on a plate instead of directly on the background.
    """

    ink: np.ndarray
    body: np.ndarray
    words: np.ndarray
    size: int
    has_plate: bool


def draw_sign(random: np.random.Generator, typefaces: Typefaces, height: float) -> Sign | None:
    """Draw a sign of 1 to 3 lines with 1 to 4 words each.

    Args:
        random: random generator of the sign.
        typefaces: typefaces to choose from.
        height: height of the letters in the final image, in pixels.

    Returns:
        The sign; None if the chosen typeface has no glyphs for any of the words.
    """
    size = next((size for size in SIZES if size >= height), SIZES[-1])
    ink, boxes = _set_lines(random, typefaces, size)
    if not boxes:
        return None
    has_plate = random.random() < 0.5
    is_decorated = random.random() < 0.4
    body = np.full_like(ink, 255) if has_plate else ink
    if is_decorated and has_plate:
        cv2.rectangle(ink, (0, 0), (ink.shape[1] - 1, ink.shape[0] - 1), 255, max(1, size // 16))
    elif is_decorated:
        # A shadow of the text, or an extruded body.
        shift = max(1, round(size * random.uniform(0.03, 0.08)))
        body = ink.copy()
        np.maximum(body[shift:, shift:], ink[:-shift, :-shift], out=body[shift:, shift:])
    x, y, width, length = np.array(boxes, float).T
    margin = 0.5 + MARGIN * size
    left, right = x - margin, x + width - 1 + margin
    top, bottom = y - margin, y + length - 1 + margin
    words = np.stack([(left, top), (right, top), (right, bottom), (left, bottom)])
    return Sign(ink, body, words.transpose(2, 0, 1), size, has_plate)


def _set_lines(
    random: np.random.Generator, typefaces: Typefaces, size: int
) -> tuple[np.ndarray, list[tuple[int, int, int, int]]]:
    """Return the ink of all lines uint8 (H, W), and the box (x, y, width, height) of each word."""
    face = int(random.integers(len(typefaces)))
    gap = round(size * random.uniform(0.15, 0.6))
    line_height = round(size * random.uniform(0.95, 1.5))
    padding = round(size * random.uniform(0.1, 0.5))
    is_centred = random.random() < 0.5
    lines = []
    for _ in range(random.choice((1, 2, 3), p=(0.6, 0.25, 0.15))):
        drawn = [
            typefaces.draw(draw_text(random), face, size)
            for _ in range(random.choice((1, 2, 3, 4), p=(0.45, 0.3, 0.15, 0.1)))
        ]
        words = [(ink, top) for ink, top in drawn if ink.size]
        if words:
            lines.append(words)
    widths = [sum(ink.shape[1] + gap for ink, _ in words) - gap for words in lines]
    if not lines:
        return np.zeros((0, 0), np.uint8), []
    above = padding - min(top for _, top in lines[0])
    below = padding + max(0, *(ink.shape[0] + top for ink, top in lines[-1]))
    canvas = np.zeros(
        (above + line_height * (len(lines) - 1) + below, max(widths) + 2 * padding), np.uint8
    )
    boxes = []
    for number, (words, width) in enumerate(zip(lines, widths, strict=True)):
        x = padding + (max(widths) - width) // 2 * is_centred
        for ink, top in words:
            height, length = ink.shape
            y = max(0, above + number * line_height + top)
            place = canvas[y : y + height, x : x + length]
            np.maximum(place, ink[: place.shape[0]], out=place)
            boxes.append((x, y, length, place.shape[0]))
            x += length + gap
    return canvas, boxes
