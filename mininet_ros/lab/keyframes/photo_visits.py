"""The same wall of photos three times: forth, back and forth, each time seen a little differently.

A camera that comes back never sees the same pixels. The light has changed, its path is a bit
higher or lower, nearer or further away, and the noise is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.lab.keyframes.degradation import change_exposure, darken_with_noise
from mininet_ros.lab.keyframes.photo_tour import STRIP_HEIGHT, FilmedFrame, Photo, hung
from mininet_ros.offline.truth import sightings_of

FRAME_SIZE = (640, 480)  # px, also of the strip
STEP = 20.0  # px of the strip between two frames
NOISE = 2.0

# The camera moves up and down by this much on the way, with this period; px of the strip.
SWAY, SWAY_PERIOD = 50.0, 2500.0

# A visit begins where the one before ended; its differences come within this many frames.
CHANGING_FRAMES = 15


@dataclass(frozen=True)
class Visit:
    """How a visit differs from the photos.

    Attributes:
        stops: exposure, EV.
        size: of things in the picture, as a multiple.
        rise: of the camera, px of the strip; downwards is positive.
    """

    stops: float
    size: float
    rise: float


VISITS = (Visit(0.0, 1.0, 0.0), Visit(-0.6, 1.06, 20.0), Visit(0.4, 0.95, -16.0))


class PhotoVisits:
    """The frames of all visits, 640 x 480 pixels; iterating again gives the same ones.

    Args:
        photos: hung side by side in this order, at least one.

    Attributes:
        length: number of frames of one visit.

    Raises:
        ValueError: there is no photo.
    """

    def __init__(self, photos: Sequence[Photo]) -> None:
        if not photos:
            raise ValueError("A wall of photos needs at least one photo, got none.")
        self._strip, self._words, self._instances = hung(photos)
        self._way = self._strip.shape[1] - 1.1 * FRAME_SIZE[0]
        self.length = max(2, int(self._way / STEP))

    def __iter__(self) -> Iterator[FilmedFrame]:
        generator = np.random.default_rng(0)
        before = VISITS[0]
        for number, visit in enumerate(VISITS):
            for index in range(self.length):
                changed = min(1.0, (index + 1) / CHANGING_FRAMES)
                stops, size, rise = (
                    (1.0 - changed) * old + changed * new
                    for old, new in zip(vars(before).values(), vars(visit).values())
                )
                # The frames of the way back are halfway between those of the way there.
                along = self.length - 1.5 - index if number % 2 else float(index)
                window = self._window(max(0.0, along) * STEP, size, rise)
                yield self._seen(window, stops, generator)
            before = visit

    def _window(self, left: float, size: float, rise: float) -> np.ndarray:
        """Return the (2, 3) matrix from the frame to the strip."""
        width, height = (side / size for side in FRAME_SIZE)
        middle = STRIP_HEIGHT / 2.0 + rise + SWAY * np.sin(2.0 * np.pi * left / SWAY_PERIOD)
        x = left + (FRAME_SIZE[0] - width) / 2.0
        return np.array([[1.0 / size, 0.0, x], [0.0, 1.0 / size, middle - height / 2.0]])

    def _seen(
        self, window: np.ndarray, stops: float, generator: np.random.Generator
    ) -> FilmedFrame:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        nearest = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        view = cv2.warpAffine(
            self._strip, window, FRAME_SIZE, flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        instances = cv2.warpAffine(self._instances, window, FRAME_SIZE, flags=nearest)
        image = darken_with_noise(change_exposure(view, stops), 0.0, NOISE, generator)
        mask = cv2.warpAffine(self._words, window, FRAME_SIZE, flags=nearest)
        return FilmedFrame(image, mask, sightings_of(instances.astype(np.int32)))
