"""Degraded copies of real photos, and how often a quality score ranks them below the original.

A quality score is worth trusting when the same picture, darkened, over-exposed, blurred or noisy,
never scores higher than it did before. ``pairs_won`` measures that on photos of any origin, with
any score: one pair is one photo and one degraded copy of it, and the original wins a pair when its
score is strictly higher.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

# A camera encodes linear light with about this power law, so one photographic stop (EV) of
# exposure is a gain of 2 ** (1 / 2.2) on the encoded pixel values.
ENCODING_GAMMA = 2.2

# Blur strengths are given in pixels of a picture this wide and scaled with the picture, so that
# one name means the same visible blur on a 480 and on a 1280 pixel wide photo.
REFERENCE_WIDTH = 640


@dataclass(frozen=True)
class Degradation:
    """One way to make a picture worse.

    Attributes:
        name: what happens and how strongly, e.g. ``darker_2ev``.
        apply: takes a picture (H, W, 3) uint8 BGR and a random generator; returns the degraded
            copy, same shape and dtype. Only the noisy ones draw from the generator.
    """

    name: str
    apply: Callable[[np.ndarray, np.random.Generator], np.ndarray]


def change_exposure(image: np.ndarray, stops: float) -> np.ndarray:
    """The picture as exposed by ``stops`` EV more (positive) or less (negative), clipped at 255."""
    return cv2.convertScaleAbs(image, alpha=2.0 ** (stops / ENCODING_GAMMA))


def change_gamma(image: np.ndarray, gamma: float) -> np.ndarray:
    """The picture through the tone curve ``x ** gamma``: darker above 1, brighter below."""
    levels = np.linspace(0.0, 1.0, 256) ** gamma
    return cv2.LUT(image, np.round(levels * 255.0).astype(np.uint8))


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """Defocus: Gaussian of ``sigma`` pixels at a width of 640."""
    return cv2.GaussianBlur(image, (0, 0), sigma * image.shape[1] / REFERENCE_WIDTH)


def motion_blur(image: np.ndarray, length: float, angle: float) -> np.ndarray:
    """Camera shake: a straight smear of ``length`` px at a width of 640, at ``angle`` degrees."""
    scaled = length * image.shape[1] / REFERENCE_WIDTH
    half = int(np.ceil(scaled / 2.0))
    steps = np.linspace(-scaled / 2.0, scaled / 2.0, 8 * half + 1)
    columns = half + np.round(steps * np.cos(np.radians(angle))).astype(int)
    rows = half + np.round(steps * np.sin(np.radians(angle))).astype(int)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    np.add.at(kernel, (rows, columns), 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum())


def darken_with_noise(
    image: np.ndarray, stops: float, sigma: float, generator: np.random.Generator
) -> np.ndarray:
    """Low light: ``stops`` EV less, then white Gaussian noise of ``sigma`` grey levels."""
    darker = change_exposure(image, -stops).astype(np.float32)
    noise = generator.standard_normal(image.shape, dtype=np.float32) * sigma
    return np.clip(np.round(darker + noise), 0, 255).astype(np.uint8)


def _exposure(stops: float) -> Degradation:
    name = f"{'brighter' if stops > 0 else 'darker'}_{abs(stops):g}ev"
    return Degradation(name, lambda image, _: change_exposure(image, stops))


def _gamma(gamma: float) -> Degradation:
    name = f"{'brighter' if gamma < 1 else 'darker'}_gamma_{gamma:g}"
    return Degradation(name, lambda image, _: change_gamma(image, gamma))


def _blur(sigma: float) -> Degradation:
    return Degradation(f"blur_{sigma:g}px", lambda image, _: blur(image, sigma))


def _motion_blur(length: float, angle: float) -> Degradation:
    name = f"motion_blur_{length:g}px_{angle:g}deg"
    return Degradation(name, lambda image, _: motion_blur(image, length, angle))


def _dark_noise(stops: float, sigma: float) -> Degradation:
    return Degradation(
        f"dark_noise_{stops:g}ev_{sigma:g}",
        lambda image, generator: darken_with_noise(image, stops, sigma, generator),
    )


DEGRADATIONS: tuple[Degradation, ...] = (
    _exposure(-1.0),
    _exposure(-2.0),
    _exposure(-3.0),
    _gamma(1.5),
    _gamma(2.2),
    _exposure(1.0),
    _exposure(2.0),
    _exposure(3.0),
    _gamma(0.6),
    _blur(1.0),
    _blur(2.0),
    _blur(4.0),
    _motion_blur(5.0, 0.0),
    _motion_blur(9.0, 30.0),
    _motion_blur(15.0, 90.0),
    _dark_noise(1.0, 4.0),
    _dark_noise(2.0, 6.0),
    _dark_noise(3.0, 8.0),
)
"""The degradations that the package's own figures are reported for, mild to strong."""


def pairs_won(
    images: Iterable[np.ndarray],
    quality: Callable[[np.ndarray], float],
    degradations: Sequence[Degradation] = DEGRADATIONS,
    seed: int = 0,
) -> dict[str, float]:
    """Share of photos that score strictly higher than their degraded copy, per degradation.

    Args:
        images: pictures (H, W, 3) uint8 BGR; read once, one at a time.
        quality: the score to judge; takes such a picture, higher is better.
        degradations: what to try.
        seed: seeds the noise.

    Returns:
        Degradation name to share of pairs won, 0 to 1.

    Raises:
        ValueError: ``images`` is empty.
    """
    generator = np.random.default_rng(seed)
    wins = dict.fromkeys((degradation.name for degradation in degradations), 0)
    count = 0
    for image in images:
        count += 1
        original = quality(image)
        for degradation in degradations:
            wins[degradation.name] += original > quality(degradation.apply(image, generator))
    if count == 0:
        raise ValueError("pairs_won needs at least one image, got none.")
    return {name: won / count for name, won in wins.items()}
