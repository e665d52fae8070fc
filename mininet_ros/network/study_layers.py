"""Layers of the networks that the paper compares MiniNet-v2 with (Sec. VI).

ERFNet's module of factorised convolutions (Romera et al. 2017) with its depthwise separable
counterpart, and MiniNet-v2's module with the other convolutions of Sec. III in it. Every layer is
built from its number of input and output channels; tensors are float, (N, C, H, W).
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mininet_ros.network.convolutions import (
    AtrousConvolution,
    DepthwiseSeparableConvolution,
    FactorisedConvolution,
    FactorisedSeparableConvolution,
)
from mininet_ros.network.dropout import Dropout
from mininet_ros.network.layers import NormRelu, batch_norm, require_residual


class ResidualModule(nn.Module):
    """``relu(dropout(batch norm(convolution(x))) + x)``; channels, height and width stay.

    Args:
        in_channels, out_channels: must be equal.
        convolution: layer that keeps the number of channels.
        dropout: share of the residual that is dropped in training.
    """

    def __init__(
        self, in_channels: int, out_channels: int, convolution: nn.Module, dropout: float
    ) -> None:
        super().__init__()
        require_residual(in_channels, out_channels)
        self.convolution = convolution
        self.norm = batch_norm(out_channels)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.dropout(self.norm(self.convolution(x))) + x)


class StandardModule(ResidualModule):
    """MiniNet-v2's module with a standard convolution: 9·C·C weights beside the batch norm."""

    def __init__(
        self, in_channels: int, out_channels: int, rate: int = 1, dropout: float = 0.0
    ) -> None:
        convolution = AtrousConvolution(in_channels, out_channels, rate)
        super().__init__(in_channels, out_channels, convolution, dropout)


class AtrousSeparableModule(ResidualModule):
    """MiniNet-v2's module with one dilated depthwise separable convolution.

    9·C + C·C weights and C biases beside the batch norm. The biases change nothing that the batch
    norm does not undo; the paper's printed parameters of these networks include them.
    """

    def __init__(
        self, in_channels: int, out_channels: int, rate: int = 1, dropout: float = 0.0
    ) -> None:
        convolution = DepthwiseSeparableConvolution(in_channels, out_channels, rate, bias=True)
        super().__init__(in_channels, out_channels, convolution, dropout)


class FactorisedModule(ResidualModule):
    """ERFNet's residual module: 3x1, 1x3, batch norm, then the same again with dilation ``rate``.

    A ReLU follows every step but the last, whose comes after the sum: 12·C·C weights and 4·C
    biases beside the batch norms.
    """

    def __init__(
        self, in_channels: int, out_channels: int, rate: int = 1, dropout: float = 0.0
    ) -> None:
        near, far = (
            FactorisedConvolution(in_channels, out_channels, r, bias=True, between=_relu)
            for r in (1, rate)
        )
        convolution = nn.Sequential(near, NormRelu(out_channels), far)
        super().__init__(in_channels, out_channels, convolution, dropout)


class FactorisedSeparableModule(ResidualModule):
    """ERFNet's module with depthwise separable factorised convolutions: 12·C + 2·C·C weights.

    Batch norm and ReLU follow each depthwise step.
    """

    def __init__(
        self, in_channels: int, out_channels: int, rate: int = 1, dropout: float = 0.0
    ) -> None:
        near, far = (
            FactorisedSeparableConvolution(in_channels, out_channels, r, after=NormRelu)
            for r in (1, rate)
        )
        convolution = nn.Sequential(near, NormRelu(out_channels), far)
        super().__init__(in_channels, out_channels, convolution, dropout)


class PixelDoubling(nn.Module):
    """2x2 transposed convolution with stride 2 and bias: each pixel becomes a block of four.

    Input (N, in, H, W), output (N, out, 2H, 2W).
    """

    scale = 2.0

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.deconv = nn.ConvTranspose2d(in_channels, out_channels, 2, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return self.deconv(x)


def _relu(channels: int) -> nn.Module:
    return nn.ReLU()
