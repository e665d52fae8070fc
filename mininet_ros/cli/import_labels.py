"""The command ``import-labels``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from mininet_ros.cli.options import add_json

FORMATS = ("coco", "voc", "cvat", "labelme", "yolo", "colors")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "format",
        choices=FORMATS,
        help="Form of the labels: COCO (polygons, run-length masks), Pascal VOC masks, CVAT's "
        "'Segmentation mask', LabelMe JSON, YOLO segmentation, or colour maps.",
    )
    parser.add_argument("source", type=Path, help="Folder of the labels, or COCO's JSON file.")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="Folder for the pictures in the layout of --dataset folder.",
    )
    parser.add_argument(
        "--validation-share",
        type=float,
        default=0.2,
        metavar="SHARE",
        help="Share of the pictures that go into the split val.",
    )
    parser.add_argument(
        "--rest",
        default="background",
        metavar="NAME",
        help="Class of the pixels that no object covers (coco, labelme, yolo); void leaves them "
        "out of the training.",
    )
    parser.add_argument(
        "--classes",
        type=Path,
        metavar="FILE",
        help="Yaml file of class names and colours (colors, voc, cvat; default: labelmap.txt, or "
        "the classes of Pascal VOC).",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="Exit with status 1 where a picture was passed over.",
    )
    add_json(parser)


def run(arguments: Namespace) -> None:
    """Write labels of another tool in our folder layout.

    Raises:
        ValueError: the labels cannot be read, or the folder cannot be written.
        ModuleNotFoundError: supervision, which reads COCO and YOLO, is not installed.
    """
    from mininet_ros.lab.labels import importing
    from mininet_ros.lab.labels.source import LabelsError, Rest

    if arguments.format == "colors" and arguments.classes is None:
        raise LabelsError("colour maps need --classes, a yaml file of names and colours")
    if arguments.format in ("coco", "yolo"):
        import supervision  # noqa: F401 - missing, it is named before any work
    rest = Rest("" if arguments.rest == "void" else arguments.rest)
    source = importing.FORMATS[arguments.format](arguments.source, rest, arguments.classes)
    found = importing.import_labels(
        source, arguments.output, arguments.source, arguments.validation_share
    )
    if arguments.json:
        described = {
            "folder": str(found.folder),
            "classes": list(found.classes.names),
            "pictures": found.pictures,
            "pixels": found.pixels,
            "passed_over": source.problems.count,
        }
        print(json.dumps(described, indent=2))
    else:
        total = sum(found.pixels.values())
        print(
            f"{found.folder}: {found.pictures.get('train', 0)} pictures to learn from, "
            f"{found.pictures.get('val', 0)} to validate by; look at "
            f"{found.folder / importing.SHEET}"
        )
        for name, count in found.pixels.items():
            print(f"{100 * count / max(1, total):>8.2f} %  {name}")
    source.problems.conclude(arguments.strict)
