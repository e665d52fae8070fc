"""The command ``describe``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

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


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", help=f"{NETWORK_HELP}; or a model folder's name or path")
    parser.add_argument("--classes", type=int, default=19, help="of a network (default: 19)")
    parser.add_argument(
        "--input-size", type=input_size, default=(512, 256), metavar="WxH", help="of a network"
    )
    add_network_options(parser)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Print a network's cost by stage, or a model folder's card."""
    if arguments.name not in NETWORKS and ".py:" not in arguments.name:
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
    print(
        f"{'block':18}{'stage':8}{'layer':30}{'input':12}{'output':>16}{'parameters':>12}{'MMACs':>9}"
    )
    for stage in profile.stages:
        output = f"{stage.width}x{stage.height}x{stage.channels}"
        print(
            f"{stage.block:18}{stage.name:8}{stage.layer:30}{stage.input:12}{output:>16}"
            f"{stage.parameters:>12,}{stage.macs / 1e6:>9.2f}"
        )
    print(
        f"{name}, {arguments.classes} classes at {profile.width}x{profile.height}: "
        f"{profile.parameters:,} parameters, {profile.mebibytes:.3f} MiB, "
        f"{profile.gmacs:.3f} GMACs, {profile.gflops:.3f} GFLOPs"
    )


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
