"""The command ``adopt``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from mininet_ros.cli.options import input_size


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", type=Path, help="ONNX file of a segmentation network")
    parser.add_argument(
        "--classes",
        required=True,
        metavar="FILE",
        help="yaml file of class names and colours in the order of the network's ids, "
        "'classes: [{name: road, color: [128, 64, 128]}, ...]'; or camvid, cityscapes",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="Model folder to write."
    )
    parser.add_argument(
        "--input-size",
        type=input_size,
        metavar="WxH",
        help="width and height of the network's input, multiples of 8 (default: the file's own)",
    )
    parser.add_argument(
        "--mean",
        type=three_numbers,
        default=(0.0, 0.0, 0.0),
        metavar="A,B,C",
        help="Values subtracted from each channel after --scale, in the network's order of "
        "channels.",
    )
    parser.add_argument(
        "--std",
        type=three_numbers,
        default=(1.0, 1.0, 1.0),
        metavar="A,B,C",
        help="Values by which each channel is divided after --mean.",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1 / 255,
        help="factor on pixel values of 0 to 255, before --mean (default: 1/255)",
    )
    parser.add_argument(
        "--order", default="rgb", choices=("rgb", "bgr"), help="Order of the channels."
    )
    parser.add_argument(
        "--layout",
        default="auto",
        choices=("auto", "nchw", "nhwc"),
        help="Layout of the input; auto looks where the three channels stand.",
    )
    parser.add_argument("--output-name", metavar="NAME", help="output to use (default: the first)")


def run(arguments: Namespace) -> None:
    """Wrap an ONNX file into a model folder.

    Raises:
        ValueError: the file or an argument is not usable; nothing is written.
    """
    from mininet_ros.images.class_tables import read_class_table
    from mininet_ros.lab.adopt.adopt import adopt
    from mininet_ros.lab.adopt.foreign import Preparation, layout_of, read_graph

    layout = arguments.layout
    if layout == "auto":
        layout = layout_of(read_graph(arguments.file))
    preparation = Preparation(
        arguments.mean, arguments.std, arguments.scale, arguments.order, layout
    )
    model = adopt(
        arguments.file,
        read_class_table(arguments.classes),
        arguments.output,
        preparation,
        arguments.input_size,
        arguments.output_name,
    )
    print(
        f"{model.folder}: {model.network} with {len(model.classes)} classes at "
        f"{model.width}x{model.height}; try it with "
        f"`mininet_ros segment PICTURE --model {model.folder} --output OUT`"
    )


def three_numbers(text: str) -> tuple[float, float, float]:
    """Three numbers from ``0.485,0.456,0.406``."""
    try:
        first, second, third = (float(part) for part in text.split(","))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not three numbers, such as 0.5,0.5,0.5") from error
    return first, second, third
