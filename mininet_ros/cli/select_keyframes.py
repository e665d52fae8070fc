"""The command ``select-keyframes``."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

import yaml

from mininet_ros.cli.options import add_backend, add_input_limits, add_precision, positive
from mininet_ros.cli.view_options import add_view
from mininet_ros.images.class_tables import CLASS_TABLES

TRIALS = ("pan", "scale", "parked", "revisit", "request", "degraded", "tours")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "input",
        help="Video, image or folder of images, ROS bag, camera index, URL, or 'generated'.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="Folder for the chosen frames, the table and the report.",
    )
    parser.add_argument(
        "--preset",
        default="slam",
        metavar="NAME|FILE",
        help="slam, team, text, or a parameter file of the selector node (default: slam)",
    )
    parser.add_argument(
        "--set",
        type=_parameter,
        nargs="+",
        default=[],
        metavar="NAME=VALUE",
        help="change parameters of the preset, such as mode=gate max_gap_s=10",
    )
    parser.add_argument(
        "--classes",
        nargs="*",
        metavar="CLASS[:WEIGHT]",
        help="Classes to look for, instead of the preset's; none selects without semantics.",
    )
    parser.add_argument(
        "--rate",
        type=float,
        metavar="HZ",
        help="Number of images per second, where the images do not say it.",
    )
    parser.add_argument(
        "--frames", type=positive, metavar="N", help="Number of frames after which to stop."
    )
    _add_size(parser)
    add_input_limits(parser)
    _add_masks(parser)
    add_precision(parser)
    _add_bags(parser)
    parser.add_argument(
        "--requests",
        type=Path,
        metavar="FILE",
        help="mode request: stamps in seconds, as in a keyframe trajectory in TUM format (default: "
        "those that a bag recorded on keyframe/request)",
    )
    parser.add_argument(
        "--odometry",
        type=Path,
        metavar="FILE",
        help="Trajectory of the robot for min_distance_m and min_rotation_deg, in TUM format "
        "(stamp x y z qx qy qz qw) or KITTI format (a 3x4 matrix for each frame).",
    )
    parser.add_argument(
        "--jpeg",
        type=_quality,
        metavar="QUALITY",
        help="write chosen frames as JPEG (default: the original files, else PNG)",
    )
    add_view(parser)
    _add_benchmark(parser)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(arguments: Namespace) -> None:
    """Select keyframes of a recording, or judge the selector or its quality score."""
    from mininet_ros.offline.command import read_settings, select_keyframes, source_options

    if arguments.judge_quality:
        from mininet_ros.lab.keyframes.quality_pairs import judge_quality

        judge_quality(arguments)
    elif arguments.trial:
        from mininet_ros.lab.keyframes.trials.command import run_trials

        run_trials(arguments, source_options(arguments), read_settings(arguments))
    elif arguments.reconstruct:
        from mininet_ros.lab.keyframes.reconstruction.command import run_reconstruction

        run_reconstruction(arguments, source_options(arguments), read_settings(arguments))
    elif arguments.benchmark:
        from mininet_ros.lab.keyframes.benchmark_report import run_benchmark

        run_benchmark(arguments, source_options(arguments), read_settings(arguments))
    else:
        select_keyframes(arguments)


def _add_size(parser: ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--count",
        type=positive,
        metavar="N",
        help="choose the best set of exactly N frames, with the whole recording known, in place of "
        "what the online rule takes",
    )
    group.add_argument(
        "--share",
        type=_share,
        metavar="SHARE",
        help="the same, as a share of the frames: 5%% or 0.05",
    )
    parser.add_argument(
        "--format",
        choices=("folder", "colmap"),
        default="folder",
        help="folder: pictures under their frames' names, with masks (default); colmap: images/ "
        "ready to use, with names in the frames' order and without masks",
    )


def _add_masks(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("masks")
    group.add_argument("--model", help="a model's name, such as camvid, or a model folder's path")
    add_backend(group)
    group.add_argument(
        "--labels",
        type=Path,
        metavar="DIR",
        help="PNGs of class ids, with the frames' names or in their order, in place of a model's",
    )
    group.add_argument(
        "--dataset",
        help="whose classes given masks have, unless --model says it: "
        f"{', '.join(CLASS_TABLES)}, or a yaml file of classes",
    )


def _add_bags(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("bags (ROS 1 and ROS 2)")
    group.add_argument(
        "--image-topic",
        metavar="TOPIC",
        help="Topic of the images, where there are several cameras.",
    )
    group.add_argument(
        "--mask-topic",
        metavar="TOPIC",
        help="Topic of masks in the bag, or none to do without (default: segmentation/mask, "
        "where it is).",
    )
    group.add_argument(
        "--odometry-topic",
        metavar="TOPIC",
        help="Topic of nav_msgs/Odometry for min_distance_m and min_rotation_deg (default: "
        "odometry, or the only one).",
    )
    group.add_argument(
        "--bag",
        type=Path,
        metavar="OUT",
        help="write a bag with the recorded messages of the chosen frames, those of the topics in "
        "the parameter companions, and all topics but images and camera infos whole",
    )


def _add_benchmark(parser: ArgumentParser) -> None:
    group = parser.add_argument_group(
        "benchmark",
        "The selector of the preset against other ways of choosing as many frames, where the "
        "truth is known: of --labels; of the generated sequence; or of camera tours over the "
        "photos of ICDAR 2015 (--dataset icdar2015, INPUT the root of its data).",
    )
    group.add_argument("--benchmark", action="store_true", help="run it, and draw curves")
    group.add_argument(
        "--budget",
        type=_share,
        nargs="+",
        metavar="SHARE",
        help="shares of the frames that may be chosen (default: 0.02 0.05 0.1 0.2)",
    )
    group.add_argument(
        "--trial",
        nargs="+",
        default=[],
        choices=TRIALS,
        metavar="NAME",
        help="Instead of that, try the preset as it is in one situation after another: pan (INPUT "
        "a folder of photos), scale, parked, revisit, request, degraded (INPUT a drive), tours "
        "(where the truth is known)",
    )
    group.add_argument(
        "--reconstruct",
        action="store_true",
        help="Instead of that, let COLMAP map the chosen frames and find others in the map; needs "
        "the extra 'reconstruct'",
    )
    group.add_argument(
        "--poses",
        type=Path,
        metavar="FILE",
        help="True poses for --reconstruct, in the format of KITTI or TUM",
    )
    group.add_argument(
        "--camera",
        type=_intrinsics,
        metavar="FX,FY,CX,CY",
        help="Intrinsics for --reconstruct, px of undistorted pictures (default: COLMAP estimates "
        "them)",
    )
    group.add_argument(
        "--tours",
        type=positive,
        default=4,
        metavar="N",
        help="number of tours, or of walls in the trial revisit (default: 4)",
    )
    parser.add_argument(
        "--judge-quality",
        action="store_true",
        help="Print how many photos in the folder INPUT score above a darker, brighter, blurred "
        "or noisy copy of themselves; of each series (img_1, img_2 ...) the later half counts, "
        "which no constant was chosen on",
    )


def _parameter(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        parsed = None
    if not equals or not name or parsed is None:
        raise ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE, such as max_gap_s=10")
    return name, parsed


def _intrinsics(text: str) -> tuple[float, float, float, float]:
    try:
        focal_x, focal_y, centre_x, centre_y = (float(part) for part in text.split(","))
    except ValueError:
        focal_x = focal_y = 0.0
    if not (focal_x > 0.0 and focal_y > 0.0):
        raise ArgumentTypeError(
            f"{text!r} is not FX,FY,CX,CY in pixels, such as 554.3,554.3,319.5,239.5"
        )
    return focal_x, focal_y, centre_x, centre_y


def _share(text: str) -> float:
    number, percent = text.removesuffix("%"), text.endswith("%")
    try:
        share = float(number) / (100.0 if percent else 1.0)
    except ValueError:
        share = 0.0
    if not 0.0 < share <= 1.0:
        raise ArgumentTypeError(
            f"{text!r} is not a share above 0 and at most 1, such as 5% or 0.05"
        )
    return share


def _quality(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise ArgumentTypeError(f"{text!r} is not a JPEG quality from 1 to 100")
    return int(text)
