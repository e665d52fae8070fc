"""The command ``select-keyframes --judge-quality``: how often degraded copies score less."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from mininet_ros.keyframes.cues.quality import measure_quality
from mininet_ros.lab.keyframes.degradation import pairs_won
from mininet_ros.progress import progress_bar
from mininet_ros.results import ResultFolder
from mininet_ros.sequences import SequenceError
from mininet_ros.sequences.files import image_files, natural_order, read_image

RESULTS = "quality.json"


def judge_quality(arguments: Namespace) -> None:
    """Judge the quality score on the reporting half of a folder of photos; print what came out.

    Raises:
        SequenceError: the input is no folder of at least two images.
        ResultError: the results cannot be written.
    """
    target = ResultFolder(
        arguments.output, "select-keyframes-judge-quality", (RESULTS,), (arguments.input,)
    )
    target.check()
    photos = reporting_half(_photos(Path(arguments.input)))
    images = (read_image(path) for path in progress_bar(photos, unit="photo"))
    shares = pairs_won(images, lambda image: measure_quality(image).quality)
    results = {"input": arguments.input, "photos": len(photos), "pairs_won": shares}
    with target:
        text = json.dumps(results, indent=2) + "\n"
        (target.staging / RESULTS).write_text(text, encoding="utf-8")
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    print(f"{len(photos)} photos, the later half of each series in {arguments.input}; pairs won:")
    for name, share in shares.items():
        print(f"{100 * share:>8.1f} %  {name.replace('_', ' ')}")


def reporting_half(photos: Sequence[Path]) -> list[Path]:
    """The photos that figures are reported on; constants may be chosen on the others.

    A series are the photos of one name up to its last underscore, such as a drive, in the order of
    the numbers in their names. The later half of each is reported on: neighbours show the same
    place, and taking every other photo would put each place into both halves.
    """
    series: dict[str, list[Path]] = {}
    for photo in sorted(photos, key=natural_order):
        series.setdefault(photo.stem.rpartition("_")[0], []).append(photo)
    return [photo for ordered in series.values() for photo in ordered[len(ordered) // 2 :]]


def _photos(folder: Path) -> list[Path]:
    photos = image_files(folder) if folder.is_dir() else []
    if len(photos) < 2:
        raise SequenceError(f"{folder} is no folder of at least two images to judge quality on")
    return photos
