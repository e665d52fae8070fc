"""Pictures of label masks, for people."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mininet_ros.escaping import as_caption

CAPTION_HEIGHT = 22
CAPTION_SCALE = 0.42
LEAST_FITTING = 0.7  # of the scale: smaller letters cannot be read, and the end is cut off
BACKGROUND = 32


def colorize(mask: np.ndarray, colors: np.ndarray, ignore_label: int = 255) -> np.ndarray:
    """Paint each pixel in the colour of its class.

    Args:
        mask: uint8 (H, W), class ids; ``ignore_label`` is painted black.
        colors: uint8 (classes, 3), RGB colour of each class.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    return _palette(colors, ignore_label)[mask]


def overlay(
    image: np.ndarray, mask: np.ndarray, colors: np.ndarray, alpha: float = 0.5
) -> np.ndarray:
    """Blend the colours of the classes over an image.

    Args:
        image: uint8 (H, W, 3), BGR.
        mask: uint8 (H, W), class ids.
        colors: uint8 (classes, 3), RGB colour of each class.
        alpha: weight of the colours, 0 to 1.

    Returns:
        uint8 (H, W, 3), RGB.
    """
    painted = cv2.LUT(cv2.merge([mask] * 3), _palette(colors)[None])
    return cv2.addWeighted(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), 1 - alpha, painted, alpha, 0)


def contact_sheet(tiles: Sequence[np.ndarray], captions: Sequence[str], columns: int) -> np.ndarray:
    """Arrange captioned tiles in rows; each tile is fitted into a cell of the first's size.

    Args:
        tiles: pictures, at least one, uint8 (H, W, 3), BGR.
        captions: one caption for each tile; non-ASCII characters are drawn as question marks.
        columns: number of tiles in a row.

    Returns:
        uint8 (height, width, 3), BGR picture.

    Raises:
        ValueError: there is no tile, or the number of captions differs from that of tiles.
    """
    if not tiles or len(tiles) != len(captions):
        raise ValueError(f"a contact sheet of {len(tiles)} tiles with {len(captions)} captions")
    height, width = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    cell = height + CAPTION_HEIGHT
    sheet = np.full((rows * cell, columns * width, 3), BACKGROUND, np.uint8)
    for number, (tile, caption) in enumerate(zip(tiles, captions, strict=True)):
        top, left = number // columns * cell, number % columns * width
        fitted = _fit(tile, width, height)
        y = top + CAPTION_HEIGHT + (height - fitted.shape[0]) // 2
        x = left + (width - fitted.shape[1]) // 2
        sheet[y : y + fitted.shape[0], x : x + fitted.shape[1]] = fitted
        # A view of its own, so that no caption reaches into its neighbour's.
        _write(sheet[top : top + CAPTION_HEIGHT, left : left + width], as_caption(caption))
    return sheet


def _write(strip: np.ndarray, caption: str) -> None:
    """Write a caption into a strip, smaller where it would be wider than that."""
    font, margin = cv2.FONT_HERSHEY_SIMPLEX, 4
    (width, _), _ = cv2.getTextSize(caption, font, CAPTION_SCALE, 1)
    fitting = (strip.shape[1] - 2 * margin) / max(1, width)
    scale = CAPTION_SCALE * min(1.0, max(fitting, LEAST_FITTING))
    place = (margin, CAPTION_HEIGHT - 7)
    cv2.putText(strip, caption, place, font, scale, (235, 235, 235), 1, cv2.LINE_AA)


def legend(classes: Sequence[str], colors: np.ndarray, width: int) -> np.ndarray:
    """Return a strip of class names beside their colours, uint8 (h, width, 3), BGR."""
    cell = 130
    columns = max(1, width // cell)
    rows = -(-len(classes) // columns)
    strip = np.full((rows * CAPTION_HEIGHT, width, 3), BACKGROUND, np.uint8)
    for number, (name, color) in enumerate(zip(classes, colors, strict=True)):
        top, left = number // columns * CAPTION_HEIGHT, number % columns * cell
        strip[top + 4 : top + 18, left + 4 : left + 18] = color[::-1]
        cv2.putText(
            strip,
            as_caption(name),
            (left + 23, top + 16),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.42,
            (235, 235, 235),
            1,
            cv2.LINE_AA,
        )
    return strip


def _palette(colors: np.ndarray, ignore_label: int = 255) -> np.ndarray:
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(colors)] = colors
    palette[ignore_label] = 0
    return palette


def _fit(tile: np.ndarray, width: int, height: int) -> np.ndarray:
    if tile.shape[:2] == (height, width):
        return tile
    factor = min(width / tile.shape[1], height / tile.shape[0])
    size = (max(1, round(tile.shape[1] * factor)), max(1, round(tile.shape[0] * factor)))
    return cv2.resize(tile, size, interpolation=cv2.INTER_AREA)
