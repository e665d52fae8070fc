"""Simulates the robot's camera on the generated street: motion, exposure, shake and noise."""

from __future__ import annotations

import cv2
import numpy as np

from mininet_ros.lab.street.camera import Pose
from mininet_ros.lab.street.stage import CAMERA_X

SPEED = 5.0
"""Speed of the robot along the street, m/s."""
CAMERA_HEIGHT = 1.4
"""Height of the camera above the road, m."""
CYCLE = 20.0
"""Period of the schedules of light and shake, s."""

_LIGHT_SCHEDULE = ((4.0, 6.4, 0.08), (9.6, 11.0, 4.5), (15.6, 17.4, 0.12))  # from, to (s), gain
_SHAKE_SCHEDULE = ((2.0, 3.0), (7.4, 8.8), (12.4, 14.2))  # from, to (s)
_RAMP = 0.35  # duration of a change of light or shake, s
_EXPOSURE = 1 / 40  # exposure time, s
_SWING = (0.020, 0.014, 0.012)  # amplitude of yaw, pitch and roll when the camera shakes, rad
_REST = 0.02  # strength of the shake of normal driving, relative to full shake
_GAMMA = 2.2
_CONTRAST = 0.55  # share of the S-shaped curve in the tone curve
_NOISE_UNIT = 24.0  # value in the stored noise field for one standard deviation


def light_at(time_s: float) -> float:
    """Return the light gain at the sensor: 1 normal, below 1 dark, above 1 over-exposed."""
    exponent = sum(
        _within(time_s % CYCLE, start, end) * np.log(gain) for start, end, gain in _LIGHT_SCHEDULE
    )
    return float(np.exp(exponent))


def shake_at(time_s: float) -> float:
    """Return the strength of the camera shake, 0 to 1."""
    return max(_within(time_s % CYCLE, start, end) for start, end in _SHAKE_SCHEDULE)


def pose_at(time_s: float) -> Pose:
    """Return the camera pose in the middle of an exposure."""
    yaw, pitch, roll = _swing(time_s)
    drift = 0.18 * np.sin(0.5 * time_s)
    return Pose(
        x=CAMERA_X + drift,
        y=-CAMERA_HEIGHT + 0.008 * np.sin(9.0 * time_s),
        z=SPEED * time_s,
        yaw=yaw + 0.02 * np.sin(0.37 * time_s + 1.0),
        pitch=pitch + 0.02,
        roll=roll,
    )


def smear_at(time_s: float, focal: float) -> tuple[float, float]:
    """Return the movement of the image centre during the exposure, px right and px down."""
    before, after = _swing(time_s - _EXPOSURE / 2), _swing(time_s + _EXPOSURE / 2)
    return -focal * (after[0] - before[0]), -focal * (after[1] - before[1])


class Sensor:
    """Turns a rendered image into a camera image.

    Args:
        seed: seed of the noise.
        width: width of the image, px.
        height: height of the image, px.
    """

    def __init__(self, seed: int, width: int, height: int) -> None:
        self._seed = seed
        rng = np.random.default_rng((seed, 1))
        shape = (height + 96, width + 96)
        grey = rng.standard_normal((*shape, 1), dtype=np.float32)
        colour = rng.standard_normal((*shape, 3), dtype=np.float32)
        field = 128 + _NOISE_UNIT * (0.85 * grey + 0.5 * colour)
        self._noise = np.clip(np.rint(field), 0, 255).astype(np.uint8)

    def expose(
        self, picture: np.ndarray, index: int, light: float, smear: tuple[float, float]
    ) -> np.ndarray:
        """Add lens blur, motion blur, exposure and noise.

        Args:
            picture: rendered image (h, w, 3) uint8 BGR.
            index: index of the frame, which the noise depends on.
            light: gain of the light, 1 for normal.
            smear: movement of the image during the exposure, px right and px down.

        Returns:
            Camera image (h, w, 3) uint8 BGR.
        """
        height, width = picture.shape[:2]
        picture = cv2.GaussianBlur(picture, (3, 3), 0.6)
        if max(abs(smear[0]), abs(smear[1])) >= 1:
            picture = _smeared(picture, smear)
        picture = cv2.LUT(picture, _tones(light))
        row, column = np.random.default_rng((self._seed, 2, index)).integers(0, 96, 2)
        noise = self._noise[row : row + height, column : column + width]
        strength = (1.4 + 2.6 * max(0.0, 1 - light)) / _NOISE_UNIT
        return cv2.addWeighted(picture, 1.0, noise, strength, -128 * strength)


def _tones(light: float) -> np.ndarray:
    """Return the (256,) uint8 tone curve: gain in linear light, then a soft S-shaped contrast."""
    linear = (np.arange(256) / 255) ** _GAMMA * light
    level = (linear ** (1 / _GAMMA)).clip(0, 1)
    contrast = level * level * (3 - 2 * level)
    return np.rint(255 * (level + _CONTRAST * (contrast - level))).astype(np.uint8)


def _within(time_s: float, start: float, end: float) -> float:
    """Return 1 from start to end and 0 outside, with soft ramps inside the interval."""
    share = np.clip(min(time_s - start, end - time_s) / _RAMP, 0, 1)
    return float(share * share * (3 - 2 * share))


def _swing(time_s: float) -> tuple[float, float, float]:
    strength = max(shake_at(time_s), _REST)
    yaw = np.sin(29.0 * time_s) + 0.6 * np.sin(47.0 * time_s + 1.0)
    pitch = np.sin(37.0 * time_s + 0.5) + 0.5 * np.sin(53.0 * time_s)
    roll = np.sin(23.0 * time_s + 2.0)
    return (
        float(_SWING[0] * strength * yaw),
        float(_SWING[1] * strength * pitch),
        float(_SWING[2] * strength * roll),
    )


def _smeared(picture: np.ndarray, smear: tuple[float, float]) -> np.ndarray:
    """Average eight copies along a line, in three steps of two copies with halved distances."""
    steps = [(round(smear[0] * share), round(smear[1] * share)) for share in (4 / 7, 2 / 7, 1 / 7)]
    wide = sum(abs(right) for right, _ in steps)
    high = sum(abs(down) for _, down in steps)
    picture = cv2.copyMakeBorder(
        picture, high // 2, high - high // 2, wide // 2, wide - wide // 2, cv2.BORDER_REPLICATE
    )
    for right, down in steps:
        rows, columns = picture.shape[0] - abs(down), picture.shape[1] - abs(right)
        first = picture[max(0, down) :, max(0, right) :][:rows, :columns]
        second = picture[max(0, -down) :, max(0, -right) :][:rows, :columns]
        picture = cv2.addWeighted(first, 0.5, second, 0.5, 0)
    return picture
