"""Exports a network with random weights, to measure its speed before it is trained."""

from __future__ import annotations

from pathlib import Path

import torch

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.lab.training.export.model_folder import describe_model, write_model
from mininet_ros.models import Model
from mininet_ros.network import NETWORKS, build_network
from mininet_ros.network.custom import network_argument

NOTE = "untrained: random weights, for measuring speed"


def is_network(name: str) -> bool:
    """Return whether a name is that of a network and not of a model folder."""
    return name in NETWORKS or ".py:" in name or name.endswith(".py")


def export_untrained(network: str, classes: int, width: int, height: int, folder: Path) -> Model:
    """Write a model folder of a network with random weights.

    Args:
        network: name of a network, or ``FILE.py:FUNCTION`` for a table of the user's own.
        classes: number of classes.
        width, height: input size in pixels.
        folder: model folder, created if it does not exist.

    Raises:
        ValueError: the network, the number of classes or the size cannot be used.
    """
    name, options = network_argument(network)
    shades = tuple((41 * i % 256, 97 * i % 256, 173 * i % 256) for i in range(classes))
    table = ClassTable(tuple(f"class {i}" for i in range(classes)), shades)
    card = describe_model(name, options, table, width, height, training={"note": NOTE})
    torch.manual_seed(0)
    return write_model(build_network(name, classes, **options), card, folder)
