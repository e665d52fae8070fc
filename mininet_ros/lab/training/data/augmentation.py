"""Augmentation: the paper's flips, shifts and random scale (Sec. VII-A), and photometric changes.

Random values are drawn for a whole batch at once (:class:`Draws`). OpenCV applies them to images
here; :mod:`mininet_ros.lab.training.data.device_augmentation` applies them to tensors. Both have
the same distribution.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL

PADDING_VALUE = 128


@dataclass(frozen=True)
class Draws:
    """Random values for N crops; ``draws[i]`` are those of one crop, ``draws[i:j]`` of several.

    Attributes:
        size: int (N, 2), width and height of the resized image in pixels.
        corner: int (N, 2), x and y of the resized image's first pixel in the crop.
        is_flipped: bool (N,), whether the crop is mirrored left to right.
        exposure: float (N, 3), factor on each channel (BGR) for exposure and white balance.
        gamma: float (N,), exponent on values from 0 to 1.
        blur: float (N,), sigma of a Gaussian blur in pixels; 0 for none.
        noise: float (N,), sigma of the noise in grey levels; 0 for none.
        noise_seed: int (N,), seed of the noise.
    """

    size: np.ndarray
    corner: np.ndarray
    is_flipped: np.ndarray
    exposure: np.ndarray
    gamma: np.ndarray
    blur: np.ndarray
    noise: np.ndarray
    noise_seed: np.ndarray

    def __getitem__(self, chosen: int | slice) -> Draws:
        return Draws(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True)
class Augmentation:
    """Settings for drawing random training crops from images.

    The image is first resized to the network's input and then scaled. A larger image is cut at a
    random position. A smaller image is placed at a random position, and the padding is ignored.
    Both are the shifts of the paper.

    Attributes:
        scale_range: smallest and largest scale factor, drawn log-uniformly.
        photometric: strength of changes of exposure, contrast, colour, blur and noise, 0 to 1; at
            1 the exposure goes from 2 stops darker to 1 stop brighter. The paper has 0.

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

    def draw(
        self,
        count: int,
        size: tuple[int, int],
        crop_size: tuple[int, int],
        random: np.random.Generator,
    ) -> Draws:
        """Draw the random values for ``count`` crops.

        Args:
            count: number of crops.
            size: width and height of the image at scale 1, in pixels.
            crop_size: width and height of the crops in pixels.
            random: random generator of the values.
        """
        low, high = np.log(self.scale_range)
        scale = np.exp(random.uniform(low, high, (count, 1)))
        crop = np.array(crop_size)
        scaled = np.maximum(np.rint(scale * np.array(size)), 1).astype(int)
        # From left-aligned to right-aligned, whether the image or the crop is larger.
        slack = crop - scaled
        corner = np.sign(slack) * np.floor(random.random((count, 2)) * (abs(slack) + 1)).astype(int)
        flip = random.random(count) < 0.5
        light = self.photometric * random.uniform(-2.0, 1.0, (count, 1))
        balance = self.photometric * random.uniform(-0.15, 0.15, (count, 3))
        gamma = self.photometric * random.uniform(-0.4, 0.4, count)
        blur = 0.3 + 1.2 * self.photometric * random.random(count)
        noise = 10.0 * self.photometric * random.random(count)
        chance = random.random((2, count))
        return Draws(
            size=scaled,
            corner=corner,
            is_flipped=flip & self.flip,
            exposure=np.exp2(light) * np.exp(balance),
            gamma=np.exp(gamma),
            blur=np.where((chance[0] < 1 / 3) & (self.photometric > 0), blur, 0.0),
            noise=np.where(chance[1] < 1 / 2, noise, 0.0),
            noise_seed=random.integers(0, 2**31, count),
        )


