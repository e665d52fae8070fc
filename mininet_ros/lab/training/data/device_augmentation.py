"""Augments a whole batch at once on the training device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mininet_ros.images.class_tables import IGNORE_LABEL
from mininet_ros.lab.training.data.augmentation import PADDING_VALUE, Draws

BLUR_RADIUS = 5  # radius of the kernel in pixels, three sigma of the strongest blur


def cut_batch(
    images: Tensor,
    labels: Tensor,
    draws: Draws,
    width: int,
    height: int,
    generator: torch.Generator,
    oversampling: int = 1,
    soft: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Cut crops as :func:`mininet_ros.lab.training.data.augmentation.cut` does, except rounding.

    Args:
        images: images uint8 (N, 3, H, W) BGR, on any device.
        labels: class ids uint8 (N, H, W), on the device of ``images``.
        draws: random values of the N crops.
        width, height: size of the crops in pixels.
        generator: random generator of the noise, on the device of ``images``.
        oversampling: number of sample points per pixel and axis that are averaged; it is the
            largest factor by which an image shrinks, so that no pixel is skipped.
        soft: soft labels uint8 (N, classes, h, w) of the whole images, on the device of
            ``images``; None without a teacher.

    Returns:
        Network input float32 (N, 3, height, width), values ``x / 255 - 0.5``, channels last;
        labels int64 (N, height, width), 255 where padded; soft labels float32
        (N, classes, height // 2, width // 2), values 0 to 255, 0 where padded; None without any.
    """
    device = images.device
    grid_of = to_device(_maps(draws, width, height), device)
    shape = [len(images), 1, height, width]
    grid = functional.affine_grid(grid_of, shape, align_corners=False)
    is_inside = (grid.abs() < 1).all(-1)
    truth = functional.grid_sample(
        labels[:, None].float(), grid, "nearest", "border", align_corners=False
    )[:, 0]
    if oversampling > 1:
        shape = [len(images), 1, height * oversampling, width * oversampling]
        grid = functional.affine_grid(grid_of, shape, align_corners=False)
    crops = functional.grid_sample(images.float(), grid, "bilinear", "border", align_corners=False)
    if oversampling > 1:
        crops = functional.avg_pool2d(crops, oversampling)
    crops = relight_batch(crops / 255, draws, generator)
    crops = torch.where(is_inside[:, None], crops, PADDING_VALUE / 255) - 0.5
    truth = torch.where(is_inside, truth, IGNORE_LABEL).long()
    if soft is not None:
        shape = [len(images), 1, height // 2, width // 2]
        grid = functional.affine_grid(grid_of, shape, align_corners=False)
        soft = functional.grid_sample(soft.float(), grid, "bilinear", "border", align_corners=False)
        soft = soft * (grid.abs() < 1).all(-1)[:, None]
    return crops.contiguous(memory_format=torch.channels_last), truth, soft


def relight_batch(images: Tensor, draws: Draws, generator: torch.Generator) -> Tensor:
    """Change light and sharpness of float (N, 3, H, W), 0 to 1, as ``augmentation.relight``."""
    if (draws.exposure != 1).any() or (draws.gamma != 1).any():
        exposure = _on_images(draws.exposure, images)
        images = (exposure * images.clamp_min(0) ** _on_images(draws.gamma, images)).clamp(0, 1)
    if draws.blur.any():
        images = _blur(images, draws.blur)
    if draws.noise.any():
        noise = torch.randn(images.shape, generator=generator, device=images.device)
        images = (images + noise * _on_images(draws.noise / 255, images)).clamp(0, 1)
    return images


def to_device(values: np.ndarray, device: torch.device) -> Tensor:
    """Copy an array to the device without waiting for the work of the device."""
    tensor = torch.from_numpy(values)
    if device.type == "cuda":
        tensor = tensor.pin_memory()  # the driver may wait before it copies other memory
    return tensor.to(device, non_blocking=True)


def _maps(draws: Draws, width: int, height: int) -> np.ndarray:
    """Return affine maps float32 (N, 2, 3) from crop to image; both have coordinates -1 to 1."""
    crop = np.array([width, height])
    slope = crop / draws.size
    offset = (crop - 2 * draws.corner) / draws.size - 1
    maps = np.zeros((len(slope), 2, 3), np.float32)
    maps[:, 0, 0] = np.where(draws.is_flipped, -1, 1) * slope[:, 0]
    maps[:, 1, 1] = slope[:, 1]
    maps[:, :, 2] = offset
    return maps


def _on_images(values: np.ndarray, images: Tensor) -> Tensor:
    """Return values (N,) or (N, 3) as a tensor that broadcasts to images (N, 3, H, W)."""
    tensor = to_device(values.astype(np.float32), images.device)
    return tensor.reshape(len(images), -1, 1, 1)


def _blur(images: Tensor, sigma: np.ndarray) -> Tensor:
    """Apply a Gaussian blur with its own sigma to each image, in two passes; sigma 0 is no blur."""
    taps = np.arange(-BLUR_RADIUS, BLUR_RADIUS + 1)
    kernels = np.exp(-0.5 * (taps / np.maximum(sigma, 1e-3)[:, None]) ** 2)
    kernels = np.repeat(kernels / kernels.sum(1, keepdims=True), images.shape[1], axis=0)
    weights = to_device(kernels.astype(np.float32), images.device)
    planes = images.reshape(1, -1, *images.shape[2:])
    padded = functional.pad(planes, (BLUR_RADIUS,) * 4, "reflect")
    along_rows = functional.conv2d(padded, weights[:, None, None, :], groups=len(weights))
    blurred = functional.conv2d(along_rows, weights[:, None, :, None], groups=len(weights))
    return blurred.reshape(images.shape)
