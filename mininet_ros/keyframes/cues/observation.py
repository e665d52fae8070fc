"""What can be said of a frame whatever was forwarded before: quality, motion, regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import thread_time

import cv2
import numpy as np

from mininet_ros.keyframes.cues.content import (
    ContentStatus,
    Region,
    class_weight_table,
    find_regions,
)
from mininet_ros.keyframes.cues.motion import Flow, Points, PointTracker
from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.keyframes.cues.quality import Quality, QualityMeter, check_image, reduced

# Masks and motion are looked at on pictures of about this width.
SCORING_WIDTH = 320


@dataclass(frozen=True, eq=False)
class Observation:
    """One frame, as far as it does not matter what was forwarded.

    Attributes:
        stamp_ns: the frame's stamp, nanoseconds.
        width: of the camera image, pixels.
        height: of the camera image, pixels.
        first: whether nothing from before has anything to do with it: the first frame, one after
            a jump back in time, or one of another size.
        quality: of the picture.
        status: whether there was a mask to find regions in.
        regions: of the target classes, in pixels of the tracked picture.
        flow: since the last good picture.
        before: corners in the last good picture.
        now: the same and further ones; where they are now, if `flow.found`.
    """

    stamp_ns: int
    width: int
    height: int
    first: bool
    quality: Quality
    status: ContentStatus
    regions: tuple[Region, ...]
    flow: Flow
    before: Points
    now: Points


class FrameObserver:
    """Observes the frames of one camera, in the order of their stamps.

    Args:
        targets: target class name to weight; empty for a selection without semantics.
        classes: the class names of the network that makes the masks, in label order.
        times: to which the time of the parts is added: "quality", "motion", "content".

    Raises:
        ClassError: a target is not among `classes`, or a weight is out of range.
    """

    def __init__(
        self, targets: Mapping[str, float], classes: Sequence[str], times: PartTimes
    ) -> None:
        self._weights = class_weight_table(targets, classes)
        self._named = bool(targets)
        self._times = times
        self._quality = QualityMeter()
        self._gray: np.ndarray | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._tracker = PointTracker()
        self._last_stamp: int | None = None
        self._size: tuple[int, int] | None = None

    def observe(
        self,
        image: np.ndarray,
        mask: np.ndarray | None,
        confidence: np.ndarray | None,
        stamp_ns: int,
    ) -> Observation:
        """Observe the next frame; see `FrameScorer.score`.

        Raises:
            ValueError: an array has another shape or type than said there.
        """
        _check(image, mask, confidence)
        size = (image.shape[1], image.shape[0])
        if size != self._size or (self._last_stamp is not None and stamp_ns <= self._last_stamp):
            self.reset()
        first = self._last_stamp is None
        self._size, self._last_stamp = size, stamp_ns
        self._times.runs += 1
        spent = self._times.spent
        started = thread_time()
        self._gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY, dst=self._gray)
        quality = self._quality.measure(image, self._gray)
        spent["quality"] += (measured := thread_time()) - started
        before = self._tracker.points
        flow = self._tracker.update(reduced(self._gray, SCORING_WIDTH))
        now = self._tracker.points
        spent["motion"] += (tracked := thread_time()) - measured
        status, regions = self._regions(mask, confidence, now.size)
        spent["content"] += thread_time() - tracked
        return Observation(
            stamp_ns, *size, first, quality, status, regions, flow, before, now
        )  # fmt: skip

    def _regions(
        self, mask: np.ndarray | None, confidence: np.ndarray | None, size: tuple[int, int]
    ) -> tuple[ContentStatus, tuple[Region, ...]]:
        if not self._named:
            return ContentStatus.NO_TARGETS, ()
        if mask is None:
            return ContentStatus.NO_MASK, ()
        small = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
        certainty = None
        if confidence is not None:
            certainty = cv2.resize(confidence, size, interpolation=cv2.INTER_NEAREST)
        return ContentStatus.MEASURED, find_regions(small, certainty, self._weights)


def _check(image: np.ndarray, mask: np.ndarray | None, confidence: np.ndarray | None) -> None:
    check_image(image)
    for name, labels in (("mask", mask), ("confidence", confidence)):
        if labels is not None and (labels.dtype != np.uint8 or labels.ndim != 2):
            raise ValueError(
                f"A {name} must be a (H, W) uint8 array, got shape {labels.shape} {labels.dtype}."
            )
