"""The command ``describe``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from importlib.util import find_spec

import yaml

from mininet_ros.cli.options import add_json, add_network_options, input_size, network_options


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", help="a network's name, or a model folder's name or path")
    parser.add_argument("--classes", type=int, default=19, help="of a network (default: 19)")
    parser.add_argument(
        "--input-size", type=input_size, default=(512, 256), metavar="WxH", help="of a network"
    )
    add_network_options(parser)
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Print a network's cost by stage, or a model folder's card."""
    from mininet_ros.models import load_model

    if arguments.name not in network_names():
        card = dict(load_model(arguments.name).card)
        print(
            json.dumps(card, indent=2)
            if arguments.json
            else yaml.safe_dump(card, sort_keys=False, allow_unicode=True)
        )
        return
    from mininet_ros.network import build_network
    from mininet_ros.network.profile import profile_network

    network = build_network(arguments.name, arguments.classes, **network_options(arguments))
    profile = profile_network(network, *arguments.input_size)
    if arguments.json:
        totals = asdict(profile) | {
            "network": arguments.name,
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
        f"{arguments.name}, {arguments.classes} classes at {profile.width}x{profile.height}: "
        f"{profile.parameters:,} parameters, {profile.mebibytes:.3f} MiB, "
        f"{profile.gmacs:.3f} GMACs, {profile.gflops:.3f} GFLOPs"
    )


def network_names() -> tuple[str, ...]:
    """Names of the networks; none where PyTorch is absent, where cards can still be shown."""
    if find_spec("torch") is None:
        return ()
    from mininet_ros.network import NETWORKS

    return tuple(NETWORKS)
