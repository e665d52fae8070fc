"""MiniNet-v2 and MiniNet-v2-cpu (T-RO 2020, Table I and Sec. IV-B)."""

from __future__ import annotations

from collections.abc import Sequence

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


def mininet_v2(classes: int, dilations: Dilations = MININET_V2_DILATIONS) -> tuple[Stage, ...]:
    """Table I. ``dilations`` are the rates of the feature extractor's two stacks.

    The authors' TensorFlow code has (1, 1, 1, 2, 1, 8, 1, 16) as second stack; the default
    follows the paper. Table I prints m10 twice, so from there on names are one higher here.
    """
    return _table(classes, plain=10, dilations=dilations, refined=4)


def mininet_v2_cpu(
    classes: int, dilations: Dilations = MININET_V2_CPU_DILATIONS
) -> tuple[Stage, ...]:
    """Table I without m3-m10, m16-m25 and m28-m29 (Sec. IV-B)."""
    return _table(classes, plain=2, dilations=dilations, refined=2)


def _table(classes: int, plain: int, dilations: Dilations, refined: int) -> tuple[Stage, ...]:
    rates = [rate for stack in dilations for rate in stack]
    names = iter(f"m{number}" for number in range(1, plain + len(rates) + refined + 1))
    table = [
        Stage("Downsample", "d1", Downsampling, 16, IMAGE),
        Stage("Downsample", "d2", Downsampling, 64, "d1"),
    ]
    for _ in range(plain):
        table.append(Stage("Downsample", next(names), SeparableModule, 64, table[-1].name))
    table.append(Stage("Feature extractor", "d3", Downsampling, 128, table[-1].name))
    for rate in rates:
        table.append(
            Stage(
                "Feature extractor",
                next(names),
                MultiDilationModule,
                128,
                table[-1].name,
                {"rate": rate},
            )
        )
    table += [
        Stage("Upsample", "up1", Upsampling, 64, table[-1].name),
        Stage("Refinement", "d4", Downsampling, 16, IMAGE),
        Stage("Refinement", "d5", Downsampling, 64, "d4"),
        Stage("Upsample", next(names), SeparableModule, 64, "up1 + d5"),
    ]
    for _ in range(refined - 1):
        table.append(Stage("Upsample", next(names), SeparableModule, 64, table[-1].name))
    table.append(Stage("Upsample", "output", TransposedConvolution, classes, table[-1].name))
    return tuple(table)
