"""A depth image and a label mask as points with classes.

The pinhole camera of REP 103 and REP 104: x to the right, y down, z forward, metres. A pixel
(u, v) with depth z is the point ``((u - cx) z / fx, (v - cy) z / fy, z)``; pixel centres lie at
whole numbers.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

MILLIMETRES = 1e-3
# As PCL and RViz read it: four bytes of colour, blue first, in the place of a float.
POINT = np.dtype(
    {
        "names": ["x", "y", "z", "rgb", "label", "confidence"],
        "formats": ["<f4", "<f4", "<f4", "<u4", "u1", "u1"],
        "offsets": [0, 4, 8, 12, 16, 17],
        "itemsize": 20,
    }
)
ASPECT_TOLERANCE = 0.01


class CloudError(ValueError):
    """Depth, mask or calibration cannot be put together; one sentence says why."""


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera: focal lengths and principal point in pixels of the depth image."""

    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        values = (self.fx, self.fy, self.cx, self.cy)
        if not np.isfinite(values).all() or self.fx <= 0 or self.fy <= 0:
            raise CloudError(
                f"the camera_info of the depth image is not calibrated: focal lengths {self.fx:g} "
                f"and {self.fy:g} pixels"
            )


def depth_in_metres(pixels: np.ndarray) -> np.ndarray:
    """Depths of REP 118 in metres, float32; 0, nan and infinite where nothing was measured.

    Args:
        pixels: (H, W), uint16 in millimetres (16UC1) or float32 in metres (32FC1).

    Raises:
        CloudError: another type.
    """
    if pixels.dtype == np.uint16:
        return pixels * np.float32(MILLIMETRES)
    if pixels.dtype == np.float32:
        return pixels
    raise CloudError(f"a depth image is 16UC1 or 32FC1, not of {pixels.dtype}")


class LabelledCloud:
    """Makes clouds of one camera.

    Args:
        classes: ids whose points are kept; None keeps all, void too.
        inverse: whether the points of all other ids are kept instead, void too.
        nearest, farthest: limits of the depth, metres.
        step: every so many rows and columns of the depth image become points.

    Raises:
        CloudError: the limits are not ascending, or the step is not positive.
    """

    def __init__(
        self,
        classes: Collection[int] | None = None,
        nearest: float = 0.0,
        farthest: float = np.inf,
        step: int = 1,
        inverse: bool = False,
    ) -> None:
        if not 0 <= nearest < farthest:
            raise CloudError(f"the range {nearest:g} to {farthest:g} m must ascend from 0 or more")
        if step < 1:
            raise CloudError(f"the step must be 1 or more, not {step}")
        self._kept: np.ndarray | None = None
        if classes is not None:
            self._kept = np.full(256, inverse)
            self._kept[list(classes)] = not inverse
        self._nearest, self._farthest, self._step = nearest, farthest, step
        self._rays: tuple[object, np.ndarray, np.ndarray] | None = None

    def points(
        self,
        depth: np.ndarray,
        camera: Intrinsics,
        mask: np.ndarray,
        confidence: np.ndarray | None = None,
        image: np.ndarray | None = None,
    ) -> np.ndarray:
        """The points whose depth is measured and in range, row by row.

        Mask, confidence and image may have another size than the depth image, of the same aspect
        ratio: each point takes their nearest pixel.

        Args:
            depth: (H, W) of :func:`depth_in_metres`.
            camera: of the depth image.
            mask: uint8 (h, w), class ids.
            confidence: uint8 (h, w), 0 to 255; None makes it 255.
            image: uint8 (h, w, 3) BGR for the colours; None makes them white.

        Returns:
            Structured array (N,) of :data:`POINT`.

        Raises:
            CloudError: the sizes do not fit.
        """
        step = self._step
        sampled = depth[::step, ::step]
        labels = _fitted(mask, depth.shape, "mask", step)
        # Not `not in range`: nan, which compares to nothing, has to go.
        kept = (sampled > max(self._nearest, np.finfo(np.float32).tiny)) & (
            sampled <= min(self._farthest, np.finfo(np.float32).max)
        )
        if self._kept is not None:
            kept &= self._kept[labels]
        places = np.flatnonzero(kept)
        z = sampled.ravel()[places] if step == 1 else sampled[kept]
        across, down = self._rays_of(camera, depth.shape)
        columns = sampled.shape[1]
        cloud = np.empty(len(places), POINT)
        cloud["x"] = z * across[places % columns]
        cloud["y"] = z * down[places // columns]
        cloud["z"] = z
        cloud["label"] = labels.ravel()[places]
        cloud["confidence"] = 255
        if confidence is not None:
            fitted = _fitted(confidence, depth.shape, "confidence", step)
            cloud["confidence"] = fitted.ravel()[places]
        cloud["rgb"] = 0xFFFFFF
        if image is not None:
            colors = _fitted(image, depth.shape, "image", step).reshape(-1, 3)[places]
            packed = cloud["rgb"].copy()
            packed.view(np.uint8).reshape(-1, 4)[:, :3] = colors
            cloud["rgb"] = packed
        return cloud

    def masked_depth(self, depth: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """The depth image with 0, for unknown, where the class of a pixel is not kept.

        Args:
            depth: (H, W), of any type.
            mask: uint8 (h, w), class ids, of the same aspect ratio.

        Returns:
            A copy, (H, W), of the same type.

        Raises:
            CloudError: the sizes do not fit.
        """
        labels = _fitted(mask, depth.shape, "mask", 1)
        kept = np.ones(256, bool) if self._kept is None else self._kept
        return np.where(kept[labels], depth, depth.dtype.type(0))

    def _rays_of(self, camera: Intrinsics, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """X and y at depth 1 of the sampled columns and rows, float32."""
        key = (camera, shape)
        if self._rays is None or self._rays[0] != key:
            height, width = shape[:2]
            across = (np.arange(0, width, self._step) - camera.cx) / camera.fx
            down = (np.arange(0, height, self._step) - camera.cy) / camera.fy
            self._rays = (key, across.astype(np.float32), down.astype(np.float32))
        return self._rays[1:]


def _fitted(picture: np.ndarray, shape: tuple[int, ...], name: str, step: int) -> np.ndarray:
    """The picture's pixels at every ``step``-th place of a depth image, contiguous."""
    height, width = shape[:2]
    rows, columns = picture.shape[:2]
    if not rows or abs(columns * height - width * rows) > ASPECT_TOLERANCE * width * rows:
        raise CloudError(
            f"the {name} of {columns}x{rows} pixels does not fit the depth image of "
            f"{width}x{height}: both must show the same view of the same aspect ratio"
        )
    if (rows, columns) == (height, width):
        return np.ascontiguousarray(picture[::step, ::step])
    chosen_rows = (np.arange(0, height, step) * 2 + 1) * rows // (2 * height)
    chosen_columns = (np.arange(0, width, step) * 2 + 1) * columns // (2 * width)
    return picture[chosen_rows[:, None], chosen_columns]
