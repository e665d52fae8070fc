"""The command ``evaluate``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import add_data_options, add_json, add_precision, input_size


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", help="Model folder's name or path.")
    add_data_options(parser)
    parser.add_argument("--split", default="val", help="Split to score on, such as train or val.")
    parser.add_argument(
        "--input-size",
        type=input_size,
        metavar="WxH",
        help="Input width and height (default: the model's own); another size runs in PyTorch.",
    )
    parser.add_argument(
        "--score-at",
        default="label",
        choices=("label", "network"),
        help="Size at which masks are compared: that of the labels or of the network.",
    )
    add_precision(parser)
    parser.add_argument(
        "--report",
        type=Path,
        metavar="DIR",
        help="Folder for charts, best and worst images, all figures, and a comparison with "
        "PyTorch and int8.",
    )
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Score a model folder on a split of a dataset."""
    from mininet_ros.lab.training.data.datasets import open_dataset
    from mininet_ros.lab.training.evaluation.evaluate import (
        as_figures,
        as_table,
        open_others,
        open_segmenter,
    )
    from mininet_ros.lab.training.evaluation.evaluate import evaluate as score
    from mininet_ros.models import load_model

    target = None
    if arguments.report:
        from mininet_ros.lab.training.evaluation.report import ENTRIES, write_report
        from mininet_ros.results import ResultFolder

        inputs = (arguments.model, arguments.data)
        target = ResultFolder(arguments.report, "evaluate", ENTRIES, inputs)
        target.check()
    model = load_model(arguments.model)
    dataset = open_dataset(arguments.dataset, arguments.data, arguments.split)
    segmenter = open_segmenter(model, arguments.input_size, arguments.precision)
    others = open_others(segmenter) if arguments.report else {}
    evaluation = score(segmenter, dataset, arguments.score_at, others)
    figures = as_figures(evaluation, segmenter, dataset)
    if target is not None:
        with target:
            write_report(target.staging, evaluation, figures, segmenter, dataset)
    print(json.dumps(figures, indent=2) if arguments.json else as_table(figures))
