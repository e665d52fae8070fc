"""ERFNet (Romera et al. 2017), the paper's baseline, and its depthwise separable variant (Sec. VI).

Parameters, memory and operations at 512x256 with 19 classes, ours and as printed in Table II:

=========  ==================  =================  ===================
network    parameters          MB                 GFLOPs
=========  ==================  =================  ===================
erfnet_s   2.064 M (2.06 M)    7.90 (7.95)        13.34 (13.42)
erfnet_d   0.487 M (0.49 M)    1.93 (1.93)        3.18 (3.20)
=========  ==================  =================  ===================

The printed 7.95 MB cannot be weights and batch norm statistics together with 2.06 M parameters:
7.95 MB hold at least 17,700 values more than 2.065 M, so as many statistics and, with them, as
many factors and offsets among the parameters, which leaves fewer than the 2.05 M that the
convolutions alone have. Nor does the paper say how ERFNet-D ends and where its batch norms are;
the choice here, one after each depthwise step and a 3x3 transposed convolution at the end, is the
one that meets all three of its figures (with ERFNet's own 2x2 they would be 1.92 MB and 3.08
GFLOPs).
"""

from __future__ import annotations

from torch import nn

from mininet_ros.network.layers import Downsampling, TransposedConvolution, Upsampling
from mininet_ros.network.stages import IMAGE, Stage
from mininet_ros.network.study_layers import (
    FactorisedModule,
    FactorisedSeparableModule,
    PixelDoubling,
)

RATES = (2, 4, 8, 16, 2, 4, 8, 16)
# Of the modules at a quarter and at an eighth of the input's size.
DROPOUT_AT_QUARTER, DROPOUT_AT_EIGHTH = 0.03, 0.3


def erfnet_s(classes: int) -> tuple[Stage, ...]:
    """ERFNet as published: standard convolutions, factorised."""
    return _table(classes, FactorisedModule, PixelDoubling)


def erfnet_d(classes: int) -> tuple[Stage, ...]:
    """ERFNet with depthwise separable factorised convolutions (Table II)."""
    return _table(classes, FactorisedSeparableModule, TransposedConvolution)


def _table(classes: int, module: type[nn.Module], last: type[nn.Module]) -> tuple[Stage, ...]:
    numbers = iter(range(1, 18))

    def modules(block: str, channels: int, count: int, after: str, **options: float) -> list[Stage]:
        stages: list[Stage] = []
        for _ in range(count):
            name = f"m{next(numbers)}"
            stages.append(Stage(block, name, module, channels, after, options))
            after = name
        return stages

    table = [
        Stage("Encoder", "d1", Downsampling, 16, IMAGE),
        Stage("Encoder", "d2", Downsampling, 64, "d1"),
        *modules("Encoder", 64, 5, "d2", dropout=DROPOUT_AT_QUARTER),
        Stage("Encoder", "d3", Downsampling, 128, "m5"),
    ]
    for rate in RATES:
        options = {"rate": rate, "dropout": DROPOUT_AT_EIGHTH}
        table += modules("Encoder", 128, 1, table[-1].name, **options)
    table += [
        Stage("Decoder", "up1", Upsampling, 64, table[-1].name),
        *modules("Decoder", 64, 2, "up1"),
        Stage("Decoder", "up2", Upsampling, 16, "m15"),
        *modules("Decoder", 16, 2, "up2"),
        Stage("Decoder", "output", last, classes, "m17"),
    ]
    return tuple(table)
