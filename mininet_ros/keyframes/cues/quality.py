"""Cue: quality of a picture: illumination, sharpness and noise in one number.

A single measure is easily fooled: gradient measures prefer over-exposed frames, blur measures
prefer noisy dark ones, and mean luminance fails on dark scenes. This measure multiplies two
factors. Neither can be raised by degrading the picture in the way that the other one detects.

*Illumination* counts the grey levels that carry information. The entropy H of the colour channels
gives the number of levels in use, 2^H. Darkening, brightening or clipping cannot raise it, because
a function of the pixel values never adds entropy. Noise does raise it, so the count is divided by
the noise level: ``((2^H / 256) / sqrt(1 + noise^2)) ^ 0.75``.

*Sharpness* is the strength of the finest detail relative to the detail of the same picture at a
scale eight times coarser. It is a ratio, so it hardly changes with exposure, and every blur lowers
it.

The constants were chosen on the earlier half of each series of the ICDAR 2015 and CamVid training
photos; ``select-keyframes --judge-quality`` reports on the later halves.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np

from mininet_ros.keyframes.cues.described import described

# Pictures are reduced by a whole factor to about this width before detail is measured.
WORKING_WIDTH = 640

# Entropy needs only a sample of the pixels. The sample is not smoothed: averaging would add levels.
HISTOGRAM_WIDTH = 320

BLOCK = 16
COARSE_FACTOR = 8

# Percentage of the blocks that are assumed to contain only noise.
FLAT_SHARE = 2.0

# Response of the 4-neighbour Laplacian to white noise: variance 1 + 1 + 1 + 1 + 4^2.
LAPLACIAN_NOISE_GAIN = 20.0

# Coarse detail below this energy (grey levels squared) means a blank wall and is no reference.
COARSE_FLOOR = 20.0

# Ratio of fine to coarse detail that counts as fully sharp. Unblurred photos reach 0.10 to 0.27. An
# uncorrelated pattern, the sharpest possible picture, reaches 0.6.
FULL_SHARPNESS = 0.5

ILLUMINATION_EXPONENT = 0.75

# A picture whose quality relative to the last minute is below this is smeared or badly exposed.
CLEAR_SHARE = 0.7

# A picture is compared with the last minute. Where the light or the scene has changed for longer
# than half of the second time, it is compared with that.
MEMORY_NS = 60_000_000_000
RECENT_NS = 3_000_000_000
SAMPLE_NS = 100_000_000

# If less than this share of the picture counts, the whole picture is used.
LEAST_COUNTED = 0.1

DARKEST = 5
BRIGHTEST = 250


@dataclass(frozen=True)
class Quality:
    """Picture quality, independent of content; the fields describe the scores."""

    brightness: float = field(
        default=0.0, metadata=described("", 0, 1, "Mean luminance, from black to white.")
    )
    entropy: float = field(
        default=0.0,
        metadata=described("bit", 0, 8, "Mean entropy of the three colour channels."),
    )
    clipped: float = field(
        default=0.0,
        metadata=described(
            "", 0, 1, "Share of channel values at 5 or below, or at 250 or above, of 255."
        ),
    )
    noise: float = field(
        default=0.0,
        metadata=described(
            "grey levels",
            0,
            255,
            "Standard deviation of white noise, estimated at 640 pixels width.",
        ),
    )
    illumination: float = field(
        default=0.0,
        metadata=described(
            "", 0, 1, "Share of 256 grey levels that carry information, to the power 0.75."
        ),
    )
    sharpness: float = field(
        default=0.0,
        metadata=described(
            "", 0, 1, "Strength of the finest detail relative to the picture's own coarse detail."
        ),
    )
    quality: float = field(
        default=0.0,
        metadata=described(
            "",
            0,
            1,
            "Geometric mean of illumination and sharpness; it ranks pictures of one scene.",
        ),
    )
    relative: float = field(
        default=0.0,
        metadata=described(
            "",
            0,
            None,
            "How the picture compares with the stream's last minute, or last three seconds where "
            "these are worse; 1 is usual: the smaller of its sharpness and the root of its "
            "illumination as shares of their medians, less the share of values that are clipped "
            "beyond the median.",
        ),
    )


class QualityMeter:
    """Measures illumination, sharpness and noise of pictures.

    Intermediate pictures are kept between calls: a new allocation for each frame takes longer than
    the measurement.
    """

    def __init__(self) -> None:
        self._values: np.ndarray = np.empty((0, 0), np.float32)
        self._smooth: np.ndarray = self._values
        self._response: np.ndarray = self._values
        self._usual = [_RunningMedian(MEMORY_NS) for _ in range(3)]
        self._recent = [_RunningMedian(RECENT_NS) for _ in range(3)]

    def measure(
        self,
        image: np.ndarray,
        gray: np.ndarray,
        stamp_ns: int,
        ignored: np.ndarray | None = None,
    ) -> Quality:
        """Measure the next picture of a stream.

        Args:
            image: (H, W, 3) uint8 BGR, at least 16 x 16 pixels.
            gray: (H, W) uint8 luminance of ``image``.
            stamp_ns: stamp of the picture, nanoseconds.
            ignored: (h, w) uint8 at any size, above 0 where pixels do not count; None if all count.

        Returns:
            The scores of the picture.
        """
        counted = _counted(ignored)
        entropy, clipped = _tones(image, counted)
        gray = reduced(gray, WORKING_WIDTH)
        noise, fine, coarse = self._detail(gray, counted)
        levels = 2.0 ** (entropy - 8.0) / np.hypot(1.0, noise)
        illumination = float(levels**ILLUMINATION_EXPONENT)
        sharpness = min(1.0, float(np.sqrt(fine / (coarse + COARSE_FLOOR))) / FULL_SHARPNESS)
        return Quality(
            brightness=min(1.0, cv2.norm(gray, cv2.NORM_L1) / (255.0 * gray.size)),
            entropy=entropy,
            clipped=clipped,
            noise=noise,
            illumination=illumination,
            sharpness=sharpness,
            quality=float(np.sqrt(illumination * sharpness)),
            relative=self._compared(sharpness, illumination, clipped, stamp_ns),
        )

    def _compared(
        self, sharpness: float, illumination: float, clipped: float, stamp_ns: int
    ) -> float:
        """Return the quality relative to the last minute; see ``Quality.relative``."""
        values = (sharpness, illumination, clipped)
        usual = [median.add(value, stamp_ns) for median, value in zip(self._usual, values)]
        recent = [median.add(value, stamp_ns) for median, value in zip(self._recent, values)]
        least_sharp, least_lit = min(usual[0], recent[0]), min(usual[1], recent[1])
        sharp = sharpness / least_sharp if least_sharp > 0.0 else 0.0
        lit = float(np.sqrt(illumination / least_lit)) if least_lit > 0.0 else 0.0
        return min(sharp, lit) * (1.0 - max(0.0, clipped - max(usual[2], recent[2])))

    def _detail(self, gray: np.ndarray, counted: np.ndarray | None) -> tuple[float, float, float]:
        """Return noise (grey levels) and the mean squared Laplacian at fine and coarse scale."""
        if self._values.shape != gray.shape:
            self._values = np.empty(gray.shape, np.float32)
            self._smooth = np.empty_like(self._values)
            self._response = np.empty_like(self._values)
        values, response = self._values, self._response
        values[:] = gray
        cv2.Laplacian(values, cv2.CV_32F, dst=response)
        cv2.multiply(response, response, dst=response)
        blocks = _block_means(response, BLOCK)
        if counted is not None:
            blocks = blocks[_at_size(counted, blocks) > 0]
        noise = float(np.sqrt(np.percentile(blocks, FLAT_SHARE) / LAPLACIAN_NOISE_GAIN))
        reduced_values = _block_means(values, COARSE_FACTOR)
        coarse = _mean_square(cv2.Laplacian(reduced_values, cv2.CV_32F), counted)
        cv2.GaussianBlur(values, (5, 5), 1.0, dst=self._smooth)
        fine = _mean_square(cv2.Laplacian(self._smooth, cv2.CV_32F, dst=response), counted)
        return noise, fine, coarse


class _RunningMedian:
    """Running median of the last values, at most ten values a second."""

    def __init__(self, memory_ns: int) -> None:
        self._memory_ns = memory_ns
        self._recent: deque[tuple[int, float]] = deque()
        self._ordered: list[float] = []

    def add(self, value: float, stamp_ns: int) -> float:
        """Add a value and return the median that includes it."""
        if self._recent and stamp_ns - self._recent[-1][0] < SAMPLE_NS:
            return self._ordered[len(self._ordered) // 2]
        self._recent.append((stamp_ns, value))
        insort(self._ordered, value)
        while stamp_ns - self._recent[0][0] > self._memory_ns:
            del self._ordered[bisect_left(self._ordered, self._recent.popleft()[1])]
        return self._ordered[len(self._ordered) // 2]


def measure_quality(image: np.ndarray) -> Quality:
    """Measure the quality of a single picture; see ``QualityMeter.measure``.

    Raises:
        ValueError: ``image`` is not a (H, W, 3) uint8 picture of at least 16 x 16 pixels.
    """
    check_image(image)
    return QualityMeter().measure(image, cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 0)


def check_image(image: np.ndarray) -> None:
    """Check that an array is a (H, W, 3) uint8 picture of at least 16 x 16 pixels.

    Raises:
        ValueError: the array has another shape or type; the message states which.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(
            f"A frame must be a (H, W, 3) uint8 BGR image, got shape {image.shape} {image.dtype}."
        )
    if min(image.shape[:2]) < BLOCK:
        raise ValueError(
            f"A frame must be at least {BLOCK} x {BLOCK} pixels, "
            f"got {image.shape[1]} x {image.shape[0]}."
        )


