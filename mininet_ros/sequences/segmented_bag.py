"""Bags with label masks beside the images, as the segmentation node publishes them."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mininet_ros.images.decoding import ImageDecoder
from mininet_ros.images.encodings import ImageError
from mininet_ros.images.limits import MAX_PIXELS
from mininet_ros.sequences.bag import BagImages
from mininet_ros.sequences.bag_reader import (
    IMAGE_TYPES,
    bag_root,
    header_stamp_ns,
    image_topics,
    open_bag,
    read_message,
    recorded_messages,
)
from mininet_ros.sequences.sequence import Frame, LabelledFrame, SequenceError

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

MASK_TOPIC = "segmentation/mask"
CONFIDENCE_TOPIC = "segmentation/confidence"
OUTPUT_TOPICS = (MASK_TOPIC, CONFIDENCE_TOPIC, "segmentation/overlay")
"""Image topics of the segmentation node, below its namespace."""

NO_MASKS = "none"
"""Value of the mask topic with which the masks in a bag are ignored."""

MAX_UNPAIRED = 64

MASK, CONFIDENCE = "mask", "confidence"


@dataclass(frozen=True)
class BagTopics:
    """Topics of a bag that belong to one camera; None for a missing topic."""

    image: str | None
    mask: str | None
    confidence: str | None


def find_topics(path: Path, image: str | None = None, mask: str | None = None) -> BagTopics:
    """Find the topics of a bag that belong together.

    Args:
        path: path of the bag.
        image: image topic, if it is known.
        mask: mask topic, if it is known, or ``NO_MASKS``.

    Returns:
        Three topics, each of which may be None. The image topic is the named one, or the only one
        that is not from a segmentation node. The mask topic is the named one, or the only one
        from a segmentation node. The confidence topic is the one beside the mask.

    Raises:
        SequenceError: the bag cannot be read, has no such mask topic, or has several and none is
            named.
    """
    with open_bag(bag_root(path)) as reader:
        topics = image_topics(reader)
    if mask not in (None, NO_MASKS, *topics):
        listed = ", ".join(topics) or "none"
        raise SequenceError(f"bag {path} has no mask topic {mask}; its image topics: {listed}")
    masks = [topic for topic in topics if _is_output(topic, MASK_TOPIC)]
    if mask is None and len(masks) > 1:
        raise SequenceError(f"bag {path} has several mask topics; choose one of {', '.join(masks)}")
    cameras = [
        topic
        for topic in topics
        if topic != mask and not any(_is_output(topic, output) for output in OUTPUT_TOPICS)
    ]
    if image is None and len(cameras) == 1:
        image = cameras[0]
    mask = None if mask == NO_MASKS else mask or (masks[0] if masks else None)
    confidence = mask.removesuffix(MASK_TOPIC) + CONFIDENCE_TOPIC if mask else None
    return BagTopics(image, mask, confidence if confidence in topics else None)


class SegmentedBag(BagImages):
    """Images of a bag, with the masks and confidences of exactly the same stamps.

    Attributes:
        mask_topic: topic of the masks.

    Args:
        path: path of the bag, as for ``BagImages``.
        topics: topics from ``find_topics``, with a mask topic.
        rate_hz: frames per second, as for ``BagImages``.

    Raises:
        SequenceError: see ``BagImages``.
    """

    def __init__(
        self,
        path: Path,
        topics: BagTopics,
        rate_hz: float | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        super().__init__(path, topics.image, rate_hz, max_pixels)
        self.mask_topic = topics.mask
        self._confidence_topic = topics.confidence

    def labelled(self) -> Iterator[LabelledFrame]:
        """Iterate over the images with their masks.

        An image whose mask was dropped is returned without one, as soon as a later image is
        complete or 64 images wait. Images and masks that cannot be used are skipped.

        Raises:
            SequenceError: the topic contains no masks.
        """
        self.problems.clear()
        decoder = ImageDecoder(self.max_pixels)
        wanted = {self.topic, self.mask_topic, self._confidence_topic}
        pairing = _Pairing(self._confidence_topic is not None)
        index = -1
        is_any_mask_usable = False
        with open_bag(self.path) as reader:
            connections = _of_topics(reader, wanted)
            for connection, recorded_ns, data in recorded_messages(
                reader, connections, self.problems
            ):
                is_image = connection.topic == self.topic
                index += is_image
                try:
                    message = read_message(reader, connection, data)
                    stamp_ns = header_stamp_ns(message)
                    if is_image:
                        frame = self._frame(message, recorded_ns, index, decoder)
                        pairing.add_image(stamp_ns, frame)
                    else:
                        is_mask = connection.topic == self.mask_topic
                        pairing.add_labels(stamp_ns, decoder.labels(message), is_mask)
                        is_any_mask_usable |= is_mask
                except ImageError as error:
                    if not is_image and not is_any_mask_usable:
                        raise SequenceError(
                            f"topic {connection.topic} of bag {self.path} holds no label masks: "
                            f"{error}; choose another mask topic"
                        ) from error
                    self._note(index, error)
                yield from pairing.complete()
        yield from pairing.rest()
        self._report_missing(index + 1)


class _Pairing:
    """Pairs images, masks and confidences by stamp; at most 64 of each wait.

    The rule is that of the keyframe selector: an image waits for a part of each kind until the part
    of its stamp has come, or one of a later stamp, after which it cannot come any more.
    """

    def __init__(self, with_confidence: bool) -> None:
        self._waiting: deque[tuple[int, Frame]] = deque()
        kinds = (MASK, CONFIDENCE) if with_confidence else (MASK,)
        self._parts: dict[str, OrderedDict[int, np.ndarray]] = {k: OrderedDict() for k in kinds}
        self._newest: dict[str, int] = {}

    def add_image(self, stamp_ns: int, frame: Frame) -> None:
        self._waiting.append((stamp_ns, frame))

    def add_labels(self, stamp_ns: int, labels: np.ndarray, is_mask: bool) -> None:
        kind = MASK if is_mask else CONFIDENCE
        parts = self._parts[kind]
        parts[stamp_ns] = labels
        self._newest[kind] = max(stamp_ns, self._newest.get(kind, stamp_ns))
        if len(parts) > MAX_UNPAIRED:
            parts.popitem(last=False)

    def complete(self) -> Iterator[LabelledFrame]:
        """Return the frames that need not wait any longer, and those beyond the limit."""
        while self._waiting and (len(self._waiting) > MAX_UNPAIRED or not self._waits()):
            yield self._next()

    def rest(self) -> Iterator[LabelledFrame]:
        """Return all other frames, at the end of the bag."""
        while self._waiting:
            yield self._next()

    def _waits(self) -> bool:
        stamp_ns = self._waiting[0][0]
        return any(
            stamp_ns not in parts and (kind not in self._newest or self._newest[kind] < stamp_ns)
            for kind, parts in self._parts.items()
        )

    def _next(self) -> LabelledFrame:
        stamp_ns, frame = self._waiting.popleft()
        found = {kind: parts.pop(stamp_ns, None) for kind, parts in self._parts.items()}
        return LabelledFrame(frame, found[MASK], found.get(CONFIDENCE))


def _is_output(topic: str, output: str) -> bool:
    return f"/{topic}".endswith(f"/{output}")


def _of_topics(reader: AnyReader, topics: set[str | None]) -> list[Any]:
    return [c for c in reader.connections if c.topic in topics and c.msgtype in IMAGE_TYPES]
