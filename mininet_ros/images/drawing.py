"""Pictures of label masks, for people."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mininet_ros.escaping import as_caption
from mininet_ros.images.class_tables import ClassTable

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
        captions: one caption of one or more lines for each tile; non-ASCII characters are drawn as
            question marks.
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
    lines = [caption.split("\n") for caption in captions]
    above = CAPTION_HEIGHT * max(map(len, lines))
    cell = height + above
    sheet = np.full((rows * cell, columns * width, 3), BACKGROUND, np.uint8)
    for number, (tile, caption) in enumerate(zip(tiles, lines, strict=True)):
        top, left = number // columns * cell, number % columns * width
        y = top + above
        sheet[y : y + height, left : left + width] = fitted(tile, width, height)
        # A view of its own, so that no caption reaches into its neighbour's.
        for place, line in enumerate(caption):
            y = top + place * CAPTION_HEIGHT
            _write(sheet[y : y + CAPTION_HEIGHT, left : left + width], as_caption(line))
    return sheet


def _write(strip: np.ndarray, caption: str) -> None:
    """Write a caption into a strip, smaller where it would be wider than that."""
    font, margin = cv2.FONT_HERSHEY_SIMPLEX, 4
    (width, _), _ = cv2.getTextSize(caption, font, CAPTION_SCALE, 1)
    fitting = (strip.shape[1] - 2 * margin) / max(1, width)
    scale = CAPTION_SCALE * min(1.0, max(fitting, LEAST_FITTING))
    place = (margin, CAPTION_HEIGHT - 7)
    cv2.putText(strip, caption, place, font, scale, (235, 235, 235), 1, cv2.LINE_AA)


def legend(table: ClassTable, width: int) -> np.ndarray:
    """Return a strip of class names beside their colours, uint8 (h, width, 3), BGR."""
    cell = 130
    columns = max(1, width // cell)
    rows = -(-len(table.names) // columns)
    strip = np.full((rows * CAPTION_HEIGHT, width, 3), BACKGROUND, np.uint8)
    for number, (name, color) in enumerate(zip(table.names, table.colors, strict=True)):
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


def with_legend(picture: np.ndarray, table: ClassTable) -> np.ndarray:
    """Return a picture (uint8 (H, W, 3), BGR) above a legend of the classes."""
    return np.concatenate((picture, legend(table, picture.shape[1])))


def _palette(colors: np.ndarray, ignore_label: int = 255) -> np.ndarray:
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(colors)] = colors
    palette[ignore_label] = 0
    return palette


def fitted(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a picture (uint8 (H, W, 3)) in the middle of ``width`` by ``height`` pixels."""
    if picture.shape[:2] == (height, width):
        return picture
    factor = min(width / picture.shape[1], height / picture.shape[0])
    if factor != 1.0:
        size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    above, beside = height - picture.shape[0], width - picture.shape[1]
    return cv2.copyMakeBorder(
        picture, above // 2, above - above // 2, beside // 2, beside - beside // 2,
        cv2.BORDER_CONSTANT, value=(BACKGROUND,) * 3,
    )  # fmt: skip
