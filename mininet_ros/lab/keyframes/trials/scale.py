"""Trial `scale`: the same drive at several resolutions."""

from __future__ import annotations

from dataclasses import replace

import cv2

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.outcome import (
    Drive,
    Trial,
    forwarded,
    percent,
    restamped,
    select,
)
from mininet_ros.sequences import LabelledFrame

WIDTHS = (310, 620, 1240, 1920)  # px


def scale_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Select from the drive at each of `WIDTHS`; a preset should mean the same at all of them."""
    choices = []
    for width in WIDTHS:
        frames = (resized(frame, width) for frame in restamped(drive.frames, drive.rate_hz))
        choices.append(forwarded(select(settings, frames, drive.classes)))
    most = max(map(len, choices))
    reference = set(choices[-1])
    rows = tuple(
        {
            "width px": width,
            "keyframes": len(chosen),
            "of frames": len(drive.frames),
            "fewer than the most %": percent(1.0 - len(chosen) / most) if most else None,
            f"same frames as at {WIDTHS[-1]} px %": (
                percent(len(reference & set(chosen)) / len(reference)) if reference else None
            ),
        }
        for width, chosen in zip(WIDTHS, choices)
    )
    return Trial("scale", f"{drive.name} enlarged or reduced to each width.", rows)


def resized(labelled: LabelledFrame, width: int) -> LabelledFrame:
    """A frame at another width, with its mask and confidence."""
    image = labelled.frame.image
    size = (width, max(16, round(width * image.shape[0] / image.shape[1])))
    method = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
    picture = cv2.resize(image, size, interpolation=method)

    def labels(of: object) -> object:
        return None if of is None else cv2.resize(of, size, interpolation=cv2.INTER_NEAREST)

    return LabelledFrame(
        replace(labelled.frame, image=picture, encoded=None),
        labels(labelled.mask),
        labels(labelled.confidence),
    )
