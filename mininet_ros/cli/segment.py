"""The command ``segment``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from mininet_ros.cli.options import add_backend, add_input_limits, add_precision, positive
from mininet_ros.cli.view_options import add_view


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "input",
        nargs="+",
        help="Image, folder, video, bag, camera index, URL, or 'generated'. The older order, MODEL "
        "INPUT, is understood, too.",
    )
    parser.add_argument(
        "--model",
        default=None,
        metavar="NAME|DIR",
        help="Model family or name, or a model folder's path (default: camvid).",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="Folder for masks, overlays and the contact sheet.",
    )
    add_backend(parser)
    parser.add_argument(
        "--groups",
        nargs="+",
        default=[],
        metavar="NAME=CLASS+CLASS",
        help="Classes to merge in the masks, such as ground=Road+Sidewalk (default: the groups of "
        "the model's card).",
    )
    add_precision(parser)
    parser.add_argument(
        "--frames",
        type=positive,
        metavar="N",
        help="Label only the N frames that look most different. The input is read to its end "
        "first; Ctrl-C or --first ends that of a camera.",
    )
    parser.add_argument(
        "--first",
        type=positive,
        metavar="N",
        help="Read only the first N frames of the input.",
    )
    add_view(parser)
    add_input_limits(parser)


def run(arguments: Namespace) -> None:
    """Label an image, a folder, a video or a camera's stream into pictures.

    Ctrl-C ends the stream early; the results are then those of the frames until there.

    Raises:
        ValueError: an argument or the input is wrong.
        KeyboardInterrupt: once the results are written, where Ctrl-C ended the stream.
    """
    from mininet_ros.images.class_groups import parse_groups
    from mininet_ros.inference import load_segmenter
    from mininet_ros.offline.different_frames import different_frames
    from mininet_ros.offline.segmented_files import ENTRIES, SHEET, SequenceWriter
    from mininet_ros.offline.until_interrupted import UntilInterrupted
    from mininet_ros.progress import progress_bar
    from mininet_ros.results import ResultFolder
    from mininet_ros.sequences import open_sequence
    from mininet_ros.sequences.files import ImageFiles
    from mininet_ros.view import check_view, open_view

    check_view(arguments.view, arguments.save_rrd)
    model, source = model_and_input(arguments.input, arguments.model)
    segmenter = load_segmenter(
        model,
        arguments.backend,
        arguments.network,
        arguments.threads,
        arguments.precision,
        groups=parse_groups(arguments.groups) or None,
    )
    inputs = (source, model)
    with (
        open_sequence(source, max_pixels=arguments.max_pixels) as sequence,
        ResultFolder(arguments.output, "segment", ENTRIES, inputs) as results,
        open_view(
            arguments.view, arguments.save_rrd, segmenter.model.table, keyframes=False
        ) as view,
    ):
        counts = [count for count in (sequence.length, arguments.first) if count is not None]
        is_timed = not isinstance(sequence, ImageFiles)
        writer = SequenceWriter(segmenter, results.staging, is_timed, view)
        frames = UntilInterrupted(islice(sequence, arguments.first))
        read = progress_bar(frames, total=min(counts, default=None), unit="frame")
        if arguments.frames is None:
            labelled = read
        else:
            chosen = different_frames(read, arguments.frames, results.staging)
            labelled = progress_bar(chosen, total=arguments.frames, desc="labelled", unit="frame")
        for frame in labelled:
            writer.add(frame)
        writer.finish()
    print(
        f"{writer.written} frames labelled by {segmenter.model.name} "
        f"({segmenter.runtime} {segmenter.precision}, {segmenter.device}): "
        f"{arguments.output / SHEET}"
    )
    if writer.warning:
        print(f"warning: {writer.warning}", file=sys.stderr)
    sequence.problems.conclude(arguments.strict)
    if frames.interrupted:
        raise KeyboardInterrupt(f"{arguments.output} has the results of {writer.written} frames")


def model_and_input(given: Sequence[str], model: str | None) -> tuple[str, str]:
    """Model and input from the words of the command line.

    Args:
        given: ``INPUT``, or ``MODEL INPUT`` as older scripts have it.
        model: of the option, if given.

    Raises:
        ValueError: more words than that, or the model is named twice.
    """
    if len(given) == 1:
        return model or "camvid", given[0]
    if len(given) > 2 or model is not None:
        raise ValueError(
            f"give one input and the model as --model, not {len(given)} names: {' '.join(given)}"
        )
    return given[0], given[1]
