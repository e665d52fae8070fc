"""Draws textured quads from far to near, image and ground truth together.

Surfaces that run along the street are cut into pieces by depth. The geometry of all pieces of a
frame is computed together. Each piece then needs only one perspective warp and one blend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.street.camera import HAZE_STEPS, Quad, Texture, veil

NEAR = 0.8
"""Nearest depth that is drawn, m."""
FAR = 95.0
"""Depth at which the street ends in haze, m."""

_CELL_RATIO = 1.7  # a piece's far depth over its near depth
_KEPT_LEVELS = 1024  # a frame draws about 450 pieces


@dataclass(frozen=True)
class _Pieces:
    """Pieces of quads, one per row: quad index, depths in m, first and last share of the width."""

    quad: np.ndarray
    near: np.ndarray
    far: np.ndarray
    first: np.ndarray
    last: np.ndarray


class Scenery:
    """All quads of a scene, arranged for fast drawing."""

    def __init__(self, quads: Sequence[Quad]) -> None:
        self._quads = list(quads)
        self._origin = np.array([quad.origin for quad in quads])
        self._across = np.array([quad.across for quad in quads])
        self._down = np.array([quad.down for quad in quads])
        self._speed = np.array([quad.speed for quad in quads])
        self._follows = np.array([quad.follows for quad in quads])
        self._layer = np.array([quad.layer for quad in quads])
        self._sort_far = np.array([quad.sort_far for quad in quads])
        self._bias = np.array([quad.bias for quad in quads])
        self._level = lru_cache(_KEPT_LEVELS)(self._texels)

    def draw(
        self, size: tuple[int, int], view: np.ndarray, camera_z: float, time_s: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Render the view of a camera.

        Args:
            size: width and height of the image, px.
            view: (3, 4) projection of world points to homogeneous pixels.
            camera_z: position of the camera along the street, m.
            time_s: time that decides the positions of moving objects, s.

        Returns:
            Image (h, w, 3) uint8 BGR, labels (h, w) uint8 with 255 = void, and sign numbers
            (h, w) uint16 with 0 = none.
        """
        origin = self._origin.copy()
        origin[:, 2] += np.where(self._follows, camera_z, self._speed * time_s)
        pieces = self._cut(origin[:, 2] - camera_z)
        at = pieces.quad
        # Maps (share across, share down, 1) of each quad to homogeneous pixels.
        axes = np.stack([self._across[at], self._down[at], origin[at]], axis=2)
        planes = view[:, :3] @ axes
        planes[:, :, 2] += view[:, 3]

        textures = [self._quads[index].texture_at(time_s) for index in at]
        columns, rows = _resolution(planes, pieces, textures)
        begin, end = _crop(pieces, textures, columns)
        homographies = _from_texels(planes, begin, columns, rows)
        boxes = _boxes(homographies, end - begin, rows, size)
        depth = 0.5 * (pieces.near + pieces.far)
        haze = np.rint(0.75 * HAZE_STEPS * (depth / FAR) ** 1.5).astype(int)
        haze[self._follows[at]] = 0

        picture = np.full((size[1], size[0], 4), 128, np.uint8)
        truth = np.full((size[1], size[0]), IGNORE_LABEL, np.uint32)
        key = np.where(self._sort_far[at], pieces.far, pieces.near) - self._bias[at]
        for index in np.lexsort((-key, self._layer[at])):
            left, top, right, bottom = boxes[index]
            if left >= right or top >= bottom:
                continue
            texture, quad = textures[index], self._quads[at[index]]
            level = self._level(texture, int(columns[index]), int(rows[index]), int(haze[index]))
            source = level[:, begin[index] + texture.margin : end[index] + texture.margin]
            warped = cv2.warpPerspective(source, homographies[index], (right - left, bottom - top))
            _paint(picture[top:bottom, left:right], truth[top:bottom, left:right], warped, quad)
        labels = (truth & 0xFF).astype(np.uint8)
        return cv2.cvtColor(picture, cv2.COLOR_BGRA2BGR), labels, (truth >> 8).astype(np.uint16)

    def _texels(self, texture: Texture, columns: int, rows: int, haze: int) -> np.ndarray:
        if haze:
            return veil(self._level(texture, columns, rows, 0), haze)
        return texture.reduced(columns, rows)

    def _cut(self, start: np.ndarray) -> _Pieces:
        """Cut the visible quads where their depth grows by a fixed ratio.

        Each piece then needs only one texture resolution. The cuts are at the same depths for all
        quads. A sign is thus cut where its wall is cut, and is drawn right after it.
        """
        along, lower = self._across[:, 2], self._down[:, 2]
        near = start + np.minimum(along, 0) + np.minimum(lower, 0)
        far = start + np.maximum(along, 0) + np.maximum(lower, 0)
        upright = np.abs(along) < 1e-6
        seen = np.where(upright, (near > NEAR) & (far < FAR), (far > NEAR) & (near < FAR))
        whole = np.flatnonzero(seen & upright)
        rows = [np.column_stack([whole, near[whole], far[whole], 0 * whole, 0 * whole + 1])]
        long = np.flatnonzero(seen & ~upright)
        cuts = NEAR * _CELL_RATIO ** np.arange(np.ceil(np.log(FAR / NEAR) / np.log(_CELL_RATIO)))
        for front, back in zip(cuts, [*cuts[1:], FAR], strict=True):
            piece_near = np.maximum(near[long], front)
            piece_far = np.minimum(far[long], back)
            kept = piece_near < piece_far - 1e-6
            index = long[kept]
            piece_near, piece_far = piece_near[kept], piece_far[kept]
            shares = np.stack([piece_near - start[index], piece_far - start[index]]) / along[index]
            rows.append(
                np.column_stack([index, piece_near, piece_far, shares.min(0), shares.max(0)])
            )
        table = np.concatenate(rows)
        return _Pieces(table[:, 0].astype(int), *table[:, 1:].T)


