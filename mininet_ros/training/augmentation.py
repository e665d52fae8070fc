"""Augmentation: the paper's flips, shifts and random scale (Sec. VII-A), and light beyond it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.training.classes import IGNORE_LABEL

PADDING_VALUE = 128


@dataclass(frozen=True)
class Augmentation:
    """How a training crop is drawn from an image.

    ``scale_range`` is drawn log-uniformly and multiplies the image after it has been resized to
    the network's input; what then overhangs is cut at random, what is missing is padded and
    ignored, at a random position: both are the paper's shifts.

    ``photometric``, 0 to 1, is how far exposure, contrast, colour, blur and noise may move; at 1,
    exposure goes from 2 stops darker to 1 stop brighter. 0, none of it, is the paper's.

    Raises:
        ValueError: a scale is not positive, the range is reversed, or ``photometric`` is out of
            range.
    """

    flip: bool = True
    scale_range: tuple[float, float] = (0.5, 2.0)
    photometric: float = 0.0

    def __post_init__(self) -> None:
        low, high = self.scale_range
        if not 0 < low <= high:
            raise ValueError(f"scale range {low}-{high} must be positive and ascending")
        if not 0 <= self.photometric <= 1:
            raise ValueError(f"photometric must lie in [0, 1], not {self.photometric}")

    def __call__(
        self,
        image: np.ndarray,
        labels: np.ndarray,
        width: int,
        height: int,
        random: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw a crop of ``width`` x ``height`` pixels.

        Args:
            image: uint8 (H, W, 3) BGR.
            labels: uint8 (H, W).

        Returns:
            uint8 (height, width, 3) and uint8 (height, width), 255 where padded.
        """
        scale = float(np.exp(random.uniform(*np.log(self.scale_range))))
        size = (round(width * scale), round(height * scale))
        interpolation = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
        image = cv2.resize(image, size, interpolation=interpolation)
        labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
        if self.photometric:
            image = relight(image, self.photometric, random)
        image, labels = _place(image, labels, width, height, random)
        if self.flip and random.random() < 0.5:
            image, labels = image[:, ::-1], labels[:, ::-1]
        return np.ascontiguousarray(image), np.ascontiguousarray(labels)


def relight(image: np.ndarray, strength: float, random: np.random.Generator) -> np.ndarray:
    """Another light and another lens on uint8 (H, W, 3) BGR: what a robot's camera may deliver.

    Exposure, contrast (as a gamma) and white balance move together in one table of values a
    channel; a third of the images is blurred, half of them get sensor noise.
    """
    values = np.arange(256) / 255
    exposure = np.exp2(strength * random.uniform(-2.0, 1.0))
    gamma = np.exp(strength * random.uniform(-0.4, 0.4))
    balance = np.exp(strength * random.uniform(-0.15, 0.15, 3))
    table = 255 * np.clip(exposure * balance * values[:, None] ** gamma, 0, 1)
    image = cv2.LUT(image, np.rint(table).astype(np.uint8)[:, None])
    if random.random() < 1 / 3:
        image = cv2.GaussianBlur(image, (0, 0), 0.3 + 1.2 * strength * random.random())
    if random.random() < 1 / 2:
        noise = random.normal(0.0, 10.0 * strength * random.random(), image.shape)
        image = cv2.add(image, noise, dtype=cv2.CV_8U)
    return image


def _place(
    image: np.ndarray, labels: np.ndarray, width: int, height: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut or pad to the given size at a random position, each axis by itself."""
    canvas = np.full((height, width, 3), PADDING_VALUE, np.uint8)
    truth = np.full((height, width), IGNORE_LABEL, np.uint8)
    source_y, target_y, rows = _overlap(image.shape[0], height, random)
    source_x, target_x, columns = _overlap(image.shape[1], width, random)
    target = np.s_[target_y : target_y + rows, target_x : target_x + columns]
    source = np.s_[source_y : source_y + rows, source_x : source_x + columns]
    canvas[target] = image[source]
    truth[target] = labels[source]
    return canvas, truth


def _overlap(source: int, target: int, random: np.random.Generator) -> tuple[int, int, int]:
    """Start in the source, start in the target and length of a randomly shifted overlap."""
    offset = int(random.integers(0, abs(source - target) + 1))
    return (offset, 0, target) if source >= target else (0, offset, source)
