"""MiniNet-v2 and MiniNet-v2-cpu (T-RO 2020, Table I and Sec. IV-B), and the shape they share.

The networks of the paper's analysis have this shape, too: see :mod:`mininet_ros.network.ablation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import nn

from mininet_ros.network.layers import (
    Downsampling,
    MultiDilationModule,
    SeparableModule,
    TransposedConvolution,
    Upsampling,
)
from mininet_ros.network.stages import IMAGE, Stage

Dilations = Sequence[Sequence[int]]

MININET_V2_DILATIONS: Dilations = ((1, 2, 1, 4, 1, 8, 1, 16), (1, 1, 1, 2, 1, 4, 1, 8))
MININET_V2_CPU_DILATIONS: Dilations = ((1, 2, 1, 4, 1, 8), ())


@dataclass(frozen=True)
class Shape:
    """What distinguishes the networks of MiniNet-v2's kind.

    Attributes:
        encoder_modules, refining_modules: numbers of modules before the feature extractor, and
            after it at each resolution.
        module, module_options: layer of those modules.
        extractor_module: layer of the feature extractor's modules; takes ``rate``.
        extractor_options: further options of it.
        has_branch: a branch of two downsamplings of the image is added to the first upsampling.
        has_skip: the first downsampling is added to the second upsampling.
        has_full_size: the output is as large as the image, by one more upsampling followed by
            refining modules; else it is half as large.
    """

    encoder_modules: int = 10
    refining_modules: int = 4
    module: type[nn.Module] = SeparableModule
    module_options: Mapping[str, float] = field(default_factory=dict)
    extractor_module: type[nn.Module] = MultiDilationModule
    extractor_options: Mapping[str, float] = field(default_factory=dict)
    has_branch: bool = True
    has_skip: bool = False
    has_full_size: bool = False


def mininet_v2(classes: int, dilations: Dilations = MININET_V2_DILATIONS) -> tuple[Stage, ...]:
    """Table I. ``dilations`` are the rates of the feature extractor's two stacks.

    The authors' TensorFlow code has (1, 1, 1, 2, 1, 8, 1, 16) as second stack; the default
    follows the paper. Table I prints m10 twice, so from there on names are one higher here.
    """
    return table_of(Shape(), classes, dilations)


def mininet_v2_cpu(
    classes: int, dilations: Dilations = MININET_V2_CPU_DILATIONS
) -> tuple[Stage, ...]:
    """Table I without m3-m10, m16-m25 and m28-m29 (Sec. IV-B)."""
    return table_of(Shape(encoder_modules=2, refining_modules=2), classes, dilations)


def table_of(shape: Shape, classes: int, dilations: Dilations) -> tuple[Stage, ...]:
    """The stages of a network of this shape; ``dilations`` as in :func:`mininet_v2`."""
    table = [
        Stage("Downsample", "d1", Downsampling, 16, IMAGE),
        Stage("Downsample", "d2", Downsampling, 64, "d1"),
    ]
    modules = 0

    def add_module(
        block: str,
        layer: type[nn.Module],
        channels: int,
        options: Mapping[str, float],
        after: str | None = None,
    ) -> None:
        nonlocal modules
        modules += 1
        after = after or table[-1].name
        table.append(Stage(block, f"m{modules}", layer, channels, after, options))

    def refine(channels: int, after: str) -> None:
        for number in range(shape.refining_modules):
            first = None if number else after
            add_module("Upsample", shape.module, channels, shape.module_options, first)

    for _ in range(shape.encoder_modules):
        add_module("Downsample", shape.module, 64, shape.module_options)
    table.append(Stage("Feature extractor", "d3", Downsampling, 128, table[-1].name))
    for rate in (rate for stack in dilations for rate in stack):
        options = {"rate": rate, **shape.extractor_options}
        add_module("Feature extractor", shape.extractor_module, 128, options)
    table.append(Stage("Upsample", "up1", Upsampling, 64, table[-1].name))
    if shape.has_branch:
        table += [
            Stage("Refinement", "d4", Downsampling, 16, IMAGE),
            Stage("Refinement", "d5", Downsampling, 64, "d4"),
        ]
    refine(64, "up1 + d5" if shape.has_branch else "up1")
    if shape.has_full_size:
        table.append(Stage("Upsample", "up2", Upsampling, 16, table[-1].name))
        refine(16, "up2 + d1" if shape.has_skip else "up2")
    table.append(Stage("Upsample", "output", TransposedConvolution, classes, table[-1].name))
    return tuple(table)
