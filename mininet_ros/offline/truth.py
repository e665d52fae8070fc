"""Ground truth for evaluation: which instances each frame shows, whole or cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

# Smaller regions are too small to be useful: 35 pixels of a 480 x 360 label image.
MIN_SHARE = 2e-4

# A region continues an instance if this share of their union is common to both, after optical flow
# has moved the instance.
SAME_INSTANCE_OVERLAP = 0.3


@dataclass(frozen=True)
class Sighting:
    """One instance in one frame.

    Attributes:
        instance: number of the instance, constant throughout a sequence.
        pixels: visible size of the instance, pixels of the label image.
        cut: whether the instance touches the picture's border.
        legible: False where the frame is known to be too dark, too bright or too smeared to
            recognise the instance.
        label: label of the instance's class; None if it is unknown.
    """

    instance: int
    pixels: int
    cut: bool
    legible: bool = True
    label: int | None = None

    @property
    def whole(self) -> bool:
        """Return whether the frame shows the whole instance legibly."""
        return self.legible and not self.cut


def sightings_of(instances: np.ndarray) -> tuple[Sighting, ...]:
    """Return all instances in an (H, W) int32 map of instance numbers; 0 is no instance."""
    edge = (instances[0], instances[-1], instances[:, 0], instances[:, -1])
    cut = set(np.unique(np.concatenate(edge)).tolist())
    numbers, pixels = np.unique(instances, return_counts=True)
    return tuple(
        Sighting(number, count, number in cut)
        for number, count in zip(numbers.tolist(), pixels.tolist())
        if number != 0 and count >= MIN_SHARE * instances.size
    )


class InstanceLinker:
    """Numbers the regions of plain label images so that each instance keeps its number.

    Label images give the class of a pixel, not its instance. A connected region of a target class
    takes the number of the instance that dense optical flow moves to its place, or else a new
    number. Touching things of one class are one instance.

    Args:
        targets: label values of the target classes.
    """

    def __init__(self, targets: Sequence[int]) -> None:
        self._targets = tuple(targets)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        self._gray: np.ndarray | None = None
        self._map: np.ndarray | None = None
        self._labels: dict[int, int] = {}
        self._next = 1

    def add(self, image: np.ndarray, labels: np.ndarray) -> tuple[Sighting, ...]:
        """Process the next frame.

        Args:
            image: (H, W, 3) uint8 BGR.
            labels: (h, w) uint8 labels of the same view; h and w stay the same.

        Returns:
            The instances in the frame.
        """
        size = (labels.shape[1], labels.shape[0])
        gray = cv2.resize(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), size)
        carried = self._carried(gray)
        present = np.zeros(labels.shape, np.int32)
        taken: set[int] = set()
        for label, region in self._regions(labels):
            number = self._continued(label, region, carried, taken)
            if number is None:
                number, self._next = self._next, self._next + 1
            taken.add(number)
            self._labels[number] = label
            present[region] = number
        self._gray, self._map = gray, present
        return tuple(
            replace(seen, label=self._labels[seen.instance]) for seen in sightings_of(present)
        )

    def _regions(self, labels: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """Return label and member pixels of each region, largest first."""
        regions = []
        for label in self._targets:
            count, parts, stats, _ = cv2.connectedComponentsWithStats(
                np.equal(labels, label).astype(np.uint8)
            )
            for part in range(1, count):
                pixels = int(stats[part, cv2.CC_STAT_AREA])
                if pixels >= MIN_SHARE * labels.size:
                    regions.append((pixels, label, parts == part))
        regions.sort(key=lambda region: -region[0])
        return [(label, member) for _, label, member in regions]

    def _carried(self, gray: np.ndarray) -> np.ndarray | None:
        """Return the last instance map, moved to the present frame by optical flow."""
        if self._map is None or self._gray is None:
            return None
        # The stubs of OpenCV do not allow a call without an initial flow.
        flow = self._flow.calc(gray, self._gray, None)  # pyright: ignore[reportCallIssue, reportArgumentType]
        rows, columns = np.indices(gray.shape, np.float32)
        moved = cv2.remap(
            self._map.astype(np.float32),
            columns + flow[..., 0],
            rows + flow[..., 1],
            cv2.INTER_NEAREST,
        )
        return moved.astype(np.int32)

    def _continued(
        self, label: int, region: np.ndarray, carried: np.ndarray | None, taken: set[int]
    ) -> int | None:
        if carried is None:
            return None
        best, best_overlap = None, SAME_INSTANCE_OVERLAP
        numbers, shared = np.unique(carried[region], return_counts=True)
        for number, count in zip(numbers.tolist(), shared.tolist()):
            if number == 0 or number in taken or self._labels[number] != label:
                continue
            union = np.count_nonzero(region) + np.count_nonzero(carried == number) - count
            if count / union > best_overlap:
                best, best_overlap = number, count / union
        return best