def _resolution(
    planes: np.ndarray, pieces: _Pieces, textures: list[Texture]
) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of each texture, halved until one texel covers about one pixel."""
    zero, one = np.zeros_like(pieces.first), np.ones_like(pieces.first)
    shares = np.stack(
        [
            np.stack([pieces.first, pieces.last, pieces.last, pieces.first], 1),
            np.stack([zero, zero, one, one], 1),
            np.ones((len(zero), 4)),
        ],
        axis=1,
    )
    corners = planes @ shares
    pixels = corners[:, :2] / corners[:, 2:]
    edges = np.linalg.norm(np.roll(pixels, -1, axis=2) - pixels, axis=1)
    width = np.array([texture.width for texture in textures])
    height = np.array([texture.height for texture in textures])
    wide = np.maximum(np.maximum(edges[:, 0], edges[:, 2]), 0.5)
    high = np.maximum(np.maximum(edges[:, 1], edges[:, 3]), 0.5)
    halved_across = np.rint(np.log2((pieces.last - pieces.first) * width / wide)).clip(0, 12)
    halved_down = np.rint(np.log2(height / high)).clip(0, 12)
    return (
        np.maximum(1, width >> halved_across.astype(int)),
        np.maximum(1, height >> halved_down.astype(int)),
    )


def _crop(
    pieces: _Pieces, textures: list[Texture], columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First and past-the-last column of each piece."""
    margin = np.array([texture.margin for texture in textures])
    overlap = np.array([texture.overlap for texture in textures])
    begin = np.minimum(np.rint(pieces.first * columns).astype(int), columns - 1) - overlap
    end = np.maximum(np.rint(pieces.last * columns).astype(int), begin + 1) + overlap
    return np.maximum(begin, -margin), np.minimum(end, columns + margin)


def _from_texels(
    planes: np.ndarray, begin: np.ndarray, columns: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """Return (n, 3, 3) maps from texel centres to homogeneous pixels; column ``begin`` is x = 0."""
    shares = np.zeros_like(planes)
    shares[:, 0, 0] = 1 / columns
    shares[:, 0, 2] = (begin + 0.5) / columns
    shares[:, 1, 1] = 1 / rows
    shares[:, 1, 2] = 0.5 / rows
    shares[:, 2, 2] = 1
    return planes @ shares


def _boxes(
    homographies: np.ndarray, columns: np.ndarray, rows: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the bounding boxes (n, 4) of the pieces in pixels: left, top, right, bottom.

    An empty box has equal sides. The origin of each homography moves to the corner of its box.
    """
    texels = np.ones((len(rows), 3, 4))
    texels[:, 0] = np.stack([-np.ones_like(columns), columns, columns, -np.ones_like(columns)], 1)
    texels[:, 1] = np.stack([-np.ones_like(rows), -np.ones_like(rows), rows, rows], 1)
    corners = homographies @ texels
    ahead = corners[:, 2].min(axis=1) > 0
    pixels = corners[:, :2] / np.where(ahead[:, None, None], corners[:, 2:], 1.0)
    lower = np.floor(pixels.min(axis=2)).clip(0, size).astype(int)
    upper = (np.floor(pixels.max(axis=2)) + 2).clip(0, size).astype(int)
    upper[~ahead] = lower[~ahead]
    homographies[:, :2] -= lower[:, :, None] * homographies[:, 2:]
    return np.hstack([lower, upper])


def _paint(picture: np.ndarray, truth: np.ndarray, warped: np.ndarray, quad: Quad) -> None:
    alpha = cv2.extractChannel(warped, 3)
    rest = cv2.bitwise_not(alpha)
    cv2.multiply(picture, cv2.merge([rest, rest, rest, rest]), dst=picture, scale=1 / 255)
    cv2.add(picture, warped, dst=picture)
    if quad.label is not None:
        code = np.uint32(quad.instance << 8 | quad.label)
        np.copyto(truth, code, where=alpha >= 128)
