"""Implementation of the command ``select-keyframes``."""

from __future__ import annotations

import json
from argparse import Namespace
from itertools import islice
from pathlib import Path

from mininet_ros.keyframes import ConfigError, Mode
from mininet_ros.keyframes.settings import KeyframeSettings, read_preset
from mininet_ros.models import load_model
from mininet_ros.offline.companions import CompanionTopics
from mininet_ros.offline.exact_selection import Size
from mininet_ros.offline.filtered_bag import check_target, write_filtered_bag
from mininet_ros.offline.odometry import Odometry, read_trajectory, recorded_odometry
from mininet_ros.offline.output import ENTRIES, Layout, OutputFolder
from mininet_ros.offline.printing import as_json, print_results
from mininet_ros.offline.requests import check_requests, read_requests, recorded_requests
from mininet_ros.offline.run import run_selection
from mininet_ros.offline.source import Source, SourceOptions, open_source
from mininet_ros.offline.until_interrupted import UntilInterrupted
from mininet_ros.progress import progress_bar
from mininet_ros.results import ResultFolder
from mininet_ros.sequences import Sequence, SequenceError
from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.camera import LiveCapture
from mininet_ros.sequences.sequence import place_of
from mininet_ros.view import check_view, open_view

LANDMARKS = ("SignSymbol", "text", "traffic sign")
"""Classes that mark a place. A preset without classes uses those that the model has."""


def select_keyframes(arguments: Namespace) -> None:
    """Select keyframes of a recording as the arguments say; print the result.

    Ctrl-C ends the stream early. The results then cover the frames before it.

    Raises:
        ValueError: an argument is wrong, or contradicts another one or the input.
        KeyboardInterrupt: Ctrl-C ended the stream; the results are written before it is raised.
    """
    settings = read_settings(arguments)
    check_view(arguments.view, arguments.save_rrd)
    source = open_source(source_options(arguments))
    with source.sequence as sequence:
        size = _size(arguments, sequence)
        requests = _requests(arguments, settings, source, size)
        odometry = _odometry(arguments, settings, sequence)
        _check(arguments, settings, source)
        counts = [count for count in (sequence.length, arguments.frames) if count is not None]
        frames = UntilInterrupted(islice(source.labelled(), arguments.frames))
        shown = open_view(arguments.view, arguments.save_rrd, source.table, keyframes=True)
        with (
            ResultFolder(
                arguments.output, "select-keyframes", ENTRIES, inputs_of(arguments)
            ) as results,
            shown as view,
        ):
            progress = progress_bar(frames, total=min(counts, default=None), unit="frame")
            folder = OutputFolder(results.staging, arguments.jpeg, Layout(arguments.format))
            run = run_selection(
                source, progress, settings, folder, arguments.preset, requests, size,
                lambda: frames.interrupted, view, odometry,
            )  # fmt: skip
        bag = None
        if arguments.bag is not None and isinstance(sequence, BagImages):
            chosen = {place_of(frame.name) for frame in run.frames if frame.decision.forwarded}
            bag = write_filtered_bag(sequence, chosen, arguments.bag, _companions(arguments))
    if arguments.json:
        print(json.dumps(as_json(arguments, settings, source, run, bag), indent=2))
    else:
        print_results(arguments, settings, source, run, bag)
    source.sequence.problems.conclude(arguments.strict)
    if frames.interrupted:
        raise KeyboardInterrupt(f"{arguments.output} has the results of {len(run.frames)} frames")


def read_settings(arguments: Namespace) -> KeyframeSettings:
    """Return the preset with the changes from the command line.

    Raises:
        ConfigError: the preset cannot be used.
    """
    values = read_preset(arguments.preset)
    values |= dict(arguments.set)
    listed = values.get("classes")
    named = isinstance(listed, (list, tuple)) and any(listed)
    if arguments.classes is None and arguments.model and not named:
        values["classes"] = landmarks_of(arguments.model, arguments.network)
    if arguments.classes is not None:
        values["classes"] = tuple(arguments.classes) or ("",)
    return KeyframeSettings.from_values(values)


def _companions(arguments: Namespace) -> CompanionTopics:
    """Return the companions that the preset or the command line names."""
    return CompanionTopics.from_values(read_preset(arguments.preset) | dict(arguments.set))


def landmarks_of(model: str, network: str) -> tuple[str, ...]:
    """Return the place-marking classes of a model, the targets where none is named.

    Raises:
        ModelError: there is no such model.
    """
    known = load_model(model, network).classes
    return tuple(name for name in known if name in LANDMARKS) or ("",)


