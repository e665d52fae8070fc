"""`select-keyframes --benchmark --trial NAME ...`: runs the trials, prints and writes figures."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import numpy as np
from tqdm import tqdm

from mininet_ros.keyframes import ConfigError
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.degraded import degraded_trial
from mininet_ros.lab.keyframes.trials.outcome import Drive, Trial
from mininet_ros.lab.keyframes.trials.pan import pan_trial
from mininet_ros.lab.keyframes.trials.parked import parked_trial
from mininet_ros.lab.keyframes.trials.request import request_trial
from mininet_ros.lab.keyframes.trials.revisit import revisit_trial
from mininet_ros.lab.keyframes.trials.scale import resized, scale_trial
from mininet_ros.lab.keyframes.trials.tours import tours_trial
from mininet_ros.lab.keyframes.true_sequences import open_true_sequences
from mininet_ros.offline.source import SourceOptions, open_source
from mininet_ros.sequences import open_sequence

RESULTS = "trials.json"

MAX_FRAMES = 300
MAX_WIDTH = 960
"""Trials hold a drive in memory: at most so many frames, reduced to this width, px."""

ON_DRIVES = {
    "scale": scale_trial,
    "parked": parked_trial,
    "revisit": revisit_trial,
    "request": request_trial,
    "degraded": degraded_trial,
}


def run_trials(arguments: Namespace, options: SourceOptions, settings: KeyframeSettings) -> None:
    """Run the named trials with the settings as they are; print what came out.

    Raises:
        ValueError: an argument is wrong, or the input does not fit a trial.
        OSError: the results cannot be written.
    """
    trials = []
    drive = None
    for name in arguments.trial:
        if name == "pan":
            trials.append(pan_trial(_photos(arguments.input), settings))
        elif name == "tours":
            trials.append(_tours(arguments, options, settings))
        else:
            drive = drive or _drive(options, settings, arguments.frames or MAX_FRAMES)
            trials.append(ON_DRIVES[name](drive, settings))
    results = {
        "input": arguments.input,
        "preset": arguments.preset,
        "set": dict(arguments.set),
        "trials": [asdict(trial) for trial in trials],
    }
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / RESULTS).write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    for trial in trials:
        print(f"{trial.name}: {trial.meaning}\n{table(trial.rows)}\n")
    print(f"figures: {arguments.output / RESULTS}")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Rows with the same keys as text: columns as wide as they must be."""
    columns = list(rows[0])
    cells = [columns, *([_text(row[column]) for column in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join(
        "  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths)) for line in cells
    )


def _text(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def _photos(path: str) -> Iterator[np.ndarray]:
    with open_sequence(path) as sequence:
        for frame in sequence:
            yield frame.image


def _drive(options: SourceOptions, settings: KeyframeSettings, count: int) -> Drive:
    source = open_source(options)
    with source.sequence as sequence:
        frames = tqdm(islice(source.labelled(), count), total=count, unit="frame", desc="reading")
        held = [resized(f, min(MAX_WIDTH, f.frame.image.shape[1])) for f in frames]
        unknown = [name for name in settings.targets() if name not in source.classes]
        if source.masks_from is not None and source.classes and unknown:
            raise ConfigError(
                f"the masks know no class {unknown[0]}: choose --classes among "
                f"{', '.join(source.classes)}"
            )
        known = source.classes if source.masks_from is not None else ()
        return Drive(sequence.name, held, known, sequence.rate_hz)


def _tours(arguments: Namespace, options: SourceOptions, settings: KeyframeSettings) -> Trial:
    targets = settings.targets()
    if not targets:
        raise ConfigError("the trial tours needs targets: name them as --classes")
    sequences = open_true_sequences(options, tuple(targets), arguments.tours)

    def progress(frames: Iterable[Any], name: str, length: int | None) -> Iterable[Any]:
        count = min((n for n in (length, arguments.frames) if n is not None), default=None)
        return tqdm(islice(frames, count), total=count, unit="frame", desc=name)

    return tours_trial(sequences, settings, progress)
