"""Scores frames in the order in which they come and remembers what was forwarded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from time import thread_time

import cv2
import numpy as np

from mininet_ros.keyframes.cues.classes import class_weight_table
from mininet_ros.keyframes.cues.content import (
    NEW_CONTENT,
    ContentStatus,
    find_regions,
    measure_content,
    no_things,
)
from mininet_ros.keyframes.cues.corners import Points, no_points
from mininet_ros.keyframes.cues.ignored import IgnoredPixels
from mininet_ros.keyframes.cues.memory import (
    LEAST_FRAMES,
    STILL_THERE,
    ViewMemory,
    seen_things,
)
from mininet_ros.keyframes.cues.motion import PointTracker
from mininet_ros.keyframes.cues.observation import Observation
from mininet_ros.keyframes.cues.overlap import measure_overlap
from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.keyframes.cues.quality import CLEAR_SHARE, QualityMeter, check_image
from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.keyframes.cues.sent import passed_on, recognised
from mininet_ros.keyframes.cues.things import ThingFollower

# Masks and motion are evaluated on pictures of this width, so that all lengths are shares of it.
SCORING_WIDTH = 320
LEAST_SIDE = 16


class FrameObserver:
    """Observes the frames of one camera, in the order of their stamps.

    Args:
        targets: weight of each target class by its name; empty for a selection without semantics.
        classes: class names of the network that makes the masks, in label order.
        times: receives the CPU time of the parts "quality", "motion" and "content".
        ignored: tells which pixels do not count; None if all pixels count.

    Raises:
        ClassError: a target is not among ``classes``, or a weight is out of range.
    """

    def __init__(
        self,
        targets: Mapping[str, float],
        classes: Sequence[str],
        times: PartTimes,
        ignored: IgnoredPixels | None = None,
    ) -> None:
        self._ignored = ignored
        self._weights = class_weight_table(targets, classes)
        self._named = bool(targets)
        self._times = times
        self._nothing = no_things()
        self._gray: np.ndarray | None = None
        self._tracker = PointTracker()
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._quality = QualityMeter()
        # No number is given twice: equal ones in two frames mean the same corner.
        self._tracker = PointTracker(self._tracker.next_id)
        self._follower = ThingFollower(self._weights)
        self._last_stamp: int | None = None
        self._size: tuple[int, int] | None = None

    def observe(
        self,
        image: np.ndarray,
        mask: np.ndarray | None,
        confidence: np.ndarray | None,
        stamp_ns: int,
    ) -> Observation:
        """Observe the next frame; see ``FrameScorer.score``.

        Raises:
            ValueError: an array has another shape or type than ``FrameScorer.score`` takes.
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
        picture = _tracked_picture(self._gray)
        ignored = None
        if self._ignored is not None:
            ignored = self._ignored.of(mask, (picture.shape[1], picture.shape[0]))
        quality = self._quality.measure(image, self._gray, stamp_ns, ignored)
        spent["quality"] += (measured := thread_time()) - started
        clear = quality.relative >= CLEAR_SHARE
        flow = self._tracker.update(picture, clear, ignored)
        now = self._tracker.points
        spent["motion"] += (tracked := thread_time()) - measured
        status = ContentStatus.NO_MASK if self._named else ContentStatus.NO_TARGETS
        things = self._nothing
        if self._named and mask is not None:
            status = ContentStatus.MEASURED
            sure = None if confidence is None else _at_size(confidence, now.size)
            regions = find_regions(_at_size(mask, now.size), sure, self._weights)
            things = self._follower.update(regions, now, flow.found, clear)
        spent["content"] += thread_time() - tracked
        return Observation(
            stamp_ns, *size, first, quality, status, things, flow, picture, now
        )  # fmt: skip


