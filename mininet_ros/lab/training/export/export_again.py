"""Runs the command ``export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.data.datasets import open_dataset
from mininet_ros.lab.training.export.hub import write_hub_folder
from mininet_ros.lab.training.export.int8 import Int8Recipe, calibrated
from mininet_ros.lab.training.export.model_folder import INT8, export_again
from mininet_ros.lab.training.export.plain import export_plainly
from mininet_ros.lab.training.export.untrained import NOTE, export_untrained, is_network
from mininet_ros.model_writing import check_target
from mininet_ros.models import INT8_GRAPH, Model, load_model


def export(arguments: argparse.Namespace) -> None:
    """Export a model at another input size, in int8, as a plain graph, or for a model hub.

    Raises:
        ValueError: only one of ``--int8`` and its data is given, ``--plain`` has an option that it
            does not support, or there is no output. Also all errors of
            :func:`~mininet_ros.lab.training.export.model_folder.export_again`.
    """
    given = (arguments.dataset, arguments.calibration_data)
    if arguments.int8 != (None not in given) or arguments.int8 != any(given):
        raise ValueError("--int8, --dataset and --calibration-data go together: give all or none")
    if arguments.plain and (arguments.int8 or arguments.hub):
        raise ValueError("--plain writes a graph in float32 alone: leave --int8 and --hub out")
    if arguments.output is None and arguments.hub is None and not arguments.plain:
        raise ValueError("give --output, --hub, or both")
    if is_network(arguments.model):
        _export_network(arguments)
        return
    model = load_model(arguments.model)
    if arguments.plain:
        _export_plainly(arguments, model)
        return
    if arguments.output is not None:
        model = _export(arguments, model)
    if arguments.hub is not None:
        write_hub_folder(model, arguments.hub)
        print(f"{arguments.hub}: ready for a model hub")


def _export(arguments: argparse.Namespace, model: Model) -> Model:
    check_target(arguments.output)
    size = arguments.input_size or (model.width, model.height)
    recipe = _calibrate(arguments, model, size) if arguments.int8 else None
    width, height = size
    exported = export_again(model, width, height, arguments.output, recipe)
    print(f"{exported.folder}: {exported.network} at {exported.width}x{exported.height}")
    if exported.has(INT8_GRAPH):
        report = exported.card[INT8]
        print(
            f"{INT8_GRAPH}: calibrated on {report['calibrated_on']}, in float "
            f"{', '.join(report['float_stages'])}"
        )
    return exported


def _export_network(arguments: argparse.Namespace) -> None:
    if arguments.output is None or arguments.input_size is None or arguments.int8:
        raise ValueError(
            f"{arguments.model} is a network without trained weights: give --output and "
            f"--input-size, and no --int8"
        )
    check_target(arguments.output)
    width, height = arguments.input_size
    model = export_untrained(arguments.model, arguments.classes, width, height, arguments.output)
    print(f"{model.folder}: {model.network} at {width}x{height}, {NOTE}")


def _export_plainly(arguments: argparse.Namespace, model: Model) -> None:
    width, height = arguments.input_size or (model.width, model.height)
    name = f"{model.name}.plain.onnx"
    output = arguments.output or Path()
    path = output if output.suffix == ".onnx" else output / name
    export_plainly(model, width, height, path)
    print(f"{path}: image float32 (batch, 3, {height}, {width}) to logits, metadata included")


def _calibrate(arguments: argparse.Namespace, model: Model, size: tuple[int, int]) -> Int8Recipe:
    data = open_dataset(arguments.dataset, arguments.calibration_data, arguments.calibration_split)
    return calibrated(load_network(model), model, size, data, arguments.calibration_images)
