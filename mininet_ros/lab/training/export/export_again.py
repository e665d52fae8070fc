"""The command `export`."""

from __future__ import annotations

import argparse

from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.data.datasets import open_dataset
from mininet_ros.lab.training.export.hub import write_hub_folder
from mininet_ros.lab.training.export.int8 import Int8Recipe, calibrated
from mininet_ros.lab.training.export.model_folder import INT8, export_again
from mininet_ros.models import INT8_GRAPH, Model, check_target, load_model


def export(arguments: argparse.Namespace) -> None:
    """Export a model folder at another input size, with a graph in integers, or for a model hub.

    Raises:
        ValueError: data for integers without ``--int8``, or the other way round; and all that
            :func:`~mininet_ros.lab.training.export.model_folder.export_again` raises.
    """
    given = (arguments.dataset, arguments.calibration_data)
    if arguments.int8 != (None not in given) or arguments.int8 != any(given):
        raise ValueError("--int8, --dataset and --calibration-data go together: give all or none")
    if arguments.output is None and arguments.hub is None:
        raise ValueError("give --output, --hub, or both")
    model = load_model(arguments.model)
    if arguments.output is not None:
        model = _export(arguments, model)
    if arguments.hub is not None:
        write_hub_folder(model, arguments.hub)
        print(f"{arguments.hub}: ready for a model hub")


def _export(arguments: argparse.Namespace, model: Model) -> Model:
    check_target(arguments.output)
    size = arguments.input_size or (model.width, model.height)
    recipe = _calibrate(arguments, model, size) if arguments.int8 else None
    exported = export_again(model, *size, arguments.output, recipe)
    print(f"{exported.folder}: {exported.network} at {exported.width}x{exported.height}")
    if exported.has(INT8_GRAPH):
        report = exported.card[INT8]
        print(
            f"{INT8_GRAPH}: calibrated on {report['calibrated_on']}, in float "
            f"{', '.join(report['float_stages'])}"
        )
    return exported


def _calibrate(arguments: argparse.Namespace, model: Model, size: tuple[int, int]) -> Int8Recipe:
    data = open_dataset(arguments.dataset, arguments.calibration_data, arguments.calibration_split)
    return calibrated(load_network(model), model, size, data, arguments.calibration_images)
