"""The networks of the paper's analysis between ERFNet and MiniNet-v2 (Sec. VI-B, Tables II-V).

Each of ERFNet's modules becomes two modules of MiniNet-v2, and the output is as large as the image.
At 512x256 with 19 classes, ours and as printed:

==============  ==================  ================  ===================
network         parameters          MB                GFLOPs
==============  ==================  ================  ===================
mininet_v2_s    3.021 M (3.02 M)    11.55 (11.55)     19.66 (19.68)
mininet_v2_d    0.487 M (0.49 M)    1.88 (1.97)       3.28 (3.28)
mininet_v2_d_s  0.487 M (0.49 M)    1.88 (1.97)       3.28 (3.28)
mininet_v2_d_i  0.495 M (0.49 M)    1.91 (2.00)       3.42 (3.42)
mininet_v2_m    0.531 M (0.53 M)    2.10 (2.10)       3.66 (3.66)
mininet_v2      0.515 M (0.52 M)    2.02 (2.02)       3.22 (3.22)
==============  ==================  ================  ===================

What the paper leaves open is chosen so that its figures come out:

- The depthwise separable networks have biases before their batch norms (as the authors' early
  code has): without, -D would print 0.48 M and 3.26 GFLOPs. The standard ones have none, which
  meets all three of their figures.
- -M has multi-dilation modules everywhere, at rate 1 outside the feature extractor; with them in
  the feature extractor alone it would print 0.52 M, 2.03 MB and 3.48 GFLOPs.
- The printed memory of -D, -D-S and -D-I cannot be weights and batch norm statistics. -D-I has
  7,423 parameters more than -D, so 0.49 M for it allows -D at most 487,576. What -D's 1.97 MB hold
  beyond those are at least 27,500 statistics; as many factors and offsets would be among the
  parameters, which leaves at most 460,000 for convolutions that have 477,000. (Table VI's 12.35 MB
  for MiniNet with 3.06 M parameters and no batch norm, 11.7 MB of weights, is no such count
  either: some of the printed values look like sizes of stored files.)

Rates of the feature extractor's two stacks (Table IV): ERFNet's (E), doubled (2), none (0), and the
smallest of this series whose field of view covers the 64 pixels that 512 become at an eighth of the
size (1): half of ERFNet's. MiniNet-v2 itself stacks (E) and (1).
"""

from __future__ import annotations

from functools import partial

from mininet_ros.network.layers import DROPOUT, MultiDilationModule
from mininet_ros.network.mininet_v2 import MININET_V2_DILATIONS, Dilations, Shape, table_of
from mininet_ros.network.stages import Stage
from mininet_ros.network.study_layers import AtrousSeparableModule, StandardModule

DILATIONS_0: Dilations = ((1,) * 8,) * 2
DILATIONS_1: Dilations = ((1, 1, 1, 2, 1, 4, 1, 8),) * 2
DILATIONS_E: Dilations = ((1, 2, 1, 4, 1, 8, 1, 16),) * 2
DILATIONS_2: Dilations = ((1, 4, 1, 8, 1, 16, 1, 32),) * 2

_full_size = partial(Shape, has_full_size=True, has_branch=False)
_separable = partial(
    _full_size,
    module=AtrousSeparableModule,
    extractor_module=AtrousSeparableModule,
    extractor_options={"dropout": DROPOUT},
)


def mininet_v2_s(classes: int, dilations: Dilations = DILATIONS_E) -> tuple[Stage, ...]:
    """Standard convolutions, not factorised (Table II)."""
    shape = _full_size(
        module=StandardModule,
        extractor_module=StandardModule,
        extractor_options={"dropout": DROPOUT},
    )
    return table_of(shape, classes, dilations)


def mininet_v2_d(classes: int, dilations: Dilations = DILATIONS_E) -> tuple[Stage, ...]:
    """Depthwise separable convolutions (Tables II and III)."""
    return table_of(_separable(), classes, dilations)


def mininet_v2_d_s(classes: int, dilations: Dilations = DILATIONS_E) -> tuple[Stage, ...]:
    """-D with a skip connection from the first downsampling (Table III)."""
    return table_of(_separable(has_skip=True), classes, dilations)


def mininet_v2_d_i(classes: int, dilations: Dilations = DILATIONS_E) -> tuple[Stage, ...]:
    """-D with a light branch from the image (Tables III and IV, there -E)."""
    return table_of(_separable(has_branch=True), classes, dilations)


def mininet_v2_0(classes: int) -> tuple[Stage, ...]:
    """-D-I without dilation (Table IV)."""
    return mininet_v2_d_i(classes, DILATIONS_0)


def mininet_v2_1(classes: int) -> tuple[Stage, ...]:
    """-D-I with just enough dilation to see the whole input (Table IV)."""
    return mininet_v2_d_i(classes, DILATIONS_1)


def mininet_v2_2(classes: int) -> tuple[Stage, ...]:
    """-D-I with twice ERFNet's dilation (Table IV)."""
    return mininet_v2_d_i(classes, DILATIONS_2)


def mininet_v2_m(classes: int, dilations: Dilations = MININET_V2_DILATIONS) -> tuple[Stage, ...]:
    """-D-I with multi-dilation modules (Tables IV and V)."""
    shape = _full_size(
        has_branch=True,
        module=MultiDilationModule,
        module_options={"rate": 1, "dropout": 0.0},
    )
    return table_of(shape, classes, dilations)
