"""The paper's networks, and a user's own, as tables of stages; PyTorch is loaded when one is built.

A network is a function that takes the number of classes, and perhaps options, and returns its
table of :class:`~mininet_ros.network.stages.Stage`. A new one is a file with such a function and a
line in :data:`NETWORKS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mininet_ros.network.stages import Stage, StagedNetwork

# Module of this room, and function, of each network's table.
NETWORKS = {
    "mininet_v2": "mininet_v2:mininet_v2",
    "mininet_v2_cpu": "mininet_v2:mininet_v2_cpu",
    "mininet": "mininet_v1:mininet",
    "erfnet_s": "erfnet:erfnet_s",
    "erfnet_d": "erfnet:erfnet_d",
    "mininet_v2_s": "ablation:mininet_v2_s",
    "mininet_v2_d": "ablation:mininet_v2_d",
    "mininet_v2_d_s": "ablation:mininet_v2_d_s",
    "mininet_v2_d_i": "ablation:mininet_v2_d_i",
    "mininet_v2_e": "ablation:mininet_v2_d_i",
    "mininet_v2_0": "ablation:mininet_v2_0",
    "mininet_v2_1": "ablation:mininet_v2_1",
    "mininet_v2_2": "ablation:mininet_v2_2",
    "mininet_v2_m": "ablation:mininet_v2_m",
    "mininet_v2_m_r": "mininet_v2:mininet_v2",
}

# The option of a network that is described by its rows, not by a name in NETWORKS.
STAGES = "stages"


def network_table(name: str, classes: int, **options: Any) -> tuple[Stage, ...]:
    """The table of stages of a network.

    Args:
        name: a key of :data:`NETWORKS`; any other name where ``options`` hold the rows.
        classes: outputs of the network.
        options: what the network's function takes, for example ``dilations``; or ``stages``, the
            rows of a user's table as :func:`mininet_ros.network.custom.read_rows` takes them.

    Raises:
        ValueError: the name is unknown, there is no class, or an option does not exist.
    """
    if classes < 1:
        raise ValueError(f"a network needs at least one class, not {classes}")
    if STAGES in options:
        from mininet_ros.network.custom import read_rows

        if name in NETWORKS:
            raise ValueError(f"{name} is a network of this package: give your table another name")
        if set(options) != {STAGES}:
            raise ValueError(f"network {name} takes no option but {STAGES}")
        return read_rows(options[STAGES], classes)
    if name not in NETWORKS:
        raise ValueError(f"unknown network {name!r}: choose one of {', '.join(sorted(NETWORKS))}")
    module, function = NETWORKS[name].split(":")
    table = getattr(import_module(f"{__name__}.{module}"), function)
    try:
        return table(classes, **options)
    except TypeError as error:
        raise ValueError(f"network {name} does not take these options: {error}") from error


def build_network(name: str, classes: int, **options: Any) -> StagedNetwork:
    """A network with freshly drawn weights; arguments and errors of :func:`network_table`."""
    from mininet_ros.network.stages import StagedNetwork

    return StagedNetwork(network_table(name, classes, **options))


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Network options as lists and numbers, for a yaml file."""
    return {
        key: [list(stack) for stack in value] if key == "dilations" else value
        for key, value in options.items()
    }


__all__ = ["NETWORKS", "STAGES", "build_network", "network_table", "plain_options"]
