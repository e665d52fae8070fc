"""A camera tour over photos: real pixels and real truth, made-up motion, light and shake.

Photos are hung side by side, and a window of changing size travels along them, now fast, now
slow, while the light fails and glares and the camera shakes from time to time. Text in real
photos is annotated word by word; labelled video with text is not to be had, hence this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mininet_ros.lab.keyframes.degradation import change_exposure, darken_with_noise, motion_blur
from mininet_ros.offline.truth import Sighting, sightings_of

STRIP_HEIGHT = 720
WINDOW_WIDTHS = (640.0, 1100.0)
FRAME_SIZE = (640, 360)
RATE_HZ = 15.0

# Mean travel along the strip, in strip pixels for each frame: each photo is passed in some 40
# frames. At half the speed, choosing 5 % of the frames at random would show nearly all of it.
SPEED = 28.0

NOISE = 2.0

# Within these limits a word can still be read: stops of exposure, and blur in pixels.
LEGIBLE_STOPS = (-2.0, 1.25)
LEGIBLE_BLUR = 4.0


@dataclass(frozen=True, eq=False)
class Photo:
    """One annotated photo.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        words: outlines, each (N, 2) x, y in pixels.
        legible: for each word, whether it can be read at all; others are targets, too, but no
            instances to be found.
    """

    image: np.ndarray
    words: Sequence[np.ndarray]
    legible: Sequence[bool]


@dataclass(frozen=True, eq=False)
class FilmedFrame:
    """One frame of a camera that passes photos.

    Attributes:
        image: (h, w, 3) uint8 BGR.
        mask: (h, w) uint8, 1 on words, 0 elsewhere.
        sightings: the legible words that it shows.
    """

    image: np.ndarray
    mask: np.ndarray
    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, eq=False)
class TourFrame(FilmedFrame):
    """One frame of a tour, 640 x 360 pixels.

    Attributes:
        stamp_ns: time since the start, nanoseconds.
        stops: exposure, EV against the photo.
        blur: length of the smear, pixels at 640 pixels width.
    """

    stamp_ns: int
    stops: float
    blur: float

    @property
    def legible(self) -> bool:
        """Whether light and shake leave words legible."""
        return _legible(self.stops, self.blur)


class PhotoTour:
    """The frames of one tour; iterating again gives the same ones.

    Args:
        photos: hung side by side in this order, at least one.
        seed: of the path and of the schedules of light and shake.

    Raises:
        ValueError: there is no photo.
    """

    def __init__(self, photos: Sequence[Photo], seed: int = 0) -> None:
        if not photos:
            raise ValueError("A photo tour needs at least one photo, got none.")
        self._strip, self._words, self._instances = hung(photos)
        self._seed = seed
        self.length = max(2, round((self._strip.shape[1] - WINDOW_WIDTHS[0]) / SPEED))

    def __iter__(self) -> Iterator[TourFrame]:
        generator = np.random.default_rng(self._seed)
        windows = self._path(generator)
        stops, blurs, angles = self._schedules(generator)
        for index, window in enumerate(windows):
            view = cv2.warpAffine(
                self._strip, window, FRAME_SIZE, flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
            )
            nearest = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
            instances = cv2.warpAffine(self._instances, window, FRAME_SIZE, flags=nearest)
            legible = _legible(stops[index], blurs[index])
            seen = sightings_of(instances.astype(np.int32))
            yield TourFrame(
                image=_exposed(view, stops[index], blurs[index], angles[index], generator),
                mask=cv2.warpAffine(self._words, window, FRAME_SIZE, flags=nearest),
                sightings=tuple(replace(sighting, legible=legible) for sighting in seen),
                stamp_ns=round(index * 1e9 / RATE_HZ),
                stops=float(stops[index]),
                blur=float(blurs[index]),
            )

    def _path(self, generator: np.random.Generator) -> list[np.ndarray]:
        """For each frame the 2x3 matrix from frame to strip coordinates."""
        time = np.arange(self.length) / RATE_HZ
        narrow, wide = WINDOW_WIDTHS
        wide = min(wide, self._strip.shape[1])
        width = narrow + (wide - narrow) * _wave(time, 6.0, generator)
        scale = width / FRAME_SIZE[0]
        height = scale * FRAME_SIZE[1]
        speed = _wave(time, 8.0, generator) ** 2
        along = np.cumsum(speed) / speed.sum()
        left = along * (self._strip.shape[1] - width)
        top = _wave(time, 7.0, generator) * (STRIP_HEIGHT - height)
        return [
            np.array([[s, 0.0, x], [0.0, s, y]], np.float32) for s, x, y in zip(scale, left, top)
        ]

    def _schedules(
        self, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Exposure in stops, blur in pixels and its direction in degrees, for each frame."""
        stops = 1.2 * (_wave(np.arange(self.length) / RATE_HZ, 9.0, generator) - 0.5)
        stops -= 4.0 * _spells(self.length, generator, every_s=9.0, lasting_s=1.5)
        stops += 3.0 * _spells(self.length, generator, every_s=13.0, lasting_s=1.0)
        blurs = 20.0 * _spells(self.length, generator, every_s=3.0, lasting_s=0.5)
        return stops, blurs, generator.uniform(0.0, 180.0, self.length)