def cut(
    image: np.ndarray, labels: np.ndarray, draw: Draws, width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """Cut one crop according to its random values.

    Args:
        image: image uint8 (H, W, 3) BGR.
        labels: class ids uint8 (H, W), 255 = ignored.
        draw: random values of one crop.
        width, height: size of the crop in pixels.

    Returns:
        Image uint8 (height, width, 3) BGR and labels uint8 (height, width), 255 where padded.
    """
    size = (int(draw.size[0]), int(draw.size[1]))
    interpolation = cv2.INTER_AREA if size[0] < image.shape[1] else cv2.INTER_LINEAR
    image = relight(cv2.resize(image, size, interpolation=interpolation), draw)
    labels = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    canvas = np.full((height, width, 3), PADDING_VALUE, np.uint8)
    truth = np.full((height, width), IGNORE_LABEL, np.uint8)
    target, source = _overlap(draw.corner, size, (width, height))
    canvas[target] = with_noise(image[source], draw)
    truth[target] = labels[source]
    if draw.is_flipped:
        canvas, truth = canvas[:, ::-1], truth[:, ::-1]
    return np.ascontiguousarray(canvas), np.ascontiguousarray(truth)


def cut_soft(soft: np.ndarray, draw: Draws, width: int, height: int) -> np.ndarray:
    """Cut a soft label along with its image.

    Args:
        soft: soft labels uint8 (h, w, classes) of the whole image.
        draw: random values of one crop.
        width, height: size of the crop in pixels.

    Returns:
        Soft labels uint8 (height // 2, width // 2, classes), the size of a network's logits; 0 for
        every class where padded.
    """
    shape = (height // 2, width // 2)
    pixels = np.array([width / shape[1], height / shape[0]])  # crop pixels per soft pixel
    slope = soft.shape[1::-1] / draw.size
    offset = slope * (pixels / 2 - draw.corner) - 0.5
    matrix = np.column_stack([np.diag(slope * pixels), offset])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    canvas = cv2.warpAffine(soft, matrix, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    for axis in (0, 1):
        centres = (np.arange(shape[1 - axis]) + 0.5) * pixels[axis] - draw.corner[axis]
        is_padded = (centres <= 0) | (centres >= draw.size[axis])
        canvas[(slice(None),) * (1 - axis) + (is_padded,)] = 0
    if draw.is_flipped:
        canvas = canvas[:, ::-1]
    return np.ascontiguousarray(canvas)


def relight(image: np.ndarray, draw: Draws) -> np.ndarray:
    """Change light and sharpness of an image uint8 (H, W, 3) BGR, as robot cameras differ.

    Exposure, contrast (as a gamma) and white balance are applied as one lookup table for each
    channel. Blur follows if it was drawn.
    """
    if (draw.exposure != 1).any() or draw.gamma != 1:
        values = np.arange(256)[:, None] / 255
        table = 255 * np.clip(draw.exposure * values**draw.gamma, 0, 1)
        image = cv2.LUT(image, np.rint(table).astype(np.uint8)[:, None])
    if draw.blur:
        image = cv2.GaussianBlur(image, (0, 0), float(draw.blur))
    return image


def with_noise(image: np.ndarray, draw: Draws) -> np.ndarray:
    """Add sensor noise to an image uint8 (H, W, 3) if it was drawn.

    It is added to the cut part of an image alone, since its random numbers are most of a crop's
    cost.
    """
    if not draw.noise or not image.size:
        return image
    random = np.random.default_rng(int(draw.noise_seed))
    noise = random.standard_normal(image.shape, np.float32) * np.float32(draw.noise)
    return cv2.add(image, noise, dtype=cv2.CV_8U)


def _overlap(
    corner: np.ndarray, size: tuple[int, int], crop: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the overlap of image and crop: rows and columns in the crop, and in the image."""
    first = np.maximum(corner, 0)
    last = np.minimum(corner + size, crop)
    (left, top), (right, bottom) = first, last
    x, y = corner
    return np.s_[top:bottom, left:right], np.s_[top - y : bottom - y, left - x : right - x]
