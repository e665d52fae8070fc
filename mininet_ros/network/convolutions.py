"""The convolutions that the paper compares (T-RO 2020, Sec. III-A and Fig. 2).

Each is built from its number of input channels Ci and output channels Co and its kernel's side d,
keeps height and width, and says in ``formula`` how many weights the paper counts for it. Biases
come on top. Tensors are float, (N, C, H, W); a kernel's side is odd.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


class AtrousConvolution(nn.Conv2d):
    """Convolution whose taps lie ``rate`` pixels apart: d·d·Ci·Co weights at every rate.

    A 3x3 kernel at rate 2 sees as far as a 5x5 one.
    """

    def __init__(
        self, in_channels: int, out_channels: int, rate: int, kernel: int = 3, bias: bool = False
    ) -> None:
        padding = rate * (kernel // 2)
        super().__init__(
            in_channels, out_channels, kernel, padding=padding, dilation=rate, bias=bias
        )

    @staticmethod
    def formula(in_channels: int, out_channels: int, kernel: int) -> int:
        """d·d·Ci·Co."""
        return kernel * kernel * in_channels * out_channels


class StandardConvolution(AtrousConvolution):
    """Every output channel from every input channel: d·d·Ci·Co weights."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int = 3, bias: bool = False
    ) -> None:
        super().__init__(in_channels, out_channels, 1, kernel, bias)


class FactorisedConvolution(nn.Sequential):
    """A d x 1 convolution and a 1 x d one: d·Ci·Co + d·Co·Co weights.

    The paper writes 2·d·Ci·Co, which is the same where Ci = Co, as in all its networks.

    Args:
        in_channels, out_channels: Ci and Co.
        rate: distance of the taps along the kernels.
        kernel: d.
        bias: whether both convolutions have a bias.
        between: makes the layer between the two convolutions, given Co; None for none.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        rate: int = 1,
        kernel: int = 3,
        bias: bool = False,
        between: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.column = along(in_channels, out_channels, (kernel, 1), rate, bias=bias)
        if between is not None:
            self.between = between(out_channels)
        self.row = along(out_channels, out_channels, (1, kernel), rate, bias=bias)

    @staticmethod
    def formula(in_channels: int, out_channels: int, kernel: int) -> int:
        """d·Ci·Co + d·Co·Co."""
        return kernel * (in_channels + out_channels) * out_channels


class DepthwiseSeparableConvolution(nn.Module):
    """Each channel by itself in space, then across channels: Ci·d·d + Ci·Co weights.

    ``bias``: whether the pointwise step has a bias.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        rate: int = 1,
        kernel: int = 3,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.depthwise = depthwise(in_channels, rate, kernel)
        self.pointwise = pointwise(in_channels, out_channels, bias)

    @staticmethod
    def formula(in_channels: int, out_channels: int, kernel: int) -> int:
        """Ci·d·d + Ci·Co."""
        return in_channels * kernel * kernel + in_channels * out_channels

    def forward(self, x: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(x))


class FactorisedSeparableConvolution(nn.Sequential):
    """Depthwise d x 1, depthwise 1 x d, then pointwise: 2·Ci·d + Ci·Co weights.

    ``after`` makes the layer after each depthwise step, given Ci; none by default.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        rate: int = 1,
        kernel: int = 3,
        after: Callable[[int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        for name, shape in (("column", (kernel, 1)), ("row", (1, kernel))):
            self.add_module(name, along(in_channels, in_channels, shape, rate, in_channels))
            if after is not None:
                self.add_module(f"after_{name}", after(in_channels))
        self.pointwise = pointwise(in_channels, out_channels)

    @staticmethod
    def formula(in_channels: int, out_channels: int, kernel: int) -> int:
        """2·Ci·d + Ci·Co."""
        return 2 * in_channels * kernel + in_channels * out_channels


class MultiDilationConvolution(nn.Module):
    """Two depthwise convolutions of the same input, one at rate 1 and one at ``rate``, added,
    then pointwise: 2·Ci·d·d + Ci·Co weights (the paper's own layer).

    ``after`` makes the layer after each depthwise step, given Ci; none by default.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        rate: int,
        kernel: int = 3,
        after: Callable[[int], nn.Module] = nn.Identity,
    ) -> None:
        super().__init__()
        self.local_depthwise = depthwise(in_channels, 1, kernel)
        self.local_norm = after(in_channels)
        self.dilated_depthwise = depthwise(in_channels, rate, kernel)
        self.dilated_norm = after(in_channels)
        self.pointwise = pointwise(in_channels, out_channels)

    @staticmethod
    def formula(in_channels: int, out_channels: int, kernel: int) -> int:
        """2·Ci·d·d + Ci·Co."""
        return 2 * in_channels * kernel * kernel + in_channels * out_channels

    def forward(self, x: Tensor) -> Tensor:
        local = self.local_norm(self.local_depthwise(x))
        dilated = self.dilated_norm(self.dilated_depthwise(x))
        return self.pointwise(torch.add(local, dilated))


def depthwise(channels: int, rate: int = 1, kernel: int = 3) -> nn.Conv2d:
    """Convolution of each channel by itself: C·d·d weights."""
    return nn.Conv2d(
        channels,
        channels,
        kernel,
        padding=rate * (kernel // 2),
        dilation=rate,
        groups=channels,
        bias=False,
    )


def pointwise(in_channels: int, out_channels: int, bias: bool = False) -> nn.Conv2d:
    """1x1 convolution across channels: Ci·Co weights."""
    return nn.Conv2d(in_channels, out_channels, 1, bias=bias)


def along(
    in_channels: int,
    out_channels: int,
    shape: tuple[int, int],
    rate: int = 1,
    groups: int = 1,
    bias: bool = False,
) -> nn.Conv2d:
    """Convolution with a d x 1 or 1 x d kernel whose taps lie ``rate`` pixels apart."""
    rows, columns = shape
    return nn.Conv2d(
        in_channels,
        out_channels,
        shape,
        padding=(rate * (rows // 2), rate * (columns // 2)),
        dilation=(rate if rows > 1 else 1, rate if columns > 1 else 1),
        groups=groups,
        bias=bias,
    )
