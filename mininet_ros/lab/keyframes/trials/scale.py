"""Trial ``scale``: the same drive at several resolutions."""

from __future__ import annotations

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.drive import Drive, resized, restamped
from mininet_ros.lab.keyframes.trials.outcome import Trial, forwarded, percent, select

WIDTHS = (310, 620, 1240, 1920)  # px


def scale_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Select from the drive at each of ``WIDTHS``; a preset should mean the same at all of them."""
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