def _legible(stops: float, blur: float) -> bool:
    return bool(LEGIBLE_STOPS[0] <= stops <= LEGIBLE_STOPS[1] and blur <= LEGIBLE_BLUR)


def hung(photos: Sequence[Photo]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The strip of photos, its words (uint8, 0 or 1), and its instances (float32 numbers)."""
    pictures, words, instances, count = [], [], [], 0
    for photo in photos:
        scale = STRIP_HEIGHT / photo.image.shape[0]
        width = round(photo.image.shape[1] * scale)
        pictures.append(cv2.resize(photo.image, (width, STRIP_HEIGHT)))
        mask = np.zeros((STRIP_HEIGHT, width), np.uint8)
        numbers = np.zeros((STRIP_HEIGHT, width), np.float32)
        for outline, legible in zip(photo.words, photo.legible):
            polygon = np.round(np.asarray(outline) * scale).astype(np.int32)
            cv2.fillPoly(mask, [polygon], 1)
            if legible:
                count += 1
                cv2.fillPoly(numbers, [polygon], count)
        words.append(mask)
        instances.append(numbers)
    return np.hstack(pictures), np.hstack(words), np.hstack(instances)


def _wave(time: np.ndarray, period_s: float, generator: np.random.Generator) -> np.ndarray:
    """A smooth random course between 0 and 1."""
    first, second = generator.uniform(0.0, 2.0 * np.pi, 2)
    slow = np.sin(2.0 * np.pi * time / period_s + first)
    fast = np.sin(2.0 * np.pi * time / (0.41 * period_s) + second)
    return 0.5 + 0.35 * slow + 0.15 * fast


def _spells(
    length: int, generator: np.random.Generator, every_s: float, lasting_s: float
) -> np.ndarray:
    """Spells that come and go smoothly, at random times: 0 between them, 1 at their height."""
    course = np.zeros(length)
    time = np.arange(length) / RATE_HZ
    start = generator.exponential(every_s)
    while start < time[-1]:
        phase = np.clip((time - start) / lasting_s, 0.0, 1.0)
        course = np.maximum(course, np.sin(np.pi * phase))
        start += lasting_s + generator.exponential(every_s)
    return course


def _exposed(
    view: np.ndarray, stops: float, blur: float, angle: float, generator: np.random.Generator
) -> np.ndarray:
    smeared = motion_blur(view, blur, angle) if blur >= 1.0 else view
    if stops > 0.0:
        return darken_with_noise(change_exposure(smeared, stops), 0.0, NOISE, generator)
    return darken_with_noise(smeared, -stops, NOISE, generator)
