"""Layers of MiniNet-v2 (T-RO 2020, Sec. III and IV-A).

Every layer is built from its number of input and output channels, so that a table of stages
(:mod:`mininet_ros.network.stages`) can chain any of them. Tensors are float, (N, C, H, W).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

BATCH_NORM_EPSILON = 1e-3
DROPOUT = 0.25


def batch_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with the epsilon of the released weights (PyTorch's own costs 1.3 mIoU)."""
    return nn.BatchNorm2d(channels, eps=BATCH_NORM_EPSILON)


def depthwise(channels: int, rate: int = 1) -> nn.Conv2d:
    """3x3 convolution of each channel by itself: C·3·3 parameters (Sec. III-A)."""
    return nn.Conv2d(
        channels, channels, 3, padding=rate, dilation=rate, groups=channels, bias=False
    )


def pointwise(in_channels: int, out_channels: int) -> nn.Conv2d:
    """1x1 convolution across channels: Ci·Co parameters (Sec. III-A)."""
    return nn.Conv2d(in_channels, out_channels, 1, bias=False)


class Downsampling(nn.Module):
    """Halve the resolution: a strided convolution beside a max-pool, concatenated (Sec. IV-A).

    The convolution adds ``out_channels - in_channels`` filters to the pooled input.
    Input (N, in, H, W) with even H and W, output (N, out, H/2, W/2).
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels - in_channels, 3, stride=2, bias=False)
        self.norm = batch_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        # TensorFlow's "same" padding of a stride-2 convolution on even sides: bottom and right.
        convolved = self.conv(functional.pad(x, (0, 1, 0, 1)))
        pooled = functional.max_pool2d(x, 2)
        return functional.relu(self.norm(torch.cat((convolved, pooled), dim=1)))


class SeparableModule(nn.Module):
    """Residual depthwise separable convolution, with nothing between its two steps (Sec. IV-A).

    Input and output (N, C, H, W); ``in_channels`` must equal ``out_channels``.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        require_residual(in_channels, out_channels)
        self.depthwise = depthwise(in_channels)
        self.pointwise = pointwise(in_channels, out_channels)
        self.norm = batch_norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.pointwise(self.depthwise(x))) + x)


class MultiDilationModule(nn.Module):
    """Residual multi-dilation depthwise separable convolution (Sec. III-A, Fig. 2; Sec. IV-A).

    Two depthwise convolutions see the same input, one at rate 1 and one at ``rate``; their sum
    goes through one pointwise convolution: 2·C·3·3 + Ci·Co parameters beside the batch norms.
    Input and output (N, C, H, W); ``in_channels`` must equal ``out_channels``.
    """

    def __init__(self, in_channels: int, out_channels: int, rate: int) -> None:
        super().__init__()
        require_residual(in_channels, out_channels)
        self.local_depthwise = depthwise(in_channels)
        self.local_norm = batch_norm(in_channels)
        self.dilated_depthwise = depthwise(in_channels, rate)
        self.dilated_norm = batch_norm(in_channels)
        self.pointwise = pointwise(in_channels, out_channels)
        self.norm = batch_norm(out_channels)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        local = functional.relu(self.local_norm(self.local_depthwise(x)))
        dilated = functional.relu(self.dilated_norm(self.dilated_depthwise(x)))
        residual = self.dropout(self.norm(self.pointwise(local + dilated)))
        return functional.relu(residual + x)


class TransposedConvolution(nn.Module):
    """Double the resolution: 3x3 transposed convolution with stride 2 and bias.

    Cropped at bottom and right, as the released weights expect; padding on both sides instead
    would shift the result by one pixel. Input (N, in, H, W), output (N, out, 2H, 2W).
    """

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
