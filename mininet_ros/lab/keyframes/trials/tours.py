"""Trial ``tours``: a preset as it is, on sequences whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.outcome import Trial, Value, percent
from mininet_ros.lab.keyframes.true_sequences import TrueFrame, TrueSequence
from mininet_ros.offline.baselines import even_choice
from mininet_ros.offline.evaluation import JudgedFrame, measure_selection
from mininet_ros.offline.selection import OfflineSelection

Progress = Callable[[Iterable[TrueFrame], str, int | None], Iterable[TrueFrame]]


def tours_trial(
    sequences: Sequence[TrueSequence], settings: KeyframeSettings, progress: Progress
) -> Trial:
    """Select from each sequence; count what the truth says of the chosen frames.

    Args:
        sequences: at least one.
        settings: of the selector, used as they are.
        progress: wraps the frames of a sequence, told its name and length.
    """
    rows: list[dict[str, Value]] = []
    for sequence in sequences:
        rows += _rows(sequence, settings, progress)
    if len(sequences) > 1:
        rows += [_mean(rows, selector) for selector in ("ours", "every-N")]
    first = sequences[0]
    return Trial(
        "tours",
        f"Truth: {first.truth_from}; masks: {first.masks_from}. Unfit: too dark, too bright or too "
        "smeared to be read, where that is known.",
        tuple(rows),
    )


def _rows(
    sequence: TrueSequence, settings: KeyframeSettings, progress: Progress
) -> list[dict[str, Value]]:
    selection = OfflineSelection(settings, sequence.classes)
    truths = []
    for frame in progress(sequence.frames(), sequence.name, sequence.length):
        # Only the truth is kept: a tour's pictures would fill the memory.
        truths.append((frame.sightings, frame.fit))
        selection.add(frame.labelled, 10**9 + frame.labelled.frame.stamp_ns)
    decided = selection.finish()
    judged = [
        JudgedFrame(frame.decision.scores, truth[0], frame.payload.jpeg_bytes)
        for frame, truth in zip(decided, truths)
        if frame.decision.scores is not None
    ]
    chosen = [frame.index for frame in decided if frame.decision.forwarded]
    even = even_choice(len(judged), max(1, len(chosen)))
    rows = []
    for name, indices in (("ours", chosen), ("every-N", even)):
        metrics = measure_selection(judged, indices)
        known = [fit for fit in (truths[index][1] for index in indices) if fit is not None]
        rows.append(
            {
                "sequence": sequence.name,
                "selector": name,
                "frames": len(indices),
                "of": len(judged),
                "seen whole %": percent(metrics.instance_recall),
                "cut frames %": percent(metrics.cut_share),
                "unfit frames %": percent(1.0 - sum(known) / len(known)) if known else None,
            }
        )
    return rows


def _mean(rows: Sequence[dict[str, Value]], selector: str) -> dict[str, Value]:
    own = [row for row in rows if row["selector"] == selector]
    mean: dict[str, Value] = {"sequence": f"mean of {len(own)}", "selector": selector}
    for column in list(own[0])[2:]:
        values = [value for row in own if isinstance(value := row[column], (int, float))]
        mean[column] = round(float(np.mean(values)), 1) if values else None
    return mean
