"""What a picture shows of the things the user cares for: regions of the target classes.

A region is a connected set of pixels of one target class. What matters is how many things a picture
shows more than how many pixels: its size grows by a third with each doubling of its area, times the
network's mean confidence, times the weight of its class. It is worth its size, less where the
picture's border cuts it, and less where an earlier frame that shows the same thing has already been
sent. What is cut is also held against the frame, so that among frames that show the same the one
without a cut wins.

The gain of a frame is then close to that of a facility-location objective, the sum over things of
the best view sent of each, for which taking the best frame time and again is a proven rule
(Nemhauser et al. 1978). The constants were chosen on camera tours over ICDAR 2015 training photos
and on the generated street, where they hardly matter: sizes that saturate, and half or double the
cost of a cut, change the share of things found by less than the tours differ among themselves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import cv2
import numpy as np

from mininet_ros.keyframes.cues.described import described

# Regions below this share of the picture, 17 x 18 pixels of 640 x 480, grow with their area; above
# it with its logarithm.
SMALL_AREA = 1e-3

# Doublings that count as one thing, which 0.7 % of the picture does: 46 x 46 pixels.
DOUBLINGS = 3.0

# What is left of a region that touches the border: from the first, where it barely does, to the
# second, where the border cuts it along its whole side.
CUT_WORTH = (0.6, 0.2)

# How often its size such a region takes off what the frame is worth; at most, the frame keeps the
# share below, for something may be cut in every frame.
CUT_COST = 2.0
LEAST_KEPT = 0.2

# What was sent before by 80 % as well is worth 4 % of what is new, not 20 %: else the many things
# that could be had a little better would outvote the few that have not been sent at all.
IMPROVEMENT_EXPONENT = 2.0

# Fragments of a class this close together are one thing, and a region this close to the border is
# cut by it: shares of the width, as predicted masks are no more exact.
JOINING_SHARE = 0.006
BORDER_SHARE = 0.006

# Smaller regions are speckle: 15 of 320 x 240 pixels.
MIN_REGION_SHARE = 2e-4

MAX_REGIONS = 64

# So many new things, each of the size of one, are worth a keyframe where the view is known.
NEW_CONTENT = 0.3


class ClassError(ValueError):
    """A target class or its weight cannot be used. The message is one sentence."""


@dataclass(frozen=True, eq=False)
class Region:
    """One connected region of a target class.

    Attributes:
        label: its class.
        low: (2,) float32 x, y, its left and upper end in pixels of the mask it was found in.
        high: (2,) float32, its right and lower end.
        area: share of the picture, 0 to 1.
        cut: how much of its side the picture's border cuts, 0 (free) to 1.
        size: how much of a thing it is, 0 to 3.4, times mean confidence times class weight.
        shown: what is left of the size where the border cuts it.
    """

    label: int
    low: np.ndarray
    high: np.ndarray
    area: float
    cut: float
    size: float
    shown: float


class ContentStatus(str, Enum):
    """Whether the semantic content of a frame could be measured, and if not, why."""

    MEASURED = "measured"
    NO_MASK = "no_mask"
    NO_TARGETS = "no_targets"

    @property
    def sentence(self) -> str:
        """The status for a person."""
        return _SENTENCES[self]


_SENTENCES = {
    ContentStatus.MEASURED: "Content is measured on the frame's mask.",
    ContentStatus.NO_MASK: "Content is 0 because no mask came with the frame.",
    ContentStatus.NO_TARGETS: "Content is 0 because no target classes are named.",
}


@dataclass(frozen=True)
class Content:
    """What a picture shows of the target classes; the fields say what each score means.

    Attributes:
        content_status: why ``content`` is 0, if it was not measured.
    """

    content: float = field(
        default=0.0,
        metadata=described(
            "things",
            0,
            None,
            "Number of new things of the target classes, each counted by its size (1 for 0.7 % of "
            "the picture, a third more with each doubling), times mean confidence and class "
            "weight, less for things that are cut or were already sent.",
        ),
    )
    content_status: ContentStatus = ContentStatus.NO_MASK
    regions: int = field(
        default=0,
        metadata=described("", 0, MAX_REGIONS, "Number of regions of the target classes."),
    )
    cut: float = field(
        default=0.0,
        metadata=described(
            "", 0, 1, "Share of the target area in regions that the picture's border cuts."
        ),
    )
    sent: float = field(
        default=0.0, metadata=described("", 0, 1, "Share of the target area that was already sent.")
    )


def measure_content(
    status: ContentStatus, regions: Sequence[Region], known: Sequence[float]
) -> Content:
    """Measure what a picture shows.

    Args:
        status: whether there was a mask to find regions in.
        regions: of the target classes.
        known: for each of them how well it was sent before, compared with the present picture: 0
            (not at all) to 1 (as well or better).
    """
    worth = held_against = area = cut_area = sent_area = 0.0
    for region, sent in zip(regions, known):
        worth += region.shown * (1.0 - sent) ** IMPROVEMENT_EXPONENT
        held_against += CUT_COST * region.size * region.cut
        area += region.area
        cut_area += region.area * (region.cut > 0.0)
        sent_area += region.area * sent
    area = area or 1.0
    return Content(
        content=max(worth - held_against, LEAST_KEPT * worth),
        content_status=status,
        regions=len(regions),
        cut=cut_area / area,
        sent=sent_area / area,
    )


def parse_class_weights(entries: Sequence[str]) -> dict[str, float]:
    """Class names with optional weights, as a user writes them: ``["text", "sign: 0.5"]``.

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
        ClassError: a name is not among ``classes``, or a weight is out of range.
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


