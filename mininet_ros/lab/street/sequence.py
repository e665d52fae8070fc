"""The project's own sequence: a robot drives along a street, rendered with exact truth.

Houses, trees, cars, people and sign boards with readable lettering pass by under perspective
projection, so that motion and parallax are those of a real drive. Twice the light fails, once the
picture is over-exposed, and three times the camera shakes. Every frame is a function of seed and
index alone.
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

_WHOLE_SHARE = 0.95  # rasterising alone costs a small board some percent of its area
_WHOLE_PIXELS = 64


@dataclass(frozen=True, eq=False)
class VisibleSign:
    """A sign in one frame.

    Attributes:
        number: its value in the instance map.
        text: what is written on it.
        corners: (4, 2) float64 px, clockwise from the top left of the lettering, of the part in
            front of the camera; they may lie outside of the picture.
        visible: share of the board's projection that is seen, neither cut nor hidden, 0 to 1.
        whole: the board lies inside of the picture, at least 95 % of it are seen, and it covers
            at least 64 px.
    """

    number: int
    text: str
    corners: np.ndarray
    visible: float
    whole: bool


@dataclass(frozen=True, eq=False)
class StreetTruth:
    """What is in a frame.

    Attributes:
        labels: (H, W) uint8 ids of ``CLASSES``, 255 = void.
        instances: (H, W) uint16 numbers of the signs, 0 elsewhere.
        signs: the signs of which at least one pixel is seen.
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
        seed: the same seed gives the same drive (with the same OpenCV version: letters and
            interpolation are OpenCV's).
        width: px.
        height: px.
        rate_hz: frames a second.
        duration_s: length of the drive, s.

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

    @cached_property
    def _street(self) -> Street:
        # Loaded and built with the first frame: who asks for size and length does not wait for it.
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
        """The frame of an index from 0 to length - 1 and what is in it.

        Raises:
            IndexError: there is no such frame.
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
        """(3,) float64 x, y, z of the camera in a frame, m, in the world of ``camera``."""
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
    """Projected corners of a quad as far as it is drawn, and whether that is all of it."""
    corners = quad.corners()
    cut = camera_z + NEAR
    if (corners[:, 2] >= cut).all():
        return project(view, corners), True
    # Only quads along the street reach behind the camera; the end that does is drawn forward.
    for near, far in ((0, 1), (3, 2), (1, 0), (2, 3)):
        if corners[near, 2] < cut:
            share = (cut - corners[near, 2]) / (corners[far, 2] - corners[near, 2])
            corners[near] += share * (corners[far] - corners[near])
    return project(view, corners), False
