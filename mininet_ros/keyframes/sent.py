"""Memory of what has already been sent: outlines of regions, carried along with the view."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from mininet_ros.keyframes.content import Region
from mininet_ros.keyframes.motion import Points, local_similarity

MAX_SENT_REGIONS = 32

# Corners this far outside a region's box, in tracked pixels, still tell how the region moves.
REACH = 12.0

# Boxes that share this much of their union show the same thing.
SAME_REGION_OVERLAP = 0.5


@dataclass(frozen=True, eq=False)
class _SentRegion:
    """A region of a forwarded frame, and how well it was sent: (1 - cut) * quality."""

    label: int
    outline: np.ndarray
    low: np.ndarray
    high: np.ndarray
    worth: float


class SentRegions:
    """Regions of forwarded frames, at most 32, each where it is in the present frame.

    Outlines may reach outside the picture, so that a region that leaves by half and comes back is
    still known. One that is wholly outside is forgotten; so is the oldest when there are too many.
    """

    def __init__(self) -> None:
        self._regions: list[_SentRegion] = []

    def __len__(self) -> int:
        return len(self._regions)

    def carry(self, then: Points, now: Points) -> None:
        """Move all outlines along with the corners in and around them."""
        before, after = then.common(now)
        moved = (_moved(region, before, after, now.size) for region in self._regions)
        self._regions = [region for region in moved if region is not None]

    def settle(self, seen: tuple[Region, ...]) -> None:
        """Let each carried outline take the shape of the present region it has arrived at.

        Few corners lie on a small thing, and most of those around it lie on what is behind: left
        alone, the outline of a moving thing drifts off.

        Args:
            seen: the regions of the present frame.
        """
        for index, region in enumerate(self._regions):
            match = max(seen, key=lambda other: _box_overlap(region, other), default=None)
            if match is not None and _box_overlap(region, match) > SAME_REGION_OVERLAP:
                self._regions[index] = _SentRegion(
                    region.label, match.outline, match.low, match.high, region.worth
                )

    def add(self, regions: tuple[Region, ...], quality: float, then: Points, now: Points) -> None:
        """Note the regions of a forwarded frame.

        Args:
            regions: as found in that frame.
            quality: that frame's quality, 0 to 1. Sending a thing again is worth what it improves.
            then: corners of that frame.
            now: corners of the present frame.
        """
        before, after = then.common(now)
        for region in regions:
            worth = (1.0 - region.cut) * quality
            sent = _SentRegion(region.label, region.outline, region.low, region.high, worth)
            fresh = _moved(sent, before, after, now.size)
            if fresh is None:
                continue
            known = [old for old in self._regions if _box_overlap(old, fresh) > SAME_REGION_OVERLAP]
            best = max((old.worth for old in known), default=0.0)
            self._regions = [old for old in self._regions if old not in known]
            self._regions.append(replace(fresh, worth=max(fresh.worth, best)))
        del self._regions[:-MAX_SENT_REGIONS]

    def share_map(self, size: tuple[int, int], quality: float) -> np.ndarray | None:
        """How much of what each pixel shows was already sent, compared with a present quality.

        Args:
            size: (width, height) of the present tracked picture.
            quality: the present frame's quality, 0 to 1.

        Returns:
            (height, width) float32, 0 (new) to 1 (sent at least this well); None when nothing of
            it was sent.
        """
        if not self._regions:
            return None
        share = np.zeros((size[1], size[0]), np.float32)
        for region in sorted(self._regions, key=lambda region: region.worth):
            value = min(1.0, region.worth / max(quality, 1e-6))
            cv2.fillPoly(share, [np.round(region.outline).astype(np.int32)], value)
        return share


def _moved(
    region: _SentRegion, before: np.ndarray, after: np.ndarray, size: tuple[int, int]
) -> _SentRegion | None:
    """The region where the corners carried it; None outside the picture or without corners."""
    similarity = (
        _similarity_near(region, before, after, 0.0)
        or _similarity_near(region, before, after, REACH)
        or local_similarity(before, after)
    )
    if similarity is None:
        return None
    growth, shift = similarity
    low, high = growth * region.low + shift, growth * region.high + shift
    if (high <= 0.0).any() or low[0] >= size[0] or low[1] >= size[1]:
        return None
    return _SentRegion(region.label, growth * region.outline + shift, low, high, region.worth)


def _similarity_near(
    region: _SentRegion, before: np.ndarray, after: np.ndarray, reach: float
) -> tuple[float, np.ndarray] | None:
    near = ((before >= region.low - reach) & (before <= region.high + reach)).all(axis=1)
    return local_similarity(before[near], after[near])


def _box_overlap(one: _SentRegion | Region, two: _SentRegion | Region) -> float:
    """Intersection over union of the boxes of two regions; 0 for different classes."""
    if one.label != two.label:
        return 0.0
    width, height = np.minimum(one.high, two.high) - np.maximum(one.low, two.low) + 1.0
    if width <= 0.0 or height <= 0.0:
        return 0.0
    shared = float(width * height)
    return shared / (_box_area(one) + _box_area(two) - shared)


def _box_area(region: _SentRegion | Region) -> float:
    width, height = region.high - region.low + 1.0
    return float(width * height)
