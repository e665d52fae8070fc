"""Sequences whose ground truth is known, to judge selections on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mininet_ros.inference import Segmenter
from mininet_ros.keyframes import ConfigError
from mininet_ros.lab.keyframes.photo_tour import RATE_HZ, Photo, PhotoTour
from mininet_ros.lab.keyframes.photo_visits import VISITS, PhotoVisits
from mininet_ros.lab.training.data.datasets.icdar2015 import WordList, open_icdar2015
from mininet_ros.offline.source import Source, SourceOptions, open_source
from mininet_ros.offline.truth import InstanceLinker, Sighting
from mininet_ros.sequences import Frame, LabelledFrame, LabelledSequence, SequenceError
from mininet_ros.sequences.files import read_image
from mininet_ros.sequences.sequence import frame_name, stamp_of

TOUR_DATASET = "icdar2015"
TOUR_SPLIT = "val"
TOUR_PHOTOS = 12
WALL_PHOTOS = 6
TOUR_CLASSES = ("background", "text")


@dataclass(frozen=True)
class TrueFrame:
    """A frame with the mask that a selector sees, and the truth that judges it.

    Attributes:
        labelled: the frame with its mask.
        sightings: the target instances that it really shows.
        fit: whether light and shake leave it legible; None where nobody knows.
    """

    labelled: LabelledFrame
    sightings: tuple[Sighting, ...]
    fit: bool | None = None


@dataclass(frozen=True)
class TrueSequence:
    """Frames with truth.

    Attributes:
        name: of the sequence.
        classes: names in the order of the ids in masks.
        masks_from: who made the masks, in words.
        truth_from: where the truth comes from, in words.
        length: number of frames; None if it is not known.
        frames: iterates over them, from the beginning.
    """

    name: str
    classes: tuple[str, ...]
    masks_from: str
    truth_from: str
    length: int | None
    frames: Callable[[], Iterator[TrueFrame]]


def open_true_sequences(
    options: SourceOptions, targets: Sequence[str], tours: int
) -> list[TrueSequence]:
    """Open an input with its truth.

    That is the labels given with it; or the generator's own; or, where the input is the root of
    the ICDAR 2015 data, camera tours over its annotated photos. With a model, its masks are what
    a selector sees; else the truth is.

    Args:
        options: of the input.
        targets: names of the target classes.
        tours: number of camera tours.

    Raises:
        SequenceError: the input or the labels cannot be used, or nothing is known of the truth.
        ModelError, BackendError: the model cannot be used.
        ConfigError: a target is not among the classes.
        ValueError: the dataset is unknown, or its tree is not as it must be.
    """
    segmenter = None
    if options.model is not None:
        segmenter = options.open_segmenter()
    if shows_photos(options):
        photos = _hung(Path(options.input), tours, TOUR_PHOTOS)
        sequences = [_photo_tour(number, pairs, segmenter) for number, pairs in enumerate(photos)]
    else:
        sequences = [_labelled_sequence(options, segmenter, targets)]
    return _with_targets(sequences, targets)


def open_photo_visits(
    options: SourceOptions, targets: Sequence[str], walls: int
) -> list[TrueSequence]:
    """Open walls of photos of ICDAR 2015 that are visited three times.

    Args:
        options: of the input, the root of the data.
        targets: names of the target classes.
        walls: number of walls.

    Raises:
        SequenceError: there are too few photos.
        ModelError, BackendError: the model cannot be used.
        ConfigError: a target is not among the classes.
        ValueError: the tree of the dataset is not as it must be.
    """
    segmenter = None if options.model is None else options.open_segmenter()
    photos = _hung(Path(options.input), walls, WALL_PHOTOS)
    sequences = [_photo_visits(number, pairs, segmenter) for number, pairs in enumerate(photos)]
    return _with_targets(sequences, targets)


def shows_photos(options: SourceOptions) -> bool:
    """Return whether an input is the root of ICDAR 2015, whose photos are filmed."""
    return options.labels is None and options.dataset == TOUR_DATASET


def _with_targets(sequences: list[TrueSequence], targets: Sequence[str]) -> list[TrueSequence]:
    for name in targets:
        if name not in sequences[0].classes:
            raise ConfigError(
                f"there is no class {name}: choose --classes among "
                f"{', '.join(sequences[0].classes)}"
            )
    return sequences


def _labelled_sequence(
    options: SourceOptions, segmenter: Segmenter | None, targets: Sequence[str]
) -> TrueSequence:
    known = options.labels is not None
    truth = open_source(options if known else replace(options, model=None))
    if not known and not isinstance(truth.sequence, LabelledSequence):
        raise SequenceError(
            f"judging a selection needs the truth: give {options.input} with --labels; or give "
            f"'generated', or the root of the ICDAR 2015 data with --dataset {TOUR_DATASET}"
        )
    if segmenter is not None and segmenter.model.classes != truth.classes:
        raise ConfigError(
            f"model {segmenter.model.name} and the labels have different classes; leave out "
            "--dataset, or give the labels' own model"
        )
    return TrueSequence(
        truth.sequence.name,
        truth.classes,
        _masks_from(segmenter),
        f"{truth.masks_from}, regions followed by optical flow",
        truth.sequence.length,
        lambda: _labelled_frames(truth, segmenter, targets),
    )


def _labelled_frames(
    truth: Source, segmenter: Segmenter | None, targets: Sequence[str]
) -> Iterator[TrueFrame]:
    linker = InstanceLinker([truth.classes.index(name) for name in targets])
    for labelled in truth.labelled():
        if labelled.mask is None:
            raise SequenceError(f"frame {labelled.frame.name} has no label")
        sightings = linker.add(labelled.frame.image, labelled.mask)
        yield TrueFrame(_seen(labelled, segmenter), sightings)


def _hung(root: Path, count: int, number: int) -> list[list[tuple[Path, WordList]]]:
    """Return so many rows of so many photos, with their words."""
    pairs = [
        (image, words)
        for image, words in open_icdar2015(root, TOUR_SPLIT).pairs
        if isinstance(words, WordList)
    ]
    if count * number > len(pairs):
        raise SequenceError(
            f"{len(pairs)} photos make {len(pairs) // number} tours of {number}, not {count}"
        )
    # Every count-th one: neighbours in the data set show the same place.
    return [pairs[first::count][:number] for first in range(count)]


def _photo_tour(
    number: int, pairs: Sequence[tuple[Path, WordList]], segmenter: Segmenter | None
) -> TrueSequence:
    def frames() -> Iterator[TrueFrame]:
        for index, frame in enumerate(PhotoTour([_photo(*pair) for pair in pairs], number)):
            picture = Frame(frame.image, frame.stamp_ns, frame_name(index))
            labelled = LabelledFrame(picture, frame.mask, None)
            yield TrueFrame(labelled, frame.sightings, frame.legible)

    truth = f"words of {len(pairs)} photos; motion, light and shake are synthetic"
    return _filmed(f"tour {number + 1}", truth, None, segmenter, frames)


def _photo_visits(
    number: int, pairs: Sequence[tuple[Path, WordList]], segmenter: Segmenter | None
) -> TrueSequence:
    visits = PhotoVisits([_photo(*pair) for pair in pairs])

    def frames() -> Iterator[TrueFrame]:
        for index, frame in enumerate(visits):
            picture = Frame(frame.image, stamp_of(index, RATE_HZ), frame_name(index))
            yield TrueFrame(LabelledFrame(picture, frame.mask, None), frame.sightings)

    truth, length = f"words of {len(pairs)} photos", len(VISITS) * visits.length
    return _filmed(f"wall {number + 1}", truth, length, segmenter, frames)


def _filmed(
    name: str,
    truth: str,
    length: int | None,
    segmenter: Segmenter | None,
    frames: Callable[[], Iterator[TrueFrame]],
) -> TrueSequence:
    """Return a sequence over photos; with a segmenter, its masks replace those of the truth."""

    def seen() -> Iterator[TrueFrame]:
        for frame in frames():
            yield replace(frame, labelled=_seen(frame.labelled, segmenter))

    classes = TOUR_CLASSES if segmenter is None else segmenter.model.classes
    name = f"{TOUR_DATASET} {name}"
    return TrueSequence(name, classes, _masks_from(segmenter), truth, length, seen)


def _photo(image: Path, words: WordList) -> Photo:
    regions = words.regions()
    return Photo(
        read_image(image),
        [region.corners for region in regions],
        [region.is_text for region in regions],
    )


def _seen(labelled: LabelledFrame, segmenter: Segmenter | None) -> LabelledFrame:
    if segmenter is None:
        return labelled
    found = segmenter.segment(labelled.frame.image)
    return LabelledFrame(labelled.frame, found.mask, found.confidence)


def _masks_from(segmenter: Segmenter | None) -> str:
    return "the truth" if segmenter is None else segmenter.model.name
