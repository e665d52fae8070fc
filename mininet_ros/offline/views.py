"""What each frame of a recording shows, for a choice that knows all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from mininet_ros.keyframes.cues.observation import FrameObserver, Observation
from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.offline.evaluation import JudgedFrame, lasting_instances
from mininet_ros.offline.exact import View
from mininet_ros.sequences import LabelledFrame


class ViewCollector:
    """Follows the corners of the scene through a recording.

    Its frames count in the order in which they come, whatever their stamps are.
    """

    def __init__(self) -> None:
        self._observer = FrameObserver({}, (), PartTimes())
        self._seen: list[tuple[np.ndarray, float]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, labelled: LabelledFrame) -> None:
        """Take in the next frame.

        Raises:
            ValueError: it is no picture that can be scored.
        """
        order = len(self._seen) + 1
        found = self._observer.observe(labelled.frame.image, None, None, order)
        self._seen.append((_corners(found), found.quality.quality))

    def views(self, judged: Sequence[JudgedFrame]) -> list[View]:
        """All frames with the things that they show.

        Args:
            judged: the same frames. Of each thing the largest whole view is worth 1; smaller ones
                less, cut ones nothing.
        """
        lasting = lasting_instances(judged)
        largest: dict[int, int] = defaultdict(int)
        for frame in judged:
            for seen in frame.sightings:
                if seen.whole and seen.instance in lasting:
                    largest[seen.instance] = max(largest[seen.instance], seen.pixels)
        return [
            View(
                corners,
                quality,
                tuple(
                    (seen.instance, float(np.sqrt(seen.pixels / largest[seen.instance])))
                    for seen in frame.sightings
                    if seen.whole and seen.instance in largest
                ),
            )
            for (corners, quality), frame in zip(self._seen, judged, strict=True)
        ]


def _corners(found: Observation) -> np.ndarray:
    return found.now.ids if found.flow.found else np.empty(0, np.int64)
