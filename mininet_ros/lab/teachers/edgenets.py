"""ESPNetv2 with Cityscapes weights from a checkout of sacmehta/EdgeNets, and a new head.

The modules are imported from the checkout; this package does not copy any of its code.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SCALE = 2.0  # width factor of the largest ESPNetv2
CITYSCAPES_CLASSES = 20  # 19 classes and void
FEATURES = 32  # channels of the last decoder stage
HIDDEN = 96
WEIGHTS = Path("model/segmentation/model_zoo/espnetv2/espnetv2_s_2.0_city_1024x512.pth")
MODULE = "model.segmentation.espnetv2"
# Mean and standard deviation of ImageNet in the order of the network: red, green, blue.
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


class CheckoutError(ValueError):
    """The checkout of EdgeNets cannot be used; the message is one sentence."""


class StreetTeacher(nn.Module):
    """ESPNetv2 with a head of two 1x1 convolutions that maps its last outputs to other classes.

    The network always stays in evaluation mode, so batch norms keep the statistics of Cityscapes.

    Args:
        backbone: ESPNetv2 for segmentation.
        classes: number of classes to learn.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, backbone: nn.Module, classes: int) -> None:
        super().__init__()
        self.backbone = backbone
        self.standardise = nn.BatchNorm2d(CITYSCAPES_CLASSES + FEATURES, affine=False)
        self.head = nn.Sequential(
            nn.Conv2d(CITYSCAPES_CLASSES + FEATURES, HIDDEN, 1),
            nn.ReLU(),
            nn.Conv2d(HIDDEN, classes, 1),
        )
        self.register_buffer("mean", torch.tensor(MEAN)[:, None, None])
        self.register_buffer("deviation", torch.tensor(DEVIATION)[:, None, None])

    def train(self, mode: bool = True) -> StreetTeacher:
        """Stay in evaluation mode; ``mode`` is ignored."""
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits (N, classes, H / 2, W / 2) of images float (N, 3, H, W), BGR, 0 to 1."""
        return self.head(self.standardise(self.features(images)))

    def features(self, images: Tensor) -> Tensor:
        """Return the backbone's logits and the features before them, (N, 52, H / 2, W / 2)."""
        seen: list[Tensor] = []
        last = self.backbone.get_submodule("bu_dec_l4")

        def keep(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            seen.extend((output, inputs[0]))

        hook = last.register_forward_hook(keep)
        try:
            self.backbone((images.flip(1) - self.mean) / self.deviation)
        finally:
            hook.remove()
        return torch.cat(seen, 1)

    @torch.no_grad()
    def measure(self, batches: Iterator[Tensor]) -> None:
        """Set the head's input statistics to those of batches of images."""
        norm = self.standardise
        norm.reset_running_stats()
        norm.momentum = None  # cumulative mean over the batches
        norm.training = True
        for images in batches:
            norm(self.features(images))
        norm.training = False


def open_backbone(checkout: Path) -> nn.Module:
    """Load ESPNetv2 with its Cityscapes weights from a checkout.

    Raises:
        CheckoutError: the checkout lacks its module or the weights.
    """
    weights = checkout / WEIGHTS
    if not weights.is_file():
        raise CheckoutError(f"{weights} does not exist: give a checkout of sacmehta/EdgeNets")
    # The modules import each other relative to the root of the checkout.
    sys.path.insert(0, str(checkout))
    try:
        made = import_module(MODULE).ESPNetv2Segmentation(
            Namespace(s=SCALE, channels=3), classes=CITYSCAPES_CLASSES, dataset="city"
        )
    except ImportError as error:
        raise CheckoutError(f"{checkout} is no checkout of sacmehta/EdgeNets: {error}") from error
    finally:
        sys.path.remove(str(checkout))
    made.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return made


class CameraTeacher(nn.Module):
    """The teacher for the ONNX export: uint8 camera image in, logits out."""

    def __init__(self, teacher: StreetTeacher) -> None:
        super().__init__()
        self.teacher = teacher

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (1, classes, H / 2, W / 2) of an image uint8 (1, H, W, 3) BGR."""
        return self.teacher(image.permute(0, 3, 1, 2).float() / 255)


@contextmanager
def pooling_as_products() -> Iterator[None]:
    """Replace adaptive pooling by products with constant matrices; ONNX supports any size then."""
    original = functional.adaptive_avg_pool2d

    def pool(values: Tensor, output_size: int | tuple[int, int]) -> Tensor:
        height, width = (output_size,) * 2 if isinstance(output_size, int) else output_size
        rows = pooling_matrix(int(values.shape[2]), height)
        columns = pooling_matrix(int(values.shape[3]), width)
        return rows @ values @ columns.T

    functional.adaptive_avg_pool2d = pool
    try:
        yield
    finally:
        functional.adaptive_avg_pool2d = original


def pooling_matrix(size: int, pooled: int) -> Tensor:
    """Return the matrix of adaptive average pooling of ``size`` values to ``pooled``."""
    # NumPy builds it, so that the export stores it as one constant.
    matrix = np.zeros((pooled, size), np.float32)
    for index in range(pooled):
        first, last = index * size // pooled, -(-(index + 1) * size // pooled)
        matrix[index, first:last] = 1 / (last - first)
    return torch.from_numpy(matrix)