def source_options(arguments: Namespace) -> SourceOptions:
    """Return the options of the input from the arguments."""
    return SourceOptions(
        input=arguments.input,
        model=arguments.model,
        backend=arguments.backend,
        network=arguments.network,
        threads=arguments.threads,
        precision=arguments.precision,
        labels=arguments.labels,
        dataset=arguments.dataset,
        rate_hz=arguments.rate,
        image_topic=arguments.image_topic,
        mask_topic=arguments.mask_topic,
        max_pixels=arguments.max_pixels,
    )


def inputs_of(arguments: Namespace) -> tuple[Path | str | None, ...]:
    """Return the files and folders that the command reads and must not replace."""
    return (
        arguments.input, arguments.model, arguments.labels, arguments.dataset, arguments.requests,
        arguments.odometry,
    )  # fmt: skip


def _requests(
    arguments: Namespace, settings: KeyframeSettings, source: Source, size: Size | None
) -> list[int]:
    """Return requested stamps: from the given file, else those recorded in the bag."""
    answers = settings.selector.mode is Mode.REQUEST
    if arguments.requests is not None and not answers:
        raise ConfigError(
            f"preset {arguments.preset} is of mode {settings.selector.mode.value}, which answers "
            "no requests: leave out --requests, or give a preset of mode request"
        )
    if not answers:
        return []
    if arguments.requests is not None:
        stamps = read_requests(arguments.requests)
        near_ns = settings.selector.request_window_ns
        check_requests(stamps, arguments.requests, source.sequence, near_ns)
        return stamps
    recorded = recorded_requests(source.sequence) if isinstance(source.sequence, BagImages) else []
    if not recorded and size is None:
        raise ConfigError(
            f"preset {arguments.preset} answers requests: give a file of stamps as --requests, a "
            "bag that recorded keyframe/request, or another preset"
        )
    return recorded


def _odometry(
    arguments: Namespace, settings: KeyframeSettings, sequence: Sequence
) -> Odometry | None:
    """Return the odometry that the settings ask for: from the given file, else from the bag."""
    given, topic = arguments.odometry, arguments.odometry_topic
    if not settings.selector.by_odometry:
        if given is not None or topic is not None:
            raise ConfigError(
                f"preset {arguments.preset} does not use odometry: add --set min_distance_m=1 or "
                "min_rotation_deg=10, or leave the odometry out"
            )
        return None
    if given is not None:
        return read_trajectory(given, sequence)
    if isinstance(sequence, BagImages):
        return recorded_odometry(sequence, topic)
    if topic is not None:
        raise SequenceError(f"{arguments.input} is no bag; leave out the odometry topic")
    raise ConfigError(
        "min_distance_m and min_rotation_deg need odometry: give a trajectory in TUM or KITTI "
        "format as --odometry, or set both to 0"
    )


def _size(arguments: Namespace, sequence: Sequence) -> Size | None:
    """Return the requested number of frames, or None."""
    if arguments.count is None and arguments.share is None:
        return None
    if isinstance(sequence, LiveCapture):
        raise SequenceError(
            "a set of a given size is chosen from a recording, which is read twice; a camera "
            "cannot be: leave out --count and --share"
        )
    size = Size(arguments.count, arguments.share)
    counts = [count for count in (sequence.length, arguments.frames) if count is not None]
    if counts:
        size.of(min(counts))
    return size


def _check(arguments: Namespace, settings: KeyframeSettings, source: Source) -> None:
    """Refuse, before a long run, arguments that cannot lead to a result."""
    targets = ", ".join(settings.named())
    if targets and source.masks_from is None:
        raise ConfigError(
            f"looking for {targets} needs masks: give --model or --labels, or --classes without "
            "a name"
        )
    if targets and not source.classes:
        raise ConfigError(
            f"looking for {targets} needs the names of the masks' classes: give --model or "
            "--dataset"
        )
    unknown = [name for name in settings.named() if name not in source.classes]
    if unknown:
        raise ConfigError(
            f"the masks know no class {unknown[0]}: choose --classes among "
            f"{', '.join(source.classes)}"
        )
    if arguments.bag is not None:
        if not isinstance(source.sequence, BagImages):
            raise SequenceError(f"--bag filters a bag, and {arguments.input} is none: leave it out")
        check_target(source.sequence, arguments.bag, _companions(arguments))
