"""Layers of MiniNet-v2 (T-RO 2020, Sec. IV-A), made of the convolutions of Sec. III.

Every layer is built from its number of input and output channels, so that a table of stages
(:mod:`mininet_ros.network.stages`) can chain any of them. Tensors are float, (N, C, H, W).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mininet_ros.network.convolutions import (
    DepthwiseSeparableConvolution,
    MultiDilationConvolution,
)
from mininet_ros.network.dropout import Dropout

BATCH_NORM_EPSILON = 1e-3
DROPOUT = 0.25


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with the epsilon of the released weights (PyTorch's own costs 1.3 mIoU)."""
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON)


class NormRelu(nn.BatchNorm2d):
    """Batch norm with the epsilon of the released weights, then ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=BATCH_NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(super().forward(x))


class Downsampling(nn.Module):
    """Halve the resolution: a strided convolution beside a max-pool, concatenated (Sec. IV-A).

    The convolution adds ``out_channels - in_channels`` filters to the pooled input.
    Input (N, in, H, W) with even H and W, output (N, out, H/2, W/2).
    """

    scale = 0.5

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels - in_channels, 3, stride=2, bias=False)
        self.norm = batch_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        # TensorFlow's "same" padding of a stride-2 convolution on even sides: bottom and right.
        convolved = self.conv(functional.pad(x, (0, 1, 0, 1)))
        pooled = functional.max_pool2d(x, 2)
        return functional.relu(self.norm(torch.cat((convolved, pooled), dim=1)))


class SeparableModule(DepthwiseSeparableConvolution):
    """Residual depthwise separable convolution, with nothing between its two steps (Sec. IV-A).

    Input and output (N, C, H, W); ``in_channels`` must equal ``out_channels``.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        require_residual(in_channels, out_channels)
        super().__init__(in_channels, out_channels)
        self.norm = batch_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(super().forward(x)) + x)


class MultiDilationModule(MultiDilationConvolution):
    """Residual multi-dilation depthwise separable convolution (Sec. III-A, Fig. 2; Sec. IV-A).

    Batch norm and ReLU follow each depthwise step; ``dropout`` is the share of the residual that
    is dropped in training. Input and output (N, C, H, W); ``in_channels`` must equal
    ``out_channels``.
    """

    local_norm: NormRelu
    dilated_norm: NormRelu

    def __init__(
        self, in_channels: int, out_channels: int, rate: int, dropout: float = DROPOUT
    ) -> None:
        require_residual(in_channels, out_channels)
        super().__init__(in_channels, out_channels, rate, after=NormRelu)
        self.norm = batch_norm(out_channels)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.dropout(self.norm(super().forward(x))) + x)


class TransposedConvolution(nn.Module):
    """Double the resolution: 3x3 transposed convolution with stride 2 and bias.

    Cropped at bottom and right, as the released weights expect; padding on both sides instead
    would shift the result by one pixel. Input (N, in, H, W), output (N, out, 2H, 2W).
    """

    scale = 2.0

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.deconv = nn.ConvTranspose2d(in_channels, out_channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        return self.deconv(x)[:, :, : 2 * height, : 2 * width]


class Upsampling(TransposedConvolution):
    """Transposed convolution followed by batch norm and ReLU (Sec. IV-A)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.norm = batch_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(super().forward(x)))


def require_residual(in_channels: int, out_channels: int) -> None:
    """Raises: ValueError where a residual module would change the number of channels."""
    if in_channels != out_channels:
        raise ValueError(
            f"a residual module keeps its channels, but the table asks for "
            f"{in_channels} in and {out_channels} out"
        )
