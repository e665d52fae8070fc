"""What each command of ``mininet_ros`` does: one thin function a command.

PyTorch and ROS are imported inside the functions that need them, so that the others start at once.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from importlib.util import find_spec

import yaml

from mininet_ros.arguments import network_options


def describe(arguments: argparse.Namespace) -> None:
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


def train(arguments: argparse.Namespace) -> None:
    """Train by a recipe, then write the best weights as a model folder."""
    from mininet_ros.training.command import train as run_training

    run_training(arguments)


def evaluate(arguments: argparse.Namespace) -> None:
    """Score a model folder on a split of a dataset."""
    from mininet_ros.models import load_model
    from mininet_ros.training.datasets import open_dataset
    from mininet_ros.training.evaluate import as_figures, as_table, open_others, open_segmenter
    from mininet_ros.training.evaluate import evaluate as score

    model = load_model(arguments.model)
    dataset = open_dataset(arguments.dataset, arguments.data, arguments.split)
    segmenter = open_segmenter(model, arguments.input_size, arguments.precision)
    others = open_others(segmenter) if arguments.report else {}
    evaluation = score(segmenter, dataset, arguments.score_at, others)
    figures = as_figures(evaluation, segmenter, dataset)
    if arguments.report:
        from mininet_ros.training.evaluation_report import write_report

        write_report(arguments.report, evaluation, figures, segmenter, dataset)
    print(json.dumps(figures, indent=2) if arguments.json else as_table(figures))


def export(arguments: argparse.Namespace) -> None:
    """Export a model folder at another input size, or with a graph in integers."""
    from mininet_ros.training.export_command import export as run_export

    run_export(arguments)


def import_checkpoint(arguments: argparse.Namespace) -> None:
    """Turn a released TensorFlow checkpoint into a model folder."""
    from mininet_ros.training.classes import read_class_table
    from mininet_ros.training.export import describe_model, write_model
    from mininet_ros.training.import_checkpoint import import_checkpoint as read

    classes = read_class_table(arguments.dataset)
    width, height = arguments.input_size
    options = network_options(arguments)
    card = describe_model(
        arguments.network,
        options,
        classes,
        width,
        height,
        training={
            "imported_from": arguments.prefix.name,
            "by": "the authors of the paper (TensorFlow checkpoint)",
        },
    )
    network = read(arguments.prefix, arguments.network, len(classes.names), options)
    model = write_model(network, card, arguments.output)
    print(f"{model.folder}: {model.network} with {len(model.classes)} classes")


def segment(arguments: argparse.Namespace) -> None:
    """Label an image, a folder or a video into pictures."""
    from itertools import islice

    from tqdm import tqdm

    from mininet_ros.inference import load_segmenter
    from mininet_ros.inference.segment_sequence import SequenceWriter
    from mininet_ros.sequences import open_sequence

    segmenter = load_segmenter(
        arguments.model,
        arguments.backend,
        arguments.network,
        arguments.threads,
        arguments.precision,
    )
    sequence = open_sequence(arguments.input)
    counts = [count for count in (sequence.length, arguments.frames) if count is not None]
    expected = min(counts, default=None)
    writer = SequenceWriter(segmenter, arguments.output, expected)
    try:
        for frame in tqdm(islice(sequence, arguments.frames), total=expected, unit="frame"):
            writer.add(frame)
    finally:
        sequence.close()
    print(
        f"{writer.written} frames labelled by {segmenter.model.name} "
        f"({segmenter.runtime} {segmenter.precision}, {segmenter.device}): {writer.finish()}"
    )


def select_keyframes(arguments: argparse.Namespace) -> None:
    """Select the keyframes of a recording and report."""
    from mininet_ros.offline.command import select_keyframes as select

    select(arguments)


def benchmark(arguments: argparse.Namespace) -> None:
    """Time engines side by side, the GPU, or the node in its graph."""
    from mininet_ros.benchmark.command import benchmark as run_benchmark

    run_benchmark(arguments)


def study(arguments: argparse.Namespace) -> None:
    """Rebuild the paper's tables."""
    from mininet_ros.study.command import study as rebuild

    rebuild(arguments)


def demo(arguments: argparse.Namespace) -> None:
    """Segment a stream in a real ROS 2 graph and report."""
    from mininet_ros.demo import run_demo

    run_demo(
        source=arguments.input,
        output=arguments.output,
        model=arguments.model,
        backend=arguments.backend,
        preset=arguments.preset,
        seconds=arguments.seconds,
        rate_hz=arguments.rate,
    )


def network_names() -> tuple[str, ...]:
    """Names of the networks; none where PyTorch is absent, where cards can still be shown."""
    if find_spec("torch") is None:
        return ()
    from mininet_ros.network import NETWORKS

    return tuple(NETWORKS)
