"""Trial ``revisit``: the same way forth, back and forth again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.trials.drive import FIRST_STAMP_NS, Drive, renumbered, resized
from mininet_ros.lab.keyframes.trials.outcome import Trial, Value, fitting, forwarded
from mininet_ros.lab.keyframes.true_sequences import TrueFrame, TrueSequence
from mininet_ros.offline.selection import OfflineSelection
from mininet_ros.offline.truth import InstanceLinker, Sighting

PASSES = ("forth", "back", "forth again")

# A thing is seen clearly better where it covers this many times as many pixels as in all keyframes
# before, or where it is whole for the first time.
CLEARLY_BETTER = 1.5

# Things are followed in pictures of this width, px.
LINKING_WIDTH = 320

MEANING = (
    "Every-N sends as much in each pass. Things are regions of the target classes, counted once a "
    "keyframe: new ones, those seen clearly better than in all keyframes before "
    f"({CLEARLY_BETTER:g} times the pixels, or whole for the first time), and those sent again "
    "without. Vain: keyframes with neither new nor better things. Whole: things that a keyframe "
    "of these passes shows whole; in view: things that any of their frames does."
)

Sightings = Sequence[Sighting]
Progress = Callable[[Iterable[TrueFrame], str, int | None], Iterable[TrueFrame]]


@dataclass(frozen=True)
class _Run:
    """What was chosen: the index of each keyframe, and the things in all frames."""

    chosen: Sequence[int]
    seen: Sequence[Sightings]


def revisit_trial(drive: Drive, settings: KeyframeSettings) -> Trial:
    """Play the drive forward, backward and forward; count what each pass adds."""
    length = len(drive.frames)
    lengths = (length, length - 1, length - 1)
    known = any(name in drive.classes for name in settings.targets())
    rows = _rows(
        lengths, *_runs(_three_times(drive, settings), lengths[0], drive.classes, settings)
    )
    if not known:
        rows = [{name: row[name] for name in ("pass", "keyframes", "of frames")} for row in rows]
    return Trial("revisit", f"{drive.name} forward, backward and forward. {MEANING}", tuple(rows))


def revisited_photos_trial(
    sequences: Sequence[TrueSequence], settings: KeyframeSettings, progress: Progress
) -> Trial:
    """Visit walls of photos three times; count what each visit adds.

    Args:
        sequences: of three visits of equal length, at least one.
        settings: of the selector, used as they are.
        progress: wraps the frames of a sequence, told its name and length; yields all of them.
    """
    rows: list[dict[str, Value]] = []
    for sequence in sequences:
        length = (sequence.length or 0) // len(PASSES)
        frames = progress(sequence.frames(), sequence.name, sequence.length)
        runs = _runs(frames, length, sequence.classes, settings)
        rows += [{"photos": sequence.name, **row} for row in _rows([length] * 3, *runs)]
    first = sequences[0]
    return Trial(
        "revisit",
        f"Walls of photos forward, backward and forward, in other light, size and height each "
        f"time. Truth: {first.truth_from}; masks: {first.masks_from}. {MEANING}",
        tuple(rows),
    )


def compared(frames: Sequence[Sightings]) -> list[tuple[int, int, int]]:
    """Compare each keyframe with all keyframes before it.

    Args:
        frames: things that each keyframe shows, in the order of time.

    Returns:
        For each keyframe the number of new things, of those seen clearly better, and of the others.
    """
    best: dict[tuple[int, bool], int] = {}
    counts = []
    for frame in frames:
        new = better = again = 0
        for thing in frame:
            cut, whole = best.get((thing.instance, True)), best.get((thing.instance, False))
            before = whole if not thing.cut else max(cut or 0, whole or 0)
            if cut is None and whole is None:
                new += 1
            elif before is None or thing.pixels > CLEARLY_BETTER * before:
                better += 1
            else:
                again += 1
        for thing in frame:
            key = (thing.instance, thing.cut)
            best[key] = max(thing.pixels, best.get(key, 0))
        counts.append((new, better, again))
    return counts


def _three_times(drive: Drive, settings: KeyframeSettings) -> Iterator[TrueFrame]:
    targets = [drive.classes.index(name) for name in settings.targets() if name in drive.classes]
    linker = InstanceLinker(targets)
    seen = []
    for labelled in drive.frames:
        small = resized(labelled, LINKING_WIDTH)
        known = () if small.mask is None else linker.add(small.frame.image, small.mask)
        seen.append(known)
    there, back = range(len(seen)), range(len(seen) - 2, -1, -1)
    for index, place in enumerate([*there, *back, *there[1:]]):
        yield TrueFrame(renumbered(drive.frames[place], index, drive.rate_hz), seen[place])


def _runs(
    frames: Iterable[TrueFrame], length: int, classes: Sequence[str], settings: KeyframeSettings
) -> tuple[_Run, _Run]:
    """Select from all frames, and from those of the first pass alone."""
    settings = fitting(settings, classes)
    together, alone = OfflineSelection(settings, classes), OfflineSelection(settings, classes)
    seen = []
    for index, frame in enumerate(frames):
        stamp = FIRST_STAMP_NS + frame.labelled.frame.stamp_ns
        together.add(frame.labelled, stamp)
        if index < length:
            alone.add(frame.labelled, stamp)
        seen.append(frame.sightings)
    every, first = forwarded(together.finish()), forwarded(alone.finish())
    return _Run(every, seen), _Run(first, seen[:length])


def _rows(lengths: Sequence[int], together: _Run, alone: _Run) -> list[dict[str, Value]]:
    rows, start = [], 0
    for name, length in zip(PASSES, lengths):
        rows.append(_row(name, together, start, start + length))
        start += length
    rows.append(_row("all three", together, 0, start))
    rows.append(_row("forth, nothing after it", alone, 0, lengths[0]))
    return rows


def _row(name: str, run: _Run, start: int, end: int) -> dict[str, Value]:
    counts = compared([run.seen[index] for index in run.chosen])
    own = [place for place, index in enumerate(run.chosen) if start <= index < end]
    return {
        "pass": name,
        "keyframes": len(own),
        "of frames": end - start,
        "new things": sum(counts[place][0] for place in own),
        "seen clearly better": sum(counts[place][1] for place in own),
        "sent again": sum(counts[place][2] for place in own),
        "vain keyframes": sum(counts[place][0] + counts[place][1] == 0 for place in own),
        "whole": len(_whole([run.seen[run.chosen[place]] for place in own])),
        "in view": len(_whole(run.seen[start:end])),
    }


def _whole(frames: Iterable[Sightings]) -> set[int]:
    return {thing.instance for frame in frames for thing in frame if thing.whole}
