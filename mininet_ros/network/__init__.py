"""The paper's networks in PyTorch, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mininet_ros.network.ablation import (
    mininet_v2_0,
    mininet_v2_1,
    mininet_v2_2,
    mininet_v2_d,
    mininet_v2_d_i,
    mininet_v2_d_s,
    mininet_v2_m,
    mininet_v2_s,
)
from mininet_ros.network.erfnet import erfnet_d, erfnet_s
from mininet_ros.network.mininet_v1 import mininet
from mininet_ros.network.mininet_v2 import mininet_v2, mininet_v2_cpu
from mininet_ros.network.stages import Stage, StagedNetwork

INPUT_MULTIPLE = 8

NETWORKS: dict[str, Callable[..., tuple[Stage, ...]]] = {
    "mininet_v2": mininet_v2,
    "mininet_v2_cpu": mininet_v2_cpu,
    "mininet": mininet,
    "erfnet_s": erfnet_s,
    "erfnet_d": erfnet_d,
    "mininet_v2_s": mininet_v2_s,
    "mininet_v2_d": mininet_v2_d,
    "mininet_v2_d_s": mininet_v2_d_s,
    "mininet_v2_d_i": mininet_v2_d_i,
    "mininet_v2_e": mininet_v2_d_i,
    "mininet_v2_0": mininet_v2_0,
    "mininet_v2_1": mininet_v2_1,
    "mininet_v2_2": mininet_v2_2,
    "mininet_v2_m": mininet_v2_m,
    "mininet_v2_m_r": mininet_v2,
}

# Sides of the input where a network's deepest stage is smaller than an eighth of it.
INPUT_MULTIPLES = {"mininet": 64}


def build_network(name: str, classes: int, **options: Any) -> StagedNetwork:
    """The network called ``name`` with ``classes`` outputs and freshly drawn weights.

    ``options`` are those of the network's table, for example ``dilations``.

    Raises:
        ValueError: the name is unknown, there is no class, or an option does not exist.
    """
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}: choose one of {', '.join(sorted(NETWORKS))}")
    if classes < 1:
        raise ValueError(f"a network needs at least one class, not {classes}")
    try:
        table = NETWORKS[name](classes, **options)
    except TypeError as error:
        raise ValueError(f"network {name} does not take these options: {error}") from error
    return StagedNetwork(table, INPUT_MULTIPLES.get(name, INPUT_MULTIPLE))


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Network options as lists and numbers, for a yaml file."""
    return {
        key: [list(stack) for stack in value] if key == "dilations" else value
        for key, value in options.items()
    }


__all__ = [
    "INPUT_MULTIPLE",
    "INPUT_MULTIPLES",
    "NETWORKS",
    "Stage",
    "StagedNetwork",
    "build_network",
    "plain_options",
]
