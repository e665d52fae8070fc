"""Pinhole camera and textured surfaces of the generated street.

World frame in metres: x to the right of the street, y down, z along the street; the road is at
y = 0. Pixel coordinates have their origin in the centre of the top left pixel, as in OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

HAZE_STEPS = 16
"""Number of haze levels of a texture."""
TEXTURE_MARGIN = 2
"""Margin in texels: a repeating texture continues by it past each end, and pieces of one quad
overlap by it, so that no seam is visible."""

_HAZE_BGR = np.array([232, 226, 216], np.float32)
_FIELD_OF_VIEW = np.radians(60.0)


class Texture:
    """An image with transparency that is available at any lower resolution.

    Args:
        pixels: (h, w, 4) uint8 BGRA, colour premultiplied with alpha.
        wrap: whether the image repeats along its width without a seam.
        translucent: whether the image is translucent; its pieces then must not overlap, because
            their opacities would add up.
    """

    def __init__(self, pixels: np.ndarray, wrap: bool = False, translucent: bool = False) -> None:
        self._base = np.ascontiguousarray(pixels)
        self.margin = TEXTURE_MARGIN if wrap else 0
        self.overlap = 0 if translucent else TEXTURE_MARGIN
        self.height, self.width = pixels.shape[:2]

    @cached_property
    def fill(self) -> float:
        """Share of the image that is covered, 0 to 1."""
        return float((self._base[..., 3] >= 128).mean())

    def reduced(self, columns: int, rows: int) -> np.ndarray:
        """Return the image at a size in texels, which is at most its own size.

        Width and height are reduced separately, which keeps a wall at a grazing angle free of both
        aliasing and blur. A repeating image has ``margin`` more columns at each end.

        Returns:
            (rows, columns + 2 * margin, 4) uint8 BGRA, premultiplied; the caller must not change
            it.
        """
        if (columns, rows) == (self.width, self.height):
            pixels = self._base
        else:
            pixels = cv2.resize(self._base, (columns, rows), interpolation=cv2.INTER_AREA)
        if self.margin:
            around = np.arange(-self.margin, columns + self.margin) % columns
            pixels = np.ascontiguousarray(pixels[:, around])
        return pixels


def veil(pixels: np.ndarray, haze: int) -> np.ndarray:
    """Return a premultiplied BGRA image in haze: 0 is clear, ``HAZE_STEPS`` is haze only."""
    share = haze / HAZE_STEPS
    mix = np.diag([1 - share, 1 - share, 1 - share, 1.0])
    mix[:3, 3] = share * _HAZE_BGR / 255  # the colours are premultiplied with alpha
    return cv2.transform(pixels, mix)


@dataclass(frozen=True, eq=False)
class Quad:
    """A textured parallelogram in the world.

    Attributes:
        origin: (3,) position of the texture's top left corner, m.
        across: (3,) vector along the texture's width, m.
        down: (3,) vector along the texture's height, m.
        textures: texture, or several textures as the phases of a movement.
        label: class id of every covered pixel; None leaves the labels unchanged.
        instance: number of the sign that this quad shows, 0 for none.
        layer: drawing order; quads of a lower layer are drawn first, and within a layer far quads
            before near ones.
        sort_far: sort by the farthest point instead of the nearest, for walls that are behind
            everything else.
        bias: distance subtracted from the sorting depth, to draw a face after the one behind it, m.
        speed: velocity along the street, m/s.
        cadence: number of phases per second.
        follows: whether the quad keeps its distance from the camera, as the horizon does, and has
            no haze.
    """

    origin: np.ndarray
    across: np.ndarray
    down: np.ndarray
    textures: tuple[Texture, ...]
    label: int | None
    instance: int = 0
    layer: int = 5
    sort_far: bool = False
    bias: float = 0.0
    speed: float = 0.0
    cadence: float = 0.0
    follows: bool = False

    def texture_at(self, time_s: float) -> Texture:
        """Return the texture of the phase at ``time_s``."""
        return self.textures[int(time_s * self.cadence) % len(self.textures)]

    def corners(self) -> np.ndarray:
        """Return the (4, 3) corners at time 0 in m, clockwise from the texture's top left."""
        end = self.origin + self.across
        return np.stack([self.origin, end, end + self.down, self.origin + self.down])


@dataclass(frozen=True)
class Pose:
    """Camera pose: position in m, angles in rad (yaw right, pitch down, roll clockwise)."""

    x: float
    y: float
    z: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


def camera_matrix(width: int, height: int) -> np.ndarray:
    """Return the (3, 3) float64 intrinsics K of a camera with a 60 degree horizontal view."""
    focal = 0.5 * width / np.tan(_FIELD_OF_VIEW / 2)
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])


def projection(matrix: np.ndarray, pose: Pose) -> np.ndarray:
    """Return the (3, 4) float64 projection K [R | -R c] of points in m to homogeneous pixels."""
    cy, sy = np.cos(pose.yaw), np.sin(pose.yaw)
    cp, sp = np.cos(pose.pitch), np.sin(pose.pitch)
    cr, sr = np.cos(pose.roll), np.sin(pose.roll)
    yaw = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    turned = matrix @ roll @ pitch @ yaw
    return np.column_stack([turned, -turned @ np.array([pose.x, pose.y, pose.z])])


def project(view: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return (n, 2) float64 pixels of (n, 3) world points in front of the camera."""
    homogeneous = points @ view[:, :3].T + view[:, 3]
    return homogeneous[:, :2] / homogeneous[:, 2:]
