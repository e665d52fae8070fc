"""A synthetic sequence: a robot drives along a street, rendered with exact ground truth.

The scene has houses, trees, cars, people and signs with readable text. Perspective projection
gives the motion and parallax of a real drive. The light fails twice, the image is over-exposed
once, and the camera shakes three times. Every frame depends only on seed and index.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mininet_ros.images.class_tables import CAMVID
from mininet_ros.lab.street import sensor
from mininet_ros.lab.street.camera import Quad, camera_matrix, project, projection
from mininet_ros.lab.street.canvas import NEAR
from mininet_ros.lab.street.stage import CLASSES
from mininet_ros.sequences.sequence import (
    Frame,
    LabelledFrame,
    LabelledSequence,
    SequenceError,
    frame_name,
    stamp_of,
)

if TYPE_CHECKING:
    from mininet_ros.lab.street.scene import Street

_WHOLE_SHARE = 0.95  # below 1, because rasterisation costs a small sign some percent of its area
_WHOLE_PIXELS = 64


@dataclass(frozen=True, eq=False)
class VisibleSign:
    """A sign in one frame.

    Attributes:
        number: value of the sign in the instance map.
        text: text on the sign.
        corners: (4, 2) float64 corners in px of the part in front of the camera, clockwise from
            the top left of the text; they may lie outside the image.
        visible: share of the sign's projection that is neither cut off nor hidden, 0 to 1.
        whole: whether the sign lies inside the image, at least 95 % of it are visible, and it
            covers at least 64 px.
    """

    number: int
    text: str
    corners: np.ndarray
    visible: float
    whole: bool


@dataclass(frozen=True, eq=False)
class StreetTruth:
    """Ground truth of a frame.

    Attributes:
        labels: (H, W) uint8 ids of ``CLASSES``, 255 = void.
        instances: (H, W) uint16 numbers of the signs, 0 elsewhere.
        signs: signs with at least one visible pixel.
        light: gain of the light: 1 normal, below 1 dark, above 1 over-exposed.
        shake: strength of the camera shake, 0 to 1.
    """

    labels: np.ndarray
    instances: np.ndarray
    signs: tuple[VisibleSign, ...]
    light: float
    shake: float


class GeneratedStreet(LabelledSequence):
    """A drive along a generated street.

    Args:
        seed: seed of the street and the noise. The same seed gives the same drive with the same
            version of OpenCV, which draws the letters and interpolates.
        width: width of the images, px.
        height: height of the images, px.
        rate_hz: frame rate, Hz.
        duration_s: duration of the drive, s.

    Raises:
        SequenceError: an argument is out of range.
    """

    length: int
    camera_matrix: np.ndarray

    def __init__(
        self,
        seed: int = 0,
        width: int = 640,
        height: int = 480,
        rate_hz: float = 15.0,
        duration_s: float = 20.0,
    ) -> None:
        if min(width, height) < 16:
            raise SequenceError(
                f"a generated sequence of {width}x{height} is too small; ask for at least 16x16"
            )
        if rate_hz <= 0 or duration_s <= 0:
            raise SequenceError("rate_hz and duration_s of a generated sequence must be positive")
        self.name = "generated"
        self.classes, self.colors = CLASSES, CAMVID.colors
        self.width, self.height, self.rate_hz = width, height, float(rate_hz)
        self.length = max(1, round(duration_s * rate_hz))
        self.camera_matrix = camera_matrix(width, height)
        self._seed = seed
        self._duration_s = duration_s

    def at_width(self, width: int) -> GeneratedStreet:
        """Return the same drive, seen by a camera with this many columns of pixels."""
        height = round(width * self.height / self.width)
        return GeneratedStreet(self._seed, width, height, self.rate_hz, self._duration_s)

    @cached_property
    def _street(self) -> Street:
        # Built with the first frame, so that a query of size or length is fast.
        from mininet_ros.lab.street.scene import Street

        return Street(self._seed, sensor.SPEED * self.length / self.rate_hz)

    @cached_property
    def _sensor(self) -> sensor.Sensor:
        return sensor.Sensor(self._seed, self.width, self.height)

    def __iter__(self) -> Iterator[Frame]:
        for index in range(self.length):
            yield self.render(index)[0]

    def labelled(self) -> Iterator[LabelledFrame]:
        """See :class:`~mininet_ros.sequences.LabelledSequence`."""
        for index in range(self.length):
            frame, truth = self.render(index)
            yield LabelledFrame(frame, truth.labels, None)

    def render(self, index: int) -> tuple[Frame, StreetTruth]:
        """Render a frame and its ground truth; ``index`` is from 0 to length - 1.

        Raises:
            IndexError: ``index`` is out of range.
        """
        if not 0 <= index < self.length:
            raise IndexError(f"frame {index} of a generated sequence of {self.length} frames")
        time_s = index / self.rate_hz
        pose = sensor.pose_at(time_s)
        view = projection(self.camera_matrix, pose)
        size = (self.width, self.height)
        picture, labels, instances = self._street.scenery.draw(size, view, pose.z, time_s)
        light = sensor.light_at(time_s)
        smear = sensor.smear_at(time_s, self.camera_matrix[0, 0])
        image = self._sensor.expose(picture, index, light, smear)
        signs = self._visible_signs(instances, view, pose.z)
        truth = StreetTruth(labels, instances, signs, light, sensor.shake_at(time_s))
        return Frame(image, stamp_of(index, self.rate_hz), frame_name(index)), truth

    def position(self, index: int) -> np.ndarray:
        """Return the camera position (3,) float64 x, y, z of a frame, m, in the world frame."""
        pose = sensor.pose_at(index / self.rate_hz)
        return np.array([pose.x, pose.y, pose.z])

    def _visible_signs(
        self, instances: np.ndarray, view: np.ndarray, camera_z: float
    ) -> tuple[VisibleSign, ...]:
        seen = []
        counts = np.bincount(instances.ravel())
        for number in np.flatnonzero(counts[1:]) + 1:
            sign = self._street.signs[int(number)]
            corners, complete = _outline(sign.quad, view, camera_z)
            area = cv2.contourArea(corners.astype(np.float32)) * sign.quad.textures[0].fill
            visible = min(1.0, float(counts[number]) / max(area, 1e-6))
            inside = bool(
                (corners >= -0.5).all() and (corners <= (self.width - 0.5, self.height - 0.5)).all()
            )
            whole = (
                complete and inside and visible >= _WHOLE_SHARE and counts[number] >= _WHOLE_PIXELS
            )
            seen.append(VisibleSign(int(number), sign.text, corners, visible, bool(whole)))
        return tuple(seen)


def _outline(quad: Quad, view: np.ndarray, camera_z: float) -> tuple[np.ndarray, bool]:
    """Project the corners of the drawn part of a quad; also return whether it is drawn whole."""
    corners = quad.corners()
    cut = camera_z + NEAR
    if (corners[:, 2] >= cut).all():
        return project(view, corners), True
    # Only quads along the street reach behind the camera; that end is moved to the near plane.
    for near, far in ((0, 1), (3, 2), (1, 0), (2, 3)):
        if corners[near, 2] < cut:
            share = (cut - corners[near, 2]) / (corners[far, 2] - corners[near, 2])
            corners[near] += share * (corners[far] - corners[near])
    return project(view, corners), False
