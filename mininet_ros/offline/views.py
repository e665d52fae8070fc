"""What each frame of a recording shows, for a choice that knows all of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain

import numpy as np

from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.keyframes.cues.scorer import FrameObserver, Observation
from mininet_ros.offline.evaluation import JudgedFrame, lasting_instances
from mininet_ros.offline.exact import View
from mininet_ros.sequences import LabelledFrame

LASTING = 5  # frames that show a corner
LEAST_LASTING = 40  # of a frame's corners


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

    def views(self, judged: Sequence[JudgedFrame] = ()) -> list[View]:
        """All frames with the things that they show.

        Args:
            judged: the same frames, or none, and then no things. Of each thing the largest whole
                view is worth 1; smaller ones less, cut ones nothing.
        """
        lives = Counter(chain.from_iterable(corners.tolist() for corners, _ in self._seen))
        lasting = lasting_instances(judged)
        largest: dict[int, int] = defaultdict(int)
        for frame in judged:
            for seen in frame.sightings:
                if seen.whole and seen.instance in lasting:
                    largest[seen.instance] = max(largest[seen.instance], seen.pixels)
        things = [
            tuple(
                (seen.instance, float(np.sqrt(seen.pixels / largest[seen.instance])))
                for seen in frame.sightings
                if seen.whole and seen.instance in largest
            )
            for frame in judged
        ]
        return [
            View(_steady(corners, lives), quality, shown)
            for (corners, quality), shown in zip(
                self._seen, things or [()] * len(self._seen), strict=True
            )
        ]


def _steady(corners: np.ndarray, lives: Counter[int]) -> np.ndarray:
    """Without what is soon lost again, so that a loss tells that the view has changed.

    Where the view changes so fast that hardly any corner lasts, all count.
    """
    lasting = corners[[lives[corner] >= LASTING for corner in corners.tolist()]]
    return lasting if len(lasting) >= LEAST_LASTING else corners


def _corners(found: Observation) -> np.ndarray:
    return found.now.ids if found.flow.found else np.empty(0, np.int64)
