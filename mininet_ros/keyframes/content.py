"""What a picture shows of the things the user cares for: regions of the target classes.

A region is a connected set of pixels of one target class. Its size is its share of the picture,
times the network's mean confidence, times the weight of its class. It is worth its size, less where
an earlier frame has already been sent with the same thing on it, and less where the picture's
border cuts it. What is cut is also held against the frame, so that among frames that show the same
the one without a cut wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

# What a region is still worth when the border cuts it along its whole side.
CUT_WORTH = 0.2

# How often its size such a region takes off what the frame is worth; at most, the frame keeps the
# share below, for something may be cut in every frame. Chosen on tours over ICDAR 2015 photos.
CUT_COST = 2.0
LEAST_KEPT = 0.2

# Smaller regions are speckle: 15 of 320 x 240 pixels.
MIN_REGION_SHARE = 2e-4

MAX_REGIONS = 64


class ClassError(ValueError):
    """A target class or its weight cannot be used. The message is one sentence."""


@dataclass(frozen=True, eq=False)
class Region:
    """One connected region of a target class.

    Attributes:
        label: its class.
        outline: (N, 2) float32 x, y in pixels of the mask it was found in.
        low: (2,) float32, the left and upper end of the outline.
        high: (2,) float32, the right and lower end of the outline.
        area: share of the picture, 0 to 1.
        cut: how much of its side the picture's border cuts, 0 (free) to 1.
        sent: how much of it was already sent, 0 to 1.
        size: area share times mean confidence times class weight.
        worth: what is left of the size where the region is cut or already sent.
    """

    label: int
    outline: np.ndarray
    low: np.ndarray
    high: np.ndarray
    area: float
    cut: float
    sent: float
    size: float
    worth: float


@dataclass(frozen=True, eq=False)
class Content:
    """All regions of the target classes in one picture.

    Attributes:
        value: what the regions are worth together, less for those that the border cuts; 0 to the
            largest class weight.
        regions: the regions, largest first; at most 64.
    """

    value: float
    regions: tuple[Region, ...]

    @property
    def cut(self) -> float:
        """Share, 0 to 1, of the target area that lies in regions which the border cuts."""
        return self._share_of_area([region.cut > 0.0 for region in self.regions])

    @property
    def sent(self) -> float:
        """Share, 0 to 1, of the target area that was already sent."""
        return self._share_of_area([region.sent for region in self.regions])

    def _share_of_area(self, factors: Sequence[float]) -> float:
        area = sum(region.area for region in self.regions)
        parts = sum(region.area * factor for region, factor in zip(self.regions, factors))
        return parts / area if area > 0.0 else 0.0


def parse_class_weights(entries: Sequence[str]) -> dict[str, float]:
    """Class names with optional weights, as a user writes them: `["text", "sign: 0.5"]`.

    Raises:
        ClassError: a weight is not a number, or a class is named twice.
    """
    weights: dict[str, float] = {}
    for entry in entries:
        name, _, text = entry.partition(":")
        name = name.strip()
        try:
            weight = float(text) if text.strip() else 1.0
        except ValueError:
            raise ClassError(
                f"The weight of class '{name}' must be a number, got '{text.strip()}'."
            ) from None
        if name in weights:
            raise ClassError(f"Class '{name}' is named twice; name each target class once.")
        weights[name] = weight
    return weights


def class_weight_table(weights: Mapping[str, float], classes: Sequence[str]) -> np.ndarray:
    """Weight of every label value, for look-up by a mask.

    Args:
        weights: target class name to weight, above 0 and at most 100.
        classes: the network's class names in label order.

    Returns:
        (256,) float32; 0 for labels that are no target.

    Raises:
        ClassError: a name is not among `classes`, or a weight is out of range.
    """
    table = np.zeros(256, np.float32)
    for name, weight in weights.items():
        if name not in classes:
            known = ", ".join(classes)
            raise ClassError(f"Unknown class '{name}'; the model knows: {known}.")
        if not 0.0 < weight <= 100.0:
            raise ClassError(
                f"The weight of class '{name}' must be above 0 and at most 100, got {weight:g}."
            )
        table[list(classes).index(name)] = weight
    return table


def measure_content(
    mask: np.ndarray,
    confidence: np.ndarray | None,
    weights: np.ndarray,
    sent: np.ndarray | None = None,
) -> Content:
    """Find the target regions of a mask and what each is worth.

    Args:
        mask: (h, w) uint8 labels.
        confidence: (h, w) uint8, 255 is certain; None counts as certain everywhere.
        weights: (256,) float32 from `class_weight_table`.
        sent: (h, w) float32, 0 to 1: how much of what each pixel shows was already sent; None for
            nothing.

    Returns:
        The regions and their total worth.
    """
    regions: list[Region] = []
    for label in np.flatnonzero(weights):
        member = cv2.compare(mask, float(label), cv2.CMP_EQ)
        if cv2.countNonZero(member) >= MIN_REGION_SHARE * mask.size:
            regions += _regions_of_class(int(label), member, confidence, weights, sent)
    regions.sort(key=lambda region: -region.area)
    regions = regions[:MAX_REGIONS]
    worth = sum(region.worth for region in regions)
    held_against = CUT_COST * sum(region.size * region.cut for region in regions)
    return Content(max(worth - held_against, LEAST_KEPT * worth), tuple(regions))


def _regions_of_class(
    label: int,
    member: np.ndarray,
    confidence: np.ndarray | None,
    weights: np.ndarray,
    sent: np.ndarray | None,
) -> list[Region]:
    count, parts, stats, _ = cv2.connectedComponentsWithStats(member, ltype=cv2.CV_16U)
    outlines = _outlines(member, parts)
    edge = np.concatenate([parts[0], parts[-1], parts[1:-1, 0], parts[1:-1, -1]])
    on_border = np.bincount(edge, minlength=count)
    regions = []
    for part in range(1, count):
        left, top, width, height, pixels = (int(value) for value in stats[part])
        if pixels < MIN_REGION_SHARE * member.size:
            continue
        box = np.s_[top : top + height, left : left + width]
        inside = cv2.compare(parts[box], float(part), cv2.CMP_EQ)
        certainty = 1.0 if confidence is None else cv2.mean(confidence[box], inside)[0] / 255.0
        gone = 0.0 if sent is None else min(1.0, cv2.mean(sent[box], inside)[0])
        cut = min(1.0, float(on_border[part]) / min(width, height))
        area = pixels / member.size
        size = area * certainty * float(weights[label])
        regions.append(
            Region(
                label=label,
                outline=outlines[part],
                low=np.array([left, top], np.float32),
                high=np.array([left + width - 1, top + height - 1], np.float32),
                area=area,
                cut=cut,
                sent=gone,
                size=size,
                worth=size * (1.0 - (1.0 - CUT_WORTH) * cut) * (1.0 - gone),
            )
        )
    return regions


def _outlines(member: np.ndarray, parts: np.ndarray) -> dict[int, np.ndarray]:
    """Outer outline of each region, by its number; holes are left out."""
    contours, tree = cv2.findContours(member, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    outlines = {}
    for contour, parent in zip(contours, tree[0, :, 3]):
        if parent < 0:
            column, row = contour[0, 0]
            outlines[int(parts[row, column])] = contour.reshape(-1, 2).astype(np.float32)
    return outlines
