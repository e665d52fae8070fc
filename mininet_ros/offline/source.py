"""Sources of frames and masks: a model, given labels, a bag, the generator's truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mininet_ros.images.class_tables import ClassTable, read_class_table
from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.inference import Segmenter, load_segmenter
from mininet_ros.keyframes.cues.scorer import LEAST_SIDE
from mininet_ros.models import load_model
from mininet_ros.offline.labels import LabelFolder
from mininet_ros.sequences import (
    LabelledFrame,
    LabelledSequence,
    Sequence,
    SequenceError,
    open_sequence,
)
from mininet_ros.sequences.bag_reader import is_bag
from mininet_ros.sequences.segmented_bag import SegmentedBag, find_topics


@dataclass(frozen=True)
class SourceOptions:
    """The user's options for the input.

    Attributes:
        input: input as ``mininet_ros.sequences.open_sequence`` takes it.
        model: name or folder of the model that makes the masks.
        backend, network, threads, precision: as for ``mininet_ros.inference.load_segmenter``.
        labels: folder of label PNGs.
        dataset: dataset with the classes of masks that no model made; see
            ``mininet_ros.images.class_tables.read_class_table``.
        rate_hz: frames per second, for inputs that do not state it.
        image_topic: image topic of a bag.
        mask_topic: mask topic of a bag; "none" ignores the masks in it.
        max_pixels: limit of the image size; images of more pixels are skipped.
    """

    input: str
    model: str | None = None
    backend: str = "auto"
    network: str = "auto"
    threads: int = 0
    precision: str = "float32"
    labels: Path | None = None
    dataset: str | None = None
    rate_hz: float | None = None
    image_topic: str | None = None
    mask_topic: str | None = None
    max_pixels: int = MAX_PIXELS

    def open_segmenter(self) -> Segmenter:
        """Return the model, ready to run.

        Raises:
            ModelError, BackendError: the model or the backend cannot be used.
            ValueError: no model is named.
        """
        if self.model is None:
            raise ValueError("no model is named: give --model")
        return load_segmenter(
            self.model, self.backend, self.network, self.threads, precision=self.precision
        )


@dataclass(frozen=True)
class Source:
    """Frames with masks, and the meaning of the masks.

    Attributes:
        sequence: the frames.
        classes: class names in the order of the ids in masks; empty if they are unknown.
        colors: uint8 (classes, 3), RGB colour of each class.
        masks_from: description of the source of the masks; None where there are no masks.
        labelled: function that iterates over the frames with their masks, from the beginning.
    """

    sequence: Sequence
    classes: tuple[str, ...]
    colors: np.ndarray
    masks_from: str | None
    labelled: Callable[[], Iterator[LabelledFrame]]

    @property
    def table(self) -> ClassTable | None:
        """Names and colours of the classes; None if they are unknown."""
        if not self.classes:
            return None
        return ClassTable(self.classes, tuple((int(r), int(g), int(b)) for r, g, b in self.colors))


def open_source(options: SourceOptions, sequence: Sequence | None = None) -> Source:
    """Open an input with its masks; frames that are too small to be scored are skipped.

    The masks are the given labels. Without labels they are those in the bag, if there are any, or
    else the model's. Without a model they are the truth of the generated sequence, or there are
    none. Where another source makes the masks, the model only names their classes.

    Args:
        options: the user's options.
        sequence: frames to use in place of those of ``options.input``; None for those.

    Raises:
        SequenceError: the input or the labels cannot be used, or an option does not fit them.
        ModelError, BackendError: the model cannot be used.
        ValueError: the dataset is unknown.
    """
    source = _open(options, sequence)
    return replace(source, labelled=lambda: _large_enough(source))


def _open(options: SourceOptions, sequence: Sequence | None) -> Source:
    bag = None
    if sequence is None:
        sequence, bag = _open_sequence(options)
    if options.labels is not None:
        table = _class_table(options)
        if table is None:
            raise SequenceError(
                f"the labels in {options.labels} need class names; give --dataset or --model"
            )
        folder = LabelFolder(options.labels, table)
        return _source(
            sequence, table, f"labels in {options.labels}", lambda: folder.label(sequence)
        )
    if bag is not None:
        table = _class_table(options)
        return _source(bag, table, f"topic {bag.mask_topic} of the bag", bag.labelled)
    if options.model is not None:
        return _segmented_source(sequence, options)
    if isinstance(sequence, LabelledSequence):
        table = ClassTable(sequence.classes, sequence.colors)
        return _source(sequence, table, "the generator's truth", sequence.labelled)
    return _source(sequence, _class_table(options), None, lambda: _unlabelled(sequence))


def _segmented_source(sequence: Sequence, options: SourceOptions) -> Source:
    segmenter = options.open_segmenter()
    model = segmenter.model
    return Source(
        sequence,
        model.classes,
        model.colors,
        f"{model.name} ({segmenter.runtime} {segmenter.precision}, {segmenter.device})",
        lambda: _segmented(sequence, segmenter),
    )


def _open_sequence(options: SourceOptions) -> tuple[Sequence, SegmentedBag | None]:
    path = Path(options.input).expanduser()
    if not (path.exists() and is_bag(path)):
        if options.mask_topic is not None:
            raise SequenceError(f"{path} is no bag; leave out the mask topic")
        sequence = open_sequence(
            options.input, options.rate_hz, options.image_topic, options.max_pixels
        )
        return sequence, None
    topics = find_topics(path, options.image_topic, options.mask_topic)
    if topics.mask is None:
        return open_sequence(path, options.rate_hz, topics.image, options.max_pixels), None
    bag = SegmentedBag(path, topics, options.rate_hz, options.max_pixels)
    return bag, bag


def _class_table(options: SourceOptions) -> ClassTable | None:
    """Return the class table that the user named."""
    if options.dataset is not None:
        return read_class_table(options.dataset)
    if options.model is None:
        return None
    return load_model(options.model, options.network).published_table


def _source(
    sequence: Sequence,
    table: ClassTable | None,
    masks_from: str | None,
    labelled: Callable[[], Iterator[LabelledFrame]],
) -> Source:
    names = table.names if table else ()
    colors = np.array(table.colors if table else [], np.uint8).reshape(-1, 3)
    return Source(sequence, names, colors, masks_from, labelled)


def _segmented(sequence: Sequence, segmenter: Segmenter) -> Iterator[LabelledFrame]:
    for frame in sequence:
        found = segmenter.segment(frame.image)
        yield LabelledFrame(frame, found.mask, found.confidence)


def _large_enough(source: Source) -> Iterator[LabelledFrame]:
    """Yield the frames that can be scored.

    Raises:
        SequenceError: there are none.
    """
    frame, used = None, 0
    for labelled in source.labelled():
        frame = labelled.frame
        height, width = frame.image.shape[:2]
        if min(height, width) < LEAST_SIDE:
            source.sequence.problems.add(
                f"frame {frame.name} is too small to be scored: {width} x {height} pixels, and "
                f"{LEAST_SIDE} x {LEAST_SIDE} are the least"
            )
            continue
        used += 1
        yield labelled
    if frame is not None and not used:
        raise SequenceError(source.sequence.problems.summary())


def _unlabelled(sequence: Sequence) -> Iterator[LabelledFrame]:
    for frame in sequence:
        yield LabelledFrame(frame, None, None)