class FrameScorer:
    """Turns images and masks into ``FrameScores``.

    The scorer follows one camera, and frames must come in the order of their stamps. A stamp at or
    before the last one, or another image size, resets the scorer: nothing counts as sent.

    Args:
        targets: weight of each target class by its name; empty for a selection without semantics.
        classes: class names of the network that makes the masks, in label order.
        history: number of frames that ``mark_sent`` can reach back; frames passed to ``forget`` do
            not count. None keeps every frame until it is passed to ``mark_sent`` or ``forget``.
        ignored: tells which pixels do not count; None if all pixels count.

    Attributes:
        times: CPU time of the parts of scoring: "quality", "motion", "content", "sent".

    Raises:
        ClassError: a target is not among ``classes``, or a weight is out of range.
    """

    def __init__(
        self,
        targets: Mapping[str, float],
        classes: Sequence[str],
        history: int | None = 128,
        ignored: IgnoredPixels | None = None,
    ) -> None:
        self.history = history
        self.times = PartTimes()
        self._observer = FrameObserver(targets, classes, self.times, ignored)
        self.reset()

    def reset(self) -> None:
        """Forget all frames and everything that was sent."""
        self._observer.reset()
        self._begin()

    def _begin(self) -> None:
        self._sent: dict[int, float] = {}  # how well each thing was shown, by its id
        self._memory = ViewMemory()
        # The last look-up in the memory: the corners then, the frames since, and the least content.
        self._looked_at: Points | None = None
        self._frames = 0
        self._least = 0.0
        self._known = 0.0
        self._records: OrderedDict[int, Observation] = OrderedDict()
        self._forwarded = no_points((0, 0))

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
            confidence: (h, w) uint8 confidence at any size, where 255 is certain, or None.
            stamp_ns: stamp of the frame, nanoseconds.

        Returns:
            Scores of the frame.

        Raises:
            ValueError: an array has another shape or type than stated above.
        """
        return self.judge(self._observer.observe(image, mask, confidence, stamp_ns))

    def judge(self, frame: Observation) -> FrameScores:
        """Score a frame that was already observed, in place of ``score``.

        Args:
            frame: observation by a ``FrameObserver`` of the same targets and classes. All frames of
                a stream must be given, in order.

        Returns:
            Scores of the frame.
        """
        if frame.first:
            self._begin()
        spent = self.times.spent
        started = thread_time()
        corners = _points_in(frame)
        overlap = measure_overlap(self._forwarded, corners)
        spent["motion"] += (compared := thread_time()) - started
        if frame.flow.found and frame.status is ContentStatus.MEASURED:
            ids = frame.things.ids.tolist()
            known = self._sent
            if (frame.things.ids != frame.things.parents).any():
                known = passed_on(known, frame.things)
            self._sent = {number: known[number] for number in ids if number in known}
        quality = frame.quality.quality
        content = measure_content(frame.status, frame.things, self._sent, quality)
        if frame.flow.found and self._is_due(frame, content.content):
            self._look_up(frame)
            content = measure_content(frame.status, frame.things, self._sent, quality)
            self._least = content.content
        spent["sent"] += thread_time() - compared
        self._records[frame.stamp_ns] = frame
        while self.history is not None and len(self._records) > self.history:
            self._records.popitem(last=False)
        return FrameScores(
            stamp_ns=frame.stamp_ns,
            width=frame.width,
            height=frame.height,
            corners=corners,
            known=self._known,
            **vars(frame.quality),
            **vars(frame.flow.scores),
            **vars(content),
            **vars(overlap),
        )

    def _is_due(self, frame: Observation, content: float) -> bool:
        """Return whether to look up a frame: its view has changed, or it shows more new things."""
        self._least = min(self._least, content)
        self._frames += 1
        looked_at = self._looked_at
        if looked_at is None or frame.now.shared(looked_at) < STILL_THERE * len(looked_at.ids):
            return True
        return self._frames >= LEAST_FRAMES and content >= self._least + NEW_CONTENT

    def _look_up(self, frame: Observation) -> None:
        """Look up whether the view was forwarded before, and with which things."""
        self._looked_at, self._frames = frame.now, 0
        things = frame.things
        sent = seen_things(things, self._sent, frame.gray)
        recalled = self._memory.visit(frame.gray, frame.now, sent, things.boxes[things.seen])
        self._known = recalled.cover
        if recalled.things:
            self._note(recognised(recalled.things, things, frame.gray))

    def _note(self, worth: Mapping[int, float]) -> None:
        for number, shown in worth.items():
            self._sent[number] = max(shown, self._sent.get(number, 0.0))

    def mark_sent(self, stamp_ns: int) -> bool:
        """Note that the frame with this stamp was forwarded.

        Returns:
            False if the frame is no longer remembered; nothing is noted then.
        """
        frame = self._records.get(stamp_ns)
        if frame is None:
            return False
        self._forwarded = _points_in(frame)
        things, quality = frame.things, frame.quality.quality
        shown = things.shown[things.seen] * quality
        worth = dict(zip(things.ids[things.seen].tolist(), shown.tolist()))
        self._note(worth)
        self._memory.note_sent(seen_things(things, worth, frame.gray), self._forwarded)
        return True

    def forget(self, stamp_ns: int) -> None:
        """Note that the frame with this stamp will not be forwarded."""
        self._records.pop(stamp_ns, None)


def _points_in(frame: Observation) -> Points:
    """Return the corners that were found in a frame itself."""
    return frame.now if frame.flow.found else no_points(frame.now.size)


def _at_size(labels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return labels or confidence at this width and height."""
    return cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)


def _tracked_picture(gray: np.ndarray) -> np.ndarray:
    """Return a (H, W) picture at the width at which motion is measured."""
    height, width = gray.shape
    scale = max(SCORING_WIDTH / width, LEAST_SIDE / height)
    if scale == 1.0:
        return gray
    size = max(LEAST_SIDE, round(scale * width)), max(LEAST_SIDE, round(scale * height))
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
    return cv2.resize(gray, size, interpolation=method)


def _check(image: np.ndarray, mask: np.ndarray | None, confidence: np.ndarray | None) -> None:
    check_image(image)
    for name, labels in (("mask", mask), ("confidence", confidence)):
        if labels is not None and (labels.dtype != np.uint8 or labels.ndim != 2):
            raise ValueError(
                f"A {name} must be a (H, W) uint8 array, got shape {labels.shape} {labels.dtype}."
            )
