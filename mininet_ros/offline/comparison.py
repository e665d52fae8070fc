"""Comparison with other ways to choose the same number of frames of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mininet_ros.keyframes import FrameScorer
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.baselines import BASELINES
from mininet_ros.offline.evaluation import JudgedFrame, SelectionMetrics, measure_selection
from mininet_ros.offline.selection import Arrival
from mininet_ros.offline.truth import InstanceLinker

OURS = "ours"
ONLINE = "online"
"""Name of the online rule, beside a choice with the whole recording known."""

# Regions are tracked on masks of this width, which takes a fraction of the time.
LINKING_WIDTH = 320


@dataclass(frozen=True)
class Choice:
    """One way of choosing frames, with its results.

    Attributes:
        name: "ours", "online", or a key of ``mininet_ros.offline.baselines.BASELINES``.
        chosen: indices of the chosen frames, ascending.
        metrics: metrics of the chosen frames. Instances are those that the masks show.
        content: mean content of the chosen frames, as if nothing had been sent before.
    """

    name: str
    chosen: tuple[int, ...]
    metrics: SelectionMetrics
    content: float


class Comparison:
    """Judges every frame of a recording, independent of the selector's decisions.

    Without ground truth, the masks take its place: a region of a target class that optical flow
    carries from frame to frame is one instance.

    Args:
        settings: settings of the selection.
        classes: class names of the masks, in the order of their ids.
    """

    def __init__(self, settings: KeyframeSettings, classes: Sequence[str]) -> None:
        targets = settings.targets()
        self._use_confidence = settings.use_confidence
        self._scorer = FrameScorer(targets, classes, ignored=settings.ignored_pixels(classes))
        self._linker = InstanceLinker([list(classes).index(name) for name in targets])
        self._size: tuple[int, int] | None = None
        self._frames: list[JudgedFrame] = []
        self.has_targets = bool(targets)

    def add(self, arrival: Arrival) -> None:
        """Process the next frame."""
        frame, mask = arrival.labelled.frame, arrival.labelled.mask
        confidence = arrival.labelled.confidence if self._use_confidence else None
        scores = self._scorer.score(frame.image, mask, confidence, arrival.stamp_ns)
        sightings = ()
        if mask is not None and self.has_targets:
            if self._size is None:
                height = round(LINKING_WIDTH * mask.shape[0] / mask.shape[1])
                self._size = (LINKING_WIDTH, height)
            small = cv2.resize(mask, self._size, interpolation=cv2.INTER_NEAREST)
            sightings = self._linker.add(frame.image, np.ascontiguousarray(small))
        self._frames.append(JudgedFrame(scores, sightings, arrival.payload.jpeg_bytes))

    @property
    def frames(self) -> Sequence[JudgedFrame]:
        """All frames, with the things that they show."""
        return self._frames

    def choices(self, chosen: Sequence[int], online: Sequence[int] = ()) -> list[Choice]:
        """Return our choice, the online rule's and the baselines'; ours comes first.

        Args:
            chosen: indices of our frames; each baseline chooses as many.
            online: indices that the online rule chose, if ours were chosen in another way.
        """
        if not chosen:
            return []
        choices = [self._judged(OURS, chosen)]
        if online:
            choices.append(self._judged(ONLINE, online))
        for name, choose in BASELINES.items():
            choices.append(self._judged(name, choose(self._frames, len(chosen))))
        return choices

    def _judged(self, name: str, chosen: Sequence[int]) -> Choice:
        ordered = tuple(sorted(chosen))
        content = float(np.mean([self._frames[index].scores.content for index in ordered]))
        return Choice(name, ordered, measure_selection(self._frames, ordered), content)
