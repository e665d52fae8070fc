"""Trial ``scale``: the same drive at several resolutions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.drive import (
    classes_of,
    open_recording,
    renumbered,
    resized,
)
from mininet_ros.lab.keyframes.trials.outcome import Trial, fitting, forwarded, percent
from mininet_ros.lab.street import GeneratedStreet
from mininet_ros.offline.selection import OfflineSelection
from mininet_ros.offline.source import SourceOptions
from mininet_ros.sequences import LabelledFrame

WIDTHS = (310, 620, 1240, 1920)  # px


def scale_trial(
    options: SourceOptions, settings: KeyframeSettings, count: int | None = None
) -> Trial:
    """Select from a recording at each of ``WIDTHS``: a preset should mean the same at all of them.

    The drawn street is drawn at the largest width: pictures that are enlarged show nothing more to
    follow.

    Args:
        options: of the input.
        settings: of the selector.
        count: most frames to read; None reads 300.

    Raises:
        SequenceError: the input cannot be used.
        ModelError, BackendError: the model cannot be used.
        ConfigError: there are masks, and a target is not among their classes.
    """
    with open_recording(options, settings, count, drawn_width=WIDTHS[-1]) as (source, frames):
        sequence = source.sequence
        choices, number = _choose(frames, sequence.rate_hz, settings, classes_of(source))
        how = "reduced" if isinstance(sequence, GeneratedStreet) else "enlarged or reduced"
        return Trial(
            "scale",
            f"{sequence.name}, {sequence.width} px wide, {how} to each width.",
            _rows(choices, number),
        )


def _choose(
    frames: Iterable[LabelledFrame],
    rate_hz: float,
    settings: KeyframeSettings,
    classes: Sequence[str],
) -> tuple[list[list[int]], int]:
    """Indices of the frames that are forwarded at each width, and the number of frames."""
    selections = [OfflineSelection(fitting(settings, classes), classes) for _ in WIDTHS]
    number = 0
    for number, labelled in enumerate(frames, start=1):
        labelled = renumbered(labelled, number - 1, rate_hz)
        for width, selection in zip(WIDTHS, selections):
            selection.add(resized(labelled, width), labelled.frame.stamp_ns)
    return [forwarded(selection.finish()) for selection in selections], number


def _rows(choices: Sequence[Sequence[int]], number: int) -> tuple[dict, ...]:
    most = max(map(len, choices))
    reference = set(choices[-1])
    return tuple(
        {
            "width px": width,
            "keyframes": len(chosen),
            "of frames": number,
            "fewer than the most %": percent(1.0 - len(chosen) / most) if most else None,
            f"same frames as at {WIDTHS[-1]} px %": (
                percent(len(reference & set(chosen)) / len(reference)) if reference else None
            ),
        }
        for width, chosen in zip(WIDTHS, choices)
    )
