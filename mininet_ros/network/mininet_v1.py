"""MiniNet (Alonso et al., ICRA 2019), the network that MiniNet-v2 enhances.

Separable convolutions with bias and SELU, no batch norm, down to 1/64 of the input's size; read
from the code that its authors released. 3.058 M parameters with 2 classes.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from mininet_ros.network.convolutions import along, pointwise
from mininet_ros.network.layers import TransposedConvolution
from mininet_ros.network.stages import IMAGE, Stage

ALPHA_DROPOUT = 0.25


class SeluSeparable(nn.Module):
    """Depthwise, then pointwise convolution with bias: no activation follows by itself.

    Args:
        in_channels, out_channels: Ci and Co.
        shape: height and width of the depthwise kernel.
        rate: distance of the depthwise kernel's taps along the width.
        stride: 1, or 2 to halve an even height and width.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        shape: tuple[int, int],
        rate: int = 1,
        stride: int = 1,
    ) -> None:
        super().__init__()
        if stride == 1:
            rate = rate if shape[1] > 1 else 1
            self.depthwise = along(in_channels, in_channels, shape, rate, in_channels)
        else:
            self.depthwise = nn.Conv2d(
                in_channels, in_channels, shape, stride, groups=in_channels, bias=False
            )
        self.pointwise = pointwise(in_channels, out_channels, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        if self.depthwise.stride != (1, 1):
            # TensorFlow's "same" padding of a stride-2 convolution on even sides.
            x = functional.pad(x, (0, 1, 0, 1))
        return self.pointwise(self.depthwise(x))


class SeluDownsampling(SeluSeparable):
    """Halve the resolution by a strided separable 3x3 convolution and SELU.

    Input (N, in, H, W) with even H and W, output (N, out, H/2, W/2).
    """

    scale = 0.5
    initial_gain = "linear"

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, (3, 3), stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return functional.selu(super().forward(x))


class SeluModule(nn.Module):
    """Two pairs of factorised separable convolutions, the second with dilation, and two shortcuts.

    x2 is the first pair's output; SELU and the second pair follow, then + x2, alpha dropout in
    training, + the input's first channels, SELU. Input (N, in, H, W) with ``in_channels`` at least
    ``out_channels``; output (N, out, H, W).
    """

    initial_gain = "linear"

    def __init__(self, in_channels: int, out_channels: int, rate: int = 1) -> None:
        super().__init__()
        if in_channels < out_channels:
            raise ValueError(
                f"a MiniNet module cannot make {out_channels} channels from {in_channels}"
            )
        self.near_row = SeluSeparable(in_channels, out_channels, (1, 3))
        self.near_column = SeluSeparable(out_channels, out_channels, (3, 1))
        self.far_column = SeluSeparable(out_channels, out_channels, (3, 1), rate)
        self.far_row = SeluSeparable(out_channels, out_channels, (1, 3), rate)
        self.dropout = nn.AlphaDropout(ALPHA_DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        near = self.near_column(functional.selu(self.near_row(x)))
        far = self.far_row(functional.selu(self.far_column(functional.selu(near))))
        return functional.selu(self.dropout(far + near) + x[:, : near.shape[1]])


class SeluUpsampling(TransposedConvolution):
    """Transposed convolution followed by SELU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        # Each output pixel gathers nine quarters of the input's channels on average.
        nn.init.normal_(self.deconv.weight, std=(in_channels * 9 / 4) ** -0.5)
        if self.deconv.bias is not None:
            nn.init.zeros_(self.deconv.bias)

    def forward(self, x: Tensor) -> Tensor:
        return functional.selu(super().forward(x))


def mininet(classes: int) -> tuple[Stage, ...]:
    """Two branches from 1/16, one with dilated modules and one down to 1/64, joined on the way up.

    A stage with several inputs gets them concatenated. The sides of the input must be multiples
    of 64.
    """
    table = [Stage("Encoder", "d1", SeluDownsampling, 12, IMAGE)]
    for number, channels in ((2, 24), (3, 48), (4, 96)):
        table.append(Stage("Encoder", f"d{number}", SeluDownsampling, channels, table[-1].name))
    for number, rate in enumerate((1, 2, 4, 8), 1):
        before, options = table[-1].name, {"rate": rate}
        table.append(Stage("Dilated branch", f"m{number}", SeluModule, 96, before, options))
    rows = (
        ("Deep branch", "d5", SeluDownsampling, 192, "d4"),
        ("Deep branch", "m5", SeluModule, 192, "d5"),
        ("Deep branch", "d6", SeluDownsampling, 386, "m5"),
        ("Deep branch", "m6", SeluModule, 386, "d6"),
        ("Deep branch", "m7", SeluModule, 386, "m6"),
        ("Decoder", "up1", SeluUpsampling, 192, "m7"),
        ("Decoder", "m8", SeluModule, 192, "up1"),
        ("Decoder", "up2", SeluUpsampling, 96, "m8, m5"),
        ("Decoder", "up3", SeluUpsampling, 96, "m4, up2, d4"),
        ("Decoder", "m9", SeluModule, 48, "up3"),
        ("Decoder", "up4", SeluUpsampling, 32, "m9, d3"),
        ("Decoder", "up5", SeluUpsampling, 16, "up4, d2"),
        ("Decoder", "output", TransposedConvolution, classes, "up5, d1"),
    )
    return (*table, *(Stage(*row) for row in rows))