def find_regions(
    mask: np.ndarray, confidence: np.ndarray | None, weights: np.ndarray
) -> tuple[Region, ...]:
    """Find the target regions of a mask.

    Args:
        mask: (h, w) uint8 labels.
        confidence: (h, w) uint8, 255 is certain; None counts as certain everywhere.
        weights: (256,) float32 from ``class_weight_table``.

    Returns:
        The regions, largest first; at most 64.
    """
    regions: list[Region] = []
    for label in np.flatnonzero(weights):
        member = (mask == label).view(np.uint8)
        if cv2.countNonZero(member) >= MIN_REGION_SHARE * mask.size:
            regions += _regions_of_class(int(label), float(weights[label]), member, confidence)
    regions.sort(key=lambda region: -region.area)
    return tuple(regions[:MAX_REGIONS])


def _regions_of_class(
    label: int, weight: float, member: np.ndarray, confidence: np.ndarray | None
) -> list[Region]:
    joined = cv2.morphologyEx(member, cv2.MORPH_CLOSE, _joining(member.shape[1]))
    count, parts, stats, _ = cv2.connectedComponentsWithStats(joined, ltype=cv2.CV_16U)
    # A predicted region often ends a little before the border that cuts the thing.
    near = max(1, round(BORDER_SHARE * member.shape[1]))
    on_border = np.zeros(count, np.int64)
    for inner in {0, near}:
        rows, columns = parts[inner : parts.shape[0] - inner], parts[:, inner : -inner or None]
        edge = np.concatenate([rows[0], rows[-1], columns[:, 0], columns[:, -1]])
        on_border = np.maximum(on_border, np.bincount(edge, minlength=count))
    on_border[0] = 0
    regions = []
    for part in range(1, count):
        left, top, width, height, pixels = stats[part].tolist()
        if pixels < MIN_REGION_SHARE * member.size:
            continue
        certainty = 1.0
        if confidence is not None:
            box = np.s_[top : top + height, left : left + width]
            certainty = float(confidence[box][parts[box] == part].mean()) / 255.0
        area = pixels / member.size
        cut = min(1.0, int(on_border[part]) / min(width, height))
        size = things(area) * certainty * weight
        regions.append(
            Region(
                label=label,
                low=np.array([left, top], np.float32),
                high=np.array([left + width - 1, top + height - 1], np.float32),
                area=area,
                cut=cut,
                size=size,
                shown=size * _left_by_border(cut),
            )
        )
    return regions


def _joining(width: int) -> np.ndarray:
    """The kernel that joins the fragments of one thing."""
    side = 2 * max(1, round(JOINING_SHARE * width / 2.0)) + 1
    return cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))


def things(area: float) -> float:
    """How many things a region of this share of the picture counts as: 0.06 to 3.4."""
    return math.log2(1.0 + area / SMALL_AREA) / DOUBLINGS


def _left_by_border(cut: float) -> float:
    if cut == 0.0:
        return 1.0
    barely, wholly = CUT_WORTH
    return barely + (wholly - barely) * cut
