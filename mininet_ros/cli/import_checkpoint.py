"""The command ``import-checkpoint``."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import add_network_options, input_size, network_options
from mininet_ros.images.class_tables import CLASS_TABLES


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("prefix", type=Path, help="Path of the checkpoint, without .index.")
    parser.add_argument(
        "--network", required=True, help="Network of the checkpoint: mininet_v2 or mininet_v2_cpu."
    )
    parser.add_argument(
        "--dataset",
        required=True,
        help=f"Classes of the network: {', '.join(CLASS_TABLES)}, or a yaml file of classes.",
    )
    parser.add_argument(
        "--input-size",
        type=input_size,
        required=True,
        metavar="WxH",
        help="Input width and height of the model, in pixels.",
    )
    add_network_options(parser)
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="Model folder to write."
    )


def run(arguments: Namespace) -> None:
    """Turn a released TensorFlow checkpoint into a model folder."""
    from mininet_ros.images.class_tables import read_class_table
    from mininet_ros.lab.training.checkpoints.networks import import_checkpoint as read
    from mininet_ros.lab.training.export.model_folder import describe_model, write_model
    from mininet_ros.model_writing import check_target

    check_target(arguments.output)
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
