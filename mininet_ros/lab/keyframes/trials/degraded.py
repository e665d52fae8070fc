"""Trial ``degraded``: blur bursts and exposure dips at known places in a clean drive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.degradation import change_exposure, darken_with_noise, motion_blur
from mininet_ros.lab.keyframes.trials.drive import Drive, restamped
from mininet_ros.lab.keyframes.trials.outcome import Trial, forwarded, percent, select
from mininet_ros.offline.baselines import CHOSEN_BY_QUALITY, even_choice
from mininet_ros.offline.evaluation import JudgedFrame
from mininet_ros.sequences import LabelledFrame

CYCLE = 40  # frames from one dip or burst to the next of its kind
BLUR_PX = 20.0  # at 640 px width
DARKER_STOPS, BRIGHTER_STOPS = 4.0, 3.0
NOISE = 6.0
# Place within a cycle (frames, from and to) of what happens there: 12 of 40 frames are degraded.
BLURRED, DARK, BRIGHT = (6, 10), (18, 22), (30, 34)


def degraded_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Degrade 30 % of the drive's frames; count how many of the chosen ones are among them."""
    frames, bad = degrade(restamped(drive.frames, drive.rate_hz))
    decided = select(settings, frames, drive.classes)
    chosen = forwarded(decided)
    count = max(1, len(chosen))
    judged = [JudgedFrame(f.decision.scores, (), 0) for f in decided if f.decision.scores]
    ways = {"ours": chosen, "every_n": even_choice(len(frames), count)}
    if len(judged) == len(frames):
        ways |= {name: choose(judged, count) for name, choose in CHOSEN_BY_QUALITY.items()}
    rows = tuple(
        {
            "selector": name.replace("_", " "),
            "frames": len(indices),
            "degraded": sum(bad[index] for index in indices),
            "degraded %": percent(float(np.mean([bad[i] for i in indices]))) if indices else None,
        }
        for name, indices in ways.items()
    )
    return Trial(
        "degraded",
        f"{drive.name} with bursts of blur ({BLUR_PX:g} px at 640 px width), dark frames "
        f"({DARKER_STOPS:g} stops) and bright ones ({BRIGHTER_STOPS:g} stops): "
        f"{sum(bad)} of {len(bad)} frames are degraded.",
        rows,
    )


def degrade(frames: Sequence[LabelledFrame]) -> tuple[list[LabelledFrame], list[bool]]:
    """The frames with their known bad places, and which are bad."""
    generator = np.random.default_rng(0)
    result, bad = [], []
    for index, labelled in enumerate(frames):
        image = _degraded(labelled.frame.image, index % CYCLE, generator)
        bad.append(image is not None)
        if image is not None:
            picture = replace(labelled.frame, image=image, encoded=None)
            labelled = replace(labelled, frame=picture)
        result.append(labelled)
    return result, bad


def _degraded(image: np.ndarray, place: int, generator: np.random.Generator) -> np.ndarray | None:
    if BLURRED[0] <= place < BLURRED[1]:
        return motion_blur(image, BLUR_PX, generator.uniform(0.0, 180.0))
    if DARK[0] <= place < DARK[1]:
        return darken_with_noise(image, DARKER_STOPS, NOISE, generator)
    if BRIGHT[0] <= place < BRIGHT[1]:
        return change_exposure(image, BRIGHTER_STOPS)
    return None
