"""Scores frames in the order in which they come, remembering what was forwarded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from time import thread_time

import numpy as np

from mininet_ros.keyframes.cues.content import measure_content
from mininet_ros.keyframes.cues.motion import Points, no_points
from mininet_ros.keyframes.cues.observation import FrameObserver, Observation
from mininet_ros.keyframes.cues.overlap import measure_overlap
from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.keyframes.cues.sent import SentRegions


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
        self.history = history
        self.times = PartTimes()
        self._observer = FrameObserver(targets, classes, self.times)
        self.reset()

    def reset(self) -> None:
        """Forget all frames and all that was sent."""
        self._observer.reset()
        self._begin()

    def _begin(self) -> None:
        self._sent = SentRegions()
        self._records: OrderedDict[int, Observation] = OrderedDict()
        self._forwarded = self._now = no_points((0, 0))

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
        return self.judge(self._observer.observe(image, mask, confidence, stamp_ns))

    def judge(self, frame: Observation) -> FrameScores:
        """Score a frame that was observed before, in place of `score`.

        Args:
            frame: by a `FrameObserver` of the same targets and classes. All frames of a stream in
                their order, not some of them.

        Returns:
            The frame's scores.
        """
        if frame.first:
            self._begin()
        spent = self.times.spent
        started = thread_time()
        points = frame.now if frame.flow.found else no_points(frame.now.size)
        pixel = frame.width / frame.now.size[0]
        overlap = measure_overlap(self._forwarded, points, pixel)
        spent["motion"] += (compared := thread_time()) - started
        self._sent.carry(frame.before, frame.now)
        known = self._sent.how_well(frame.regions, frame.quality.quality)
        content = measure_content(frame.status, frame.regions, known)
        self._sent.settle(frame.regions)
        spent["sent"] += thread_time() - compared
        self._now = frame.now
        self._records[frame.stamp_ns] = frame
        while len(self._records) > self.history:
            self._records.popitem(last=False)
        return FrameScores(
            stamp_ns=frame.stamp_ns,
            width=frame.width,
            height=frame.height,
            motion=frame.flow.motion * pixel,
            tracked=frame.flow.share,
            **vars(frame.quality),
            **vars(content),
            **vars(overlap),
        )

    def mark_sent(self, stamp_ns: int) -> bool:
        """Note that the frame of this stamp was forwarded.

        Returns:
            False if the frame is no longer remembered; then nothing is noted.
        """
        frame = self._records.get(stamp_ns)
        if frame is None:
            return False
        self._forwarded = _points_in(frame)
        self._sent.add(frame.regions, frame.quality.quality, self._forwarded, self._now)
        return True

    def forget(self, stamp_ns: int) -> None:
        """Note that the frame of this stamp will not be forwarded."""
        self._records.pop(stamp_ns, None)


def _points_in(frame: Observation) -> Points:
    """The corners that were found in a frame itself."""
    return frame.now if frame.flow.found else no_points(frame.now.size)
