"""The command ``describe``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from mininet_ros.cli.options import (
    NETWORK_HELP,
    add_json,
    add_network_options,
    input_size,
    network_options,
)
from mininet_ros.models import ModelError, load_model
from mininet_ros.network import NETWORKS, build_network

if TYPE_CHECKING:
    from mininet_ros.network.profile import StageProfile


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", help=f"{NETWORK_HELP}; or a model folder's name or path.")
    parser.add_argument("--classes", type=int, default=19, help="Number of classes of a network.")
    parser.add_argument(
        "--input-size",
        type=input_size,
        default=(512, 256),
        metavar="WxH",
        help="Input width and height of a network, in pixels.",
    )
    add_network_options(parser)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Print a network's cost by stage, or a model folder's card."""
    is_file = ".py:" in arguments.name or arguments.name.endswith(".py")
    if arguments.name not in NETWORKS and not is_file:
        _show_card(arguments.name, arguments.json)
        return
    from mininet_ros.network.custom import network_argument
    from mininet_ros.network.profile import profile_network

    name, options = network_argument(arguments.name)
    options |= network_options(arguments)
    network = build_network(name, arguments.classes, **options)
    profile = profile_network(network, *arguments.input_size)
    if arguments.json:
        totals = asdict(profile) | {
            "network": name,
            "classes": arguments.classes,
            "mebibytes": round(profile.mebibytes, 3),
            "gmacs": round(profile.gmacs, 3),
            "gflops": round(profile.gflops, 3),
        }
        print(json.dumps(totals, indent=2))
        return
    print("\n".join(_table(profile.stages)))
    print(
        f"{name}, {arguments.classes} classes at {profile.width}x{profile.height}: "
        f"{profile.parameters:,} parameters, {profile.mebibytes:.3f} MiB, "
        f"{profile.gmacs:.3f} GMACs, {profile.gflops:.3f} GFLOPs"
    )


def _table(stages: Sequence[StageProfile]) -> list[str]:
    """The stages below the name of their block, within 100 columns."""
    heading = ("stage", "layer", "input", "output", "parameters", "MMACs")
    rows = [
        (
            f"  {stage.name}",
            stage.layer,
            stage.input,
            f"{stage.width}x{stage.height}x{stage.channels}",
            f"{stage.parameters:,}",
            f"{stage.macs / 1e6:.2f}",
        )
        for stage in stages
    ]
    widths = [max(map(len, column)) for column in zip(heading, *rows, strict=True)]
    lines = [
        "  ".join(
            f"{cell:<{width}}" if place < 3 else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (heading, *rows)
    ]
    parts, block = lines[:1], ""
    for stage, line in zip(stages, lines[1:], strict=True):
        if stage.block != block:
            parts.append(stage.block)
            block = stage.block
        parts.append(line)
    return parts


def _show_card(name: str, as_json: bool) -> None:
    try:
        card = dict(load_model(name).card)
    except ModelError as error:
        if Path(name).exists():
            raise
        raise ValueError(
            f"{error}; or a network: {', '.join(NETWORKS)}, FILE.py:FUNCTION"
        ) from error
    text = yaml.safe_dump(card, sort_keys=False, allow_unicode=True)
    print(json.dumps(card, indent=2) if as_json else text)
