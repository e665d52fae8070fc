"""``select-keyframes --benchmark --trial NAME ...``: runs the trials, prints and writes figures."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from mininet_ros.keyframes import ConfigError
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.degraded import degraded_trial
from mininet_ros.lab.keyframes.trials.drive import open_drive
from mininet_ros.lab.keyframes.trials.outcome import Trial
from mininet_ros.lab.keyframes.trials.pan import pan_trial
from mininet_ros.lab.keyframes.trials.parked import parked_trial
from mininet_ros.lab.keyframes.trials.printing import TRIALS, results_folder, write_trials
from mininet_ros.lab.keyframes.trials.request import request_trial
from mininet_ros.lab.keyframes.trials.revisit import revisit_trial, revisited_photos_trial
from mininet_ros.lab.keyframes.trials.scale import scale_trial
from mininet_ros.lab.keyframes.trials.tours import tours_trial
from mininet_ros.lab.keyframes.true_sequences import (
    open_photo_visits,
    open_true_sequences,
    shows_photos,
)
from mininet_ros.lab.street import GeneratedStreet
from mininet_ros.offline.source import SourceOptions
from mininet_ros.progress import progress_bar
from mininet_ros.sequences import open_sequence

ON_DRIVES = {
    "parked": parked_trial,
    "revisit": revisit_trial,
    "request": request_trial,
    "degraded": degraded_trial,
}

# Views of the drawn street for the trial pan: time from one to the next, seconds, and their number.
APART_S, MOST_VIEWS = 3.0, 40


def run_trials(arguments: Namespace, options: SourceOptions, settings: KeyframeSettings) -> None:
    """Run the named trials with the settings as they are; print what came out.

    Raises:
        ValueError: an argument is wrong, or the input does not fit a trial.
        ResultError: the results cannot be written.
    """
    folder = results_folder(arguments, options, TRIALS)
    trials = []
    drive = None
    for name in arguments.trial:
        if name == "pan":
            trials.append(pan_trial(photos(options), settings))
        elif name == "scale":
            trials.append(scale_trial(options, settings, arguments.frames))
        elif name == "tours":
            trials.append(_tours(arguments, options, settings))
        elif name == "revisit" and shows_photos(options):
            trials.append(_revisited_photos(arguments, options, settings))
        else:
            drive = drive or open_drive(options, settings, arguments.frames)
            trials.append(ON_DRIVES[name](drive, settings))
    write_trials(arguments, trials, folder, TRIALS)


def photos(options: SourceOptions) -> Iterator[np.ndarray]:
    """Yield pictures to be hung side by side, (H, W, 3) uint8 BGR.

    Of the drawn street these are views some seconds apart, of which few show the same.

    Raises:
        SequenceError: the input cannot be used.
    """
    with open_sequence(
        options.input, topic=options.image_topic, max_pixels=options.max_pixels
    ) as sequence:
        if isinstance(sequence, GeneratedStreet):
            sequence = GeneratedStreet(rate_hz=1.0 / APART_S, duration_s=MOST_VIEWS * APART_S)
        for frame in sequence:
            yield frame.image


def _tours(arguments: Namespace, options: SourceOptions, settings: KeyframeSettings) -> Trial:
    sequences = open_true_sequences(options, _targets(settings, "tours"), arguments.tours)

    def progress(frames: Iterable[Any], name: str, length: int | None) -> Iterable[Any]:
        count = min((n for n in (length, arguments.frames) if n is not None), default=None)
        return progress_bar(islice(frames, count), total=count, unit="frame", desc=name)

    return tours_trial(sequences, settings, progress)


def _revisited_photos(
    arguments: Namespace, options: SourceOptions, settings: KeyframeSettings
) -> Trial:
    if arguments.frames is not None:
        raise ConfigError("walls of photos are visited as a whole: leave out --frames")
    walls = open_photo_visits(options, _targets(settings, "revisit"), arguments.tours)

    def progress(frames: Iterable[Any], name: str, length: int | None) -> Iterable[Any]:
        return progress_bar(frames, total=length, unit="frame", desc=name)

    return revisited_photos_trial(walls, settings, progress)


def _targets(settings: KeyframeSettings, trial: str) -> tuple[str, ...]:
    targets = tuple(settings.targets())
    if not targets:
        raise ConfigError(f"the trial {trial} needs targets: name them as --classes")
    return targets
