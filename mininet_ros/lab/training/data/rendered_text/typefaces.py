"""Finds the installed typefaces and draws words in them."""

from __future__ import annotations

import string
import threading
from pathlib import Path

import cv2
import numpy as np
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont

# Symbol fonts have other glyphs for the codes of letters; the glyph names tell.
NEEDED = {**{letter: letter for letter in string.ascii_letters}, "0": "zero", "9": "nine"}
HERSHEY = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)
HERSHEY_CAPITAL = 22  # height of Hershey capitals in pixels at scale 1


def find_fonts() -> tuple[Path, ...]:
    """Find TrueType fonts with Latin letters and digits: those of matplotlib, then the system's."""
    own = Path(font_manager.__file__).parent / "mpl-data" / "fonts" / "ttf"
    others = {Path(path) for path in font_manager.findSystemFonts(fontext="ttf")}
    paths = [*sorted(own.glob("*.ttf")), *sorted(others)]
    return tuple(path for path in paths if _has_letters(path))


def _has_letters(path: Path) -> bool:
    try:
        font = FT2Font(str(path))
    except RuntimeError:  # FreeType cannot read the font
        return False
    places = font.get_charmap()
    return all(
        ord(letter) in places and font.get_glyph_name(places[ord(letter)]) == name
        for letter, name in NEEDED.items()
    )


class Typefaces:
    """Draws words; a typeface is a number in ``range(len(typefaces))``."""

    def __init__(self) -> None:
        self.paths = find_fonts()
        self._fonts: dict[tuple[Path, int], ImageFont.FreeTypeFont] = {}
        # FreeType faces are not thread-safe.
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.paths) + len(HERSHEY)

    def draw(self, text: str, face: int, size: int) -> tuple[np.ndarray, int]:
        """Draw a word.

        Args:
            text: the word.
            face: number of the typeface.
            size: font size (em square) in pixels.

        Returns:
            Coverage uint8 (H, W), cropped to the ink, and its first row relative to the baseline
            (negative, since rows point down); (0, 0) pixels if the typeface draws nothing.
        """
        if face >= len(self.paths):
            return self._draw_hershey(text, HERSHEY[face - len(self.paths)], size)
        with self._lock:
            key = (self.paths[face], size)
            font = self._fonts.get(key) or ImageFont.truetype(str(key[0]), size)
            self._fonts[key] = font
            left, top, right, bottom = map(int, font.getbbox(text, anchor="ls"))
            canvas = Image.new("L", (max(1, right - left), max(1, bottom - top)))
            ImageDraw.Draw(canvas).text((-left, -top), text, 255, font, anchor="ls")
        return _cut_to_ink(np.asarray(canvas), top)

    def _draw_hershey(self, text: str, face: int, size: int) -> tuple[np.ndarray, int]:
        scale = 0.7 * size / HERSHEY_CAPITAL
        thickness = max(1, round(size / 14))
        (width, height), below = cv2.getTextSize(text, face, scale, thickness)
        margin = 2 * thickness + size
        canvas = np.zeros((height + below + 2 * margin, width + 2 * margin), np.uint8)
        baseline = margin + height
        cv2.putText(canvas, text, (margin, baseline), face, scale, 255, thickness, cv2.LINE_AA)
        return _cut_to_ink(canvas, -baseline)


def _cut_to_ink(coverage: np.ndarray, top: int) -> tuple[np.ndarray, int]:
    x, y, width, height = cv2.boundingRect(coverage)
    return coverage[y : y + height, x : x + width], top + y
