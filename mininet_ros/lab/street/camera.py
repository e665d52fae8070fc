"""Pinhole camera and textured surfaces of the generated street.

World frame, metres: x to the right of the street, y down, z along the street; the road is y = 0.
Pixel coordinates have their origin in the centre of the top left pixel, as OpenCV's do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

HAZE_STEPS = 16
"""Number of steps in which haze is mixed into a texture."""
TEXTURE_MARGIN = 2
"""Columns by which a repeating texture continues past its ends, and by which pieces of one quad
overlap so that no seam shows between them, texels."""

_HAZE_BGR = np.array([232, 226, 216], np.float32)
_FIELD_OF_VIEW = np.radians(60.0)


class Texture:
    """A picture with transparency that can be had at any lower resolution.

    Args:
        pixels: (h, w, 4) uint8 BGRA, colour premultiplied with alpha.
        wrap: the picture repeats along its width without a seam.
        translucent: pieces of the picture must not overlap, for they would add up.
    """

    def __init__(self, pixels: np.ndarray, wrap: bool = False, translucent: bool = False) -> None:
        self._base = np.ascontiguousarray(pixels)
        self.margin = TEXTURE_MARGIN if wrap else 0
        self.overlap = 0 if translucent else TEXTURE_MARGIN
        self.height, self.width = pixels.shape[:2]

    @cached_property
    def fill(self) -> float:
        """Share of the picture that is covered, 0 to 1."""
        return float((self._base[..., 3] >= 128).mean())

    def reduced(self, columns: int, rows: int) -> np.ndarray:
        """The picture at a size in texels, at most its own.

        Width and height are reduced apart, which keeps a wall seen at a grazing angle free of
        both aliasing and blur. A repeating picture has ``margin`` more columns at either end.

        Returns:
            (rows, columns + 2 * margin, 4) uint8, premultiplied; not to be changed.
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
    """A premultiplied BGRA picture seen through haze: 0, clear, to ``HAZE_STEPS``, nothing else."""
    share = haze / HAZE_STEPS
    mix = np.diag([1 - share, 1 - share, 1 - share, 1.0])
    mix[:3, 3] = share * _HAZE_BGR / 255  # the colours are premultiplied with alpha
    return cv2.transform(pixels, mix)


@dataclass(frozen=True, eq=False)
class Quad:
    """A textured parallelogram in the world.

    Attributes:
        origin: (3,) corner that the picture's top left corner lies on, m.
        across: (3,) edge along the picture's width, m.
        down: (3,) edge along the picture's height, m.
        textures: the picture; several are the phases of a movement.
        label: class id of every covered pixel, or None to leave the labels as they are.
        instance: number of the sign that this quad is, 0 for none.
        layer: quads of a lower layer are drawn first; within one, far before near.
        sort_far: order by the farthest point (walls that everything else stands before) instead of
            the nearest.
        bias: metres taken off the sorting depth, to draw a face after the one behind it.
        speed: along the street, m/s.
        cadence: phases a second.
        follows: stays at its distance from the camera, as the horizon does; no haze.
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
        """The picture of the phase at this time."""
        return self.textures[int(time_s * self.cadence) % len(self.textures)]

    def corners(self) -> np.ndarray:
        """(4, 3) corners at the start, clockwise from the picture's top left, m."""
        end = self.origin + self.across
        return np.stack([self.origin, end, end + self.down, self.origin + self.down])


@dataclass(frozen=True)
class Pose:
    """Where the camera is: position in m, angles in rad (yaw right, pitch down, roll clockwise)."""

    x: float
    y: float
    z: float
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0


def camera_matrix(width: int, height: int) -> np.ndarray:
    """(3, 3) float64 intrinsics K of a camera with a horizontal field of view of 60 degrees."""
    focal = 0.5 * width / np.tan(_FIELD_OF_VIEW / 2)
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])


def projection(matrix: np.ndarray, pose: Pose) -> np.ndarray:
    """(3, 4) float64 projection from world points in m to homogeneous pixels: K [R | -R c]."""
    cy, sy = np.cos(pose.yaw), np.sin(pose.yaw)
    cp, sp = np.cos(pose.pitch), np.sin(pose.pitch)
    cr, sr = np.cos(pose.roll), np.sin(pose.roll)
    yaw = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    turned = matrix @ roll @ pitch @ yaw
    return np.column_stack([turned, -turned @ np.array([pose.x, pose.y, pose.z])])


def project(view: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, 2) float64 pixels of (n, 3) world points that lie in front of the camera."""
    homogeneous = points @ view[:, :3].T + view[:, 3]
    return homogeneous[:, :2] / homogeneous[:, 2:]
