"""Augmentation of the paper (Sec. VII-A): horizontal flips, shifts and random scale."""

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

    Raises:
        ValueError: a scale is not positive, or the range is reversed.
    """

    flip: bool = True
    scale_range: tuple[float, float] = (0.5, 2.0)

    def __post_init__(self) -> None:
        low, high = self.scale_range
        if not 0 < low <= high:
            raise ValueError(f"scale range {low}-{high} must be positive and ascending")

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
        image, labels = _place(image, labels, width, height, random)
        if self.flip and random.random() < 0.5:
            image, labels = image[:, ::-1], labels[:, ::-1]
        return np.ascontiguousarray(image), np.ascontiguousarray(labels)


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
