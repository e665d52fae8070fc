"""The command ``segment``."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from itertools import islice
from pathlib import Path

from mininet_ros.cli.options import add_precision


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("model", help="a model's name, such as camvid, or a model folder's path")
    parser.add_argument("input", help="image, folder, video, camera index, or 'generated'")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--backend", default="auto", choices=("auto", "cpu", "gpu"))
    parser.add_argument("--network", default="auto")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: one a core")
    add_precision(parser)
    parser.add_argument("--frames", type=int, metavar="N", help="stop after N frames")


def run(arguments: Namespace) -> None:
    """Label an image, a folder or a video into pictures."""
    from tqdm import tqdm

    from mininet_ros.inference import load_segmenter
    from mininet_ros.offline.segmented_files import SequenceWriter
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
    if writer.warning:
        print(f"warning: {writer.warning}", file=sys.stderr)
