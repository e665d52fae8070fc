"""Drawing tools of the generated street: shapes with transparency, noise and lettering."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mininet_ros.lab.street.camera import Texture

Color = tuple[float, float, float]
"""Blue, green and red, each 0 to 255."""

_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates
_SUPERSAMPLING = 2


class Sketch:
    """A transparent sheet for shapes; coordinates are in metres, x right and y down.

    Args:
        width: width of the sheet, m.
        height: height of the sheet, m.
        scale: resolution of the finished texture, texels per metre.
    """

    def __init__(self, width: float, height: float, scale: float) -> None:
        self._size = (max(2, round(width * scale)), max(2, round(height * scale)))
        self._scale = scale * _SUPERSAMPLING
        columns, rows = self._size
        self.pixels = np.zeros((rows * _SUPERSAMPLING, columns * _SUPERSAMPLING, 4), np.uint8)

    def polygon(self, points: Sequence[tuple[float, float]], color: Color) -> None:
        """Fill a polygon given by its corners, m."""
        cv2.fillPoly(self.pixels, [self._fixed(points)], (*color, 255), cv2.LINE_AA, _SHIFT)

    def box(self, left: float, top: float, right: float, bottom: float, color: Color) -> None:
        """Fill an upright rectangle, m."""
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], color)

    def line(self, points: Sequence[tuple[float, float]], thickness: float, color: Color) -> None:
        """Draw an open line through points; points and thickness in m."""
        width = max(1, round(thickness * self._scale))
        points_fixed = [self._fixed(points)]
        cv2.polylines(self.pixels, points_fixed, False, (*color, 255), width, cv2.LINE_AA, _SHIFT)

    def ellipse(
        self,
        center: tuple[float, float],
        radii: tuple[float, float],
        color: Color,
        angle: float = 0.0,
    ) -> None:
        """Fill an ellipse; centre and radii in m, angle in degrees."""
        unit = self._scale * (1 << _SHIFT)
        cv2.ellipse(
            self.pixels,
            (round(center[0] * unit), round(center[1] * unit)),
            (round(radii[0] * unit), round(radii[1] * unit)),
            angle, 0, 360, (*color, 255), -1, cv2.LINE_AA, _SHIFT,
        )  # fmt: skip

    def shade(self, factor: np.ndarray) -> None:
        """Multiply the colours by factors (h, w) of any size, which are resized to the sheet."""
        rows, columns = self.pixels.shape[:2]
        field = cv2.resize(factor.astype(np.float32), (columns, rows))
        shaded = cv2.multiply(self.pixels[..., :3], cv2.merge([field] * 3), dtype=cv2.CV_8U)
        np.minimum(shaded, self.pixels[..., 3:], out=self.pixels[..., :3])

    def finished(self) -> np.ndarray:
        """Return the drawing at its final resolution, (h, w, 4) uint8 BGRA, premultiplied."""
        return cv2.resize(self.pixels, self._size, interpolation=cv2.INTER_AREA)

    def texture(self) -> Texture:
        """Return the finished drawing as a texture."""
        return Texture(self.finished())

    def _fixed(self, points: Sequence[tuple[float, float]]) -> np.ndarray:
        # OpenCV counts from pixel centres; half a pixel makes it count from pixel edges.
        scaled = (np.asarray(points, np.float64) * self._scale - 0.5) * (1 << _SHIFT)
        return np.rint(scaled).astype(np.int32).reshape(-1, 1, 2)


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: float) -> np.ndarray:
    """Smooth noise of zero mean and unit variance; its bumps are about ``cell`` texels wide."""
    rows = max(2, round(shape[0] / cell))
    columns = max(2, round(shape[1] / cell))
    field = rng.standard_normal((rows, columns)).astype(np.float32)
    field = cv2.resize(field, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    mean, deviation = cv2.meanStdDev(field)
    return (field - float(mean[0, 0])) / max(float(deviation[0, 0]), 1e-6)


def clouded(
    rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int
) -> np.ndarray:
    """Noise of several octaves with unit variance; each is half as wide and strong as the last."""
    field = np.zeros(shape, np.float32)
    for octave in range(octaves):
        field += noise(rng, shape, max(1.0, cell / 2**octave)) / 2**octave
    return field / max(float(cv2.meanStdDev(field)[1][0, 0]), 1e-6)


def repeating(field: np.ndarray) -> np.ndarray:
    """Blend the last eighth of a field's width into its first, so that it repeats in width."""
    blend = max(1, field.shape[1] // 8)
    ramp = np.linspace(0, 1, blend, dtype=np.float32)
    body = field[:, :-blend].copy()
    body[:, :blend] = body[:, :blend] * ramp + field[:, -blend:] * (1 - ramp)
    return body


def opaque(colour: np.ndarray) -> np.ndarray:
    """Return (h, w, 4) uint8 BGRA without transparency from (h, w, 3) colours, 0 to 255."""
    rounded = np.rint(colour).clip(0, 255).astype(np.uint8)
    return cv2.cvtColor(rounded, cv2.COLOR_BGR2BGRA)


def write(
    pixels: np.ndarray, text: str, area: tuple[float, float, float, float], color: Color
) -> None:
    """Write one line of text as large as it fits into an area of an image.

    Args:
        pixels: image (h, w, 4) uint8 BGRA, changed in place.
        text: text of the line.
        area: left, top, right and bottom of the area as shares of the image, 0 to 1.
        color: colour of the letters.
    """
    rows, columns = pixels.shape[:2]
    left, right = area[0] * columns, area[2] * columns
    top, bottom = area[1] * rows, area[3] * rows
    font = cv2.FONT_HERSHEY_DUPLEX
    (wide, high), _ = cv2.getTextSize(text, font, 1.0, 2)
    scale = min((right - left) / wide, (bottom - top) / high)
    thickness = max(1, round(2.2 * scale))
    (wide, high), _ = cv2.getTextSize(text, font, scale, thickness)
    place = (round((left + right - wide) / 2), round((top + bottom + high) / 2))
    cv2.putText(pixels, text, place, font, scale, (*color, 255), thickness, cv2.LINE_AA)