def reduced(gray: np.ndarray, width: int) -> np.ndarray:
    """Reduce a (H, W) picture by a whole factor to about ``width`` pixels.

    The shorter side stays at least 16 pixels long. Returns ``gray`` itself if no reduction is
    needed.
    """
    factor = max(1, round(gray.shape[1] / width))
    factor = min(factor, min(gray.shape) // BLOCK)
    return _block_means(gray, factor) if factor > 1 else gray


def _tones(image: np.ndarray, counted: np.ndarray | None) -> tuple[float, float]:
    step = max(1, round(image.shape[1] / HISTOGRAM_WIDTH))
    size = image.shape[1] // step, image.shape[0] // step
    sample = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)
    within = None if counted is None else _at_size(counted, sample)
    entropies, clipped = [], []
    for channel in range(3):
        histogram = cv2.calcHist([sample], [channel], within, [256], [0, 256]).ravel()
        shares = histogram / histogram.sum()
        used = shares[shares > 0.0]
        entropies.append(-np.dot(used, np.log2(used)))
        clipped.append(shares[: DARKEST + 1].sum() + shares[BRIGHTEST:].sum())
    return max(0.0, float(np.mean(entropies))), float(np.mean(clipped))


def _block_means(image: np.ndarray, factor: int) -> np.ndarray:
    """Return the mean of each factor x factor block; incomplete blocks are cut off."""
    rows, columns = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: rows * factor, : columns * factor]
    return cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA)


def _mean_square(values: np.ndarray, counted: np.ndarray | None) -> float:
    if counted is None:
        return cv2.norm(values, cv2.NORM_L2SQR) / values.size
    within = _at_size(counted, values)
    return cv2.norm(values, cv2.NORM_L2SQR, within) / max(1, cv2.countNonZero(within))


def _counted(ignored: np.ndarray | None) -> np.ndarray | None:
    """Return the pixels that count, (h, w) uint8; None if all count or too few would remain."""
    if ignored is None:
        return None
    counted = (ignored == 0).view(np.uint8)
    return counted if cv2.countNonZero(counted) >= LEAST_COUNTED * counted.size else None


def _at_size(counted: np.ndarray, values: np.ndarray) -> np.ndarray:
    return cv2.resize(counted, (values.shape[1], values.shape[0]), interpolation=cv2.INTER_NEAREST)
