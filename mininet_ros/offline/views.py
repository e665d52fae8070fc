"""Content of each frame of a recording, for a choice that knows all frames."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np

from mininet_ros.keyframes.cues.ignored import IgnoredPixels
from mininet_ros.keyframes.cues.observation import Observation
from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.keyframes.cues.quality import Quality
from mininet_ros.keyframes.cues.scorer import FrameObserver
from mininet_ros.offline.coverage import View
from mininet_ros.offline.evaluation import JudgedFrame, lasting_instances
from mininet_ros.offline.truth import Sighting
from mininet_ros.sequences import LabelledFrame

LASTING = 5  # least number of frames in which a steady corner is visible
AROUND = 300  # frames before and after with whose medians a frame's quality is compared
LEAST_LASTING = 40  # least number of steady corners in a frame

# Factor on the worth of all things in a frame whose border cuts a thing, so that another frame that
# shows the same things is chosen. On CamVid, 0.4 and 0.7 choose nearly the same frames.
CUT_FRAME = 0.5


class ViewCollector:
    """Follows the corners of the scene through a recording.

    The frames are ordered as they come, whatever their stamps are.

    Args:
        ignored: tells which pixels do not count; None if all pixels count.
    """

    def __init__(self, ignored: IgnoredPixels | None = None) -> None:
        self._observer = FrameObserver({}, (), PartTimes(), ignored)
        self._seen: list[tuple[np.ndarray, Quality]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, labelled: LabelledFrame) -> None:
        """Process the next frame.

        Raises:
            ValueError: the picture cannot be scored.
        """
        order = len(self._seen) + 1
        found = self._observer.observe(labelled.frame.image, labelled.mask, None, order)
        self._seen.append((_corners(found), found.quality))

    def views(
        self, judged: Sequence[JudgedFrame] = (), weights: Mapping[int, float] | None = None
    ) -> list[View]:
        """Return all frames with the things that they show.

        Args:
            judged: the same frames with their things, or an empty sequence for no things. The
                largest whole view of each thing is worth its weight, smaller views less, those in a
                frame that cuts another thing half of that, and cut views nothing.
            weights: weight of each class by its label; 1 for classes that are not in it.
        """

        def weight_of(seen: Sighting) -> float:
            return (weights or {}).get(seen.label, 1.0) if seen.label is not None else 1.0

        lives = Counter(chain.from_iterable(corners.tolist() for corners, _ in self._seen))
        lasting = lasting_instances(judged)
        largest: dict[int, int] = defaultdict(int)
        for frame in judged:
            for seen in frame.sightings:
                if seen.whole and seen.instance in lasting:
                    largest[seen.instance] = max(largest[seen.instance], seen.pixels)
        things = [
            tuple(
                (
                    seen.instance,
                    weight_of(seen)
                    * float(np.sqrt(seen.pixels / largest[seen.instance]))
                    * (CUT_FRAME if any(other.cut for other in frame.sightings) else 1.0),
                )
                for seen in frame.sightings
                if seen.whole and seen.instance in largest
            )
            for frame in judged
        ]
        return [
            View(_steady(corners, lives), quality, shown)
            for (corners, _), quality, shown in zip(
                self._seen,
                relative_to_stream([quality for _, quality in self._seen]),
                things or [()] * len(self._seen),
                strict=True,
            )
        ]


def relative_to_stream(qualities: Sequence[Quality]) -> list[float]:
    """Return the quality of each frame compared with the frames around it, where 1 is usual.

    As ``Quality.relative``, but with medians of frames before and after: the first frames of a
    recording are then compared, too.
    """
    values = np.array([(each.sharpness, each.illumination, each.clipped) for each in qualities])
    relative = []
    for index, (sharpness, illumination, clipped) in enumerate(values.tolist()):
        around = values[max(0, index - AROUND) : index + AROUND + 1]
        usual = np.maximum(np.median(around, axis=0), (1e-9, 1e-9, 0.0))
        share = min(sharpness / usual[0], float(np.sqrt(illumination / usual[1])))
        relative.append(share * (1.0 - max(0.0, clipped - float(usual[2]))))
    return relative


def _steady(corners: np.ndarray, lives: Counter[int]) -> np.ndarray:
    """Return the corners without those that are soon lost again.

    A lost corner then shows that the view has changed. Where the view changes so fast that hardly
    any corner lasts, all corners count.
    """
    lasting = corners[[lives[corner] >= LASTING for corner in corners.tolist()]]
    return lasting if len(lasting) >= LEAST_LASTING else corners


def _corners(found: Observation) -> np.ndarray:
    return found.now.ids if found.flow.found else np.empty(0, np.int64)
