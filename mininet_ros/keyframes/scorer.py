"""Scores frames in the order in which they come, remembering what was forwarded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.keyframes.content import Content, Region, class_weight_table, find_regions
from mininet_ros.keyframes.motion import (
    Points,
    PointTracker,
    no_points,
    parallax_and_overlap,
)
from mininet_ros.keyframes.part_times import PartTimes
from mininet_ros.keyframes.quality import QualityMeter, check_image, reduced
from mininet_ros.keyframes.scores import ContentStatus, FrameScores
from mininet_ros.keyframes.sent import SentRegions

# Masks and motion are looked at on pictures of about this width.
SCORING_WIDTH = 320


@dataclass(frozen=True, eq=False)
class _Record:
    """What `mark_sent` needs of a frame that was scored earlier."""

    points: Points
    regions: tuple[Region, ...]
    quality: float


class FrameScorer:
    """Turns images and masks into `FrameScores`.

    The scorer follows one camera: frames are to come in the order of their stamps. A stamp at or
    before the last one, or another image size, starts it afresh, with nothing sent.

    Args:
        targets: target class name to weight; empty for a selection without semantics.
        classes: the class names of the network that makes the masks, in label order.
        history: how many frames back `mark_sent` can reach; what is forgotten by name does not
            count.

    Attributes:
        times: what the parts of scoring take: "quality", "motion", "content", "sent".

    Raises:
        ClassError: a target is not among `classes`, or a weight is out of range.
    """

    def __init__(
        self, targets: Mapping[str, float], classes: Sequence[str], history: int = 128
    ) -> None:
        self._weights = class_weight_table(targets, classes)
        self._named = bool(targets)
        self.history = history
        self.times = PartTimes()
        self._quality = QualityMeter()
        self._gray: np.ndarray | None = None
        self.reset()

    def reset(self) -> None:
        """Forget all frames and all that was sent."""
        self._tracker = PointTracker()
        self._sent = SentRegions()
        self._records: OrderedDict[int, _Record] = OrderedDict()
        self._last_stamp: int | None = None
        self._size: tuple[int, int] | None = None
        self._forwarded: Points | None = None

    def score(
        self,
        image: np.ndarray,
        mask: np.ndarray | None,
        confidence: np.ndarray | None,
        stamp_ns: int,
    ) -> FrameScores:
        """Score one frame.

        Args:
            image: (H, W, 3) uint8 BGR, at least 16 x 16 pixels.
            mask: (h, w) uint8 labels of the same view at any size, or None.
            confidence: (h, w) uint8, 255 is certain, at any size, or None.
            stamp_ns: the frame's stamp in nanoseconds.

        Returns:
            The frame's scores.

        Raises:
            ValueError: an array has another shape or type than said above.
        """
        check_image(image)
        for name, labels in (("mask", mask), ("confidence", confidence)):
            if labels is not None and (labels.dtype != np.uint8 or labels.ndim != 2):
                raise ValueError(
                    f"A {name} must be a (H, W) uint8 array, "
                    f"got shape {labels.shape} {labels.dtype}."
                )
        size = (image.shape[1], image.shape[0])
        if size != self._size or (self._last_stamp is not None and stamp_ns <= self._last_stamp):
            self.reset()
        self._size, self._last_stamp = size, stamp_ns
        return self._score(image, mask, confidence, stamp_ns)

    def mark_sent(self, stamp_ns: int) -> bool:
        """Note that the frame of this stamp was forwarded.

        Returns:
            False if the frame is no longer remembered; then nothing is noted.
        """
        record = self._records.get(stamp_ns)
        if record is None:
            return False
        self._forwarded = record.points
        self._sent.add(record.regions, record.quality, record.points, self._tracker.points)
        return True

    def forget(self, stamp_ns: int) -> None:
        """Note that the frame of this stamp will not be forwarded."""
        self._records.pop(stamp_ns, None)

    def _score(
        self,
        image: np.ndarray,
        mask: np.ndarray | None,
        confidence: np.ndarray | None,
        stamp_ns: int,
    ) -> FrameScores:
        self.times.runs += 1
        with self.times.part("quality"):
            self._gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY, dst=self._gray)
            quality = self._quality.measure(image, self._gray)
        with self.times.part("motion"):
            small = reduced(self._gray, SCORING_WIDTH)
            before = self._tracker.points
            flow = self._tracker.update(small)
            points = self._tracker.points if flow.found else no_points(self._tracker.points.size)
            parallax, overlap = parallax_and_overlap(self._forwarded or no_points((0, 0)), points)
        with self.times.part("content"):
            status, regions = self._regions(mask, confidence, points.size)
        with self.times.part("sent"):
            self._sent.carry(before, self._tracker.points)
            content = Content(regions, self._sent.how_well(regions, quality.value))
            self._sent.settle(regions)
        self._records[stamp_ns] = _Record(points, regions, quality.value)
        while len(self._records) > self.history:
            self._records.popitem(last=False)
        pixel = image.shape[1] / small.shape[1]
        return FrameScores(
            stamp_ns=stamp_ns,
            width=image.shape[1],
            height=image.shape[0],
            brightness=quality.brightness,
            entropy=quality.entropy,
            clipped=quality.clipped,
            noise=quality.noise,
            illumination=quality.illumination,
            sharpness=quality.sharpness,
            quality=quality.value,
            content=content.value,
            content_status=status,
            regions=len(regions),
            cut=content.cut_share,
            sent=content.sent_share,
            motion=flow.motion * pixel,
            tracked=flow.share,
            parallax=parallax * pixel,
            overlap=overlap,
        )

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
