"""Content of each frame of a recording, for a choice that knows all frames."""

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

LASTING = 5  # least number of frames in which a steady corner is visible
LEAST_LASTING = 40  # least number of steady corners in a frame


class ViewCollector:
    """Follows the corners of the scene through a recording.

    The frames are ordered as they come, whatever their stamps are.
    """

    def __init__(self) -> None:
        self._observer = FrameObserver({}, (), PartTimes())
        self._seen: list[tuple[np.ndarray, float]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, labelled: LabelledFrame) -> None:
        """Process the next frame.

        Raises:
            ValueError: the picture cannot be scored.
        """
        order = len(self._seen) + 1
        found = self._observer.observe(labelled.frame.image, None, None, order)
        self._seen.append((_corners(found), found.quality.quality))

    def views(self, judged: Sequence[JudgedFrame] = ()) -> list[View]:
        """Return all frames with the things that they show.

        Args:
            judged: the same frames with their things, or an empty sequence for no things. The
                largest whole view of each thing is worth 1, smaller views less, and cut views
                nothing.
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
    """Return the corners without those that are soon lost again.

    A lost corner then shows that the view has changed. Where the view changes so fast that hardly
    any corner lasts, all corners count.
    """
    lasting = corners[[lives[corner] >= LASTING for corner in corners.tolist()]]
    return lasting if len(lasting) >= LEAST_LASTING else corners


def _corners(found: Observation) -> np.ndarray:
    return found.now.ids if found.flow.found else np.empty(0, np.int64)
