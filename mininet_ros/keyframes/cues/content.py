"""Cue: how much a picture shows of the target classes.

A region is a connected set of pixels of one target class. The score counts things more than pixels:
the size of a region grows by a third with each doubling of its area. It is multiplied by the
network's mean confidence and by the weight of the class. A region counts less where the picture's
border cuts it, and less where an earlier frame that shows the same thing was already sent. A cut
also reduces the score of the frame, so that the frame without a cut wins among frames that show the
same things.

The gain of a frame is then close to that of a facility-location objective: the sum over all things
of the best view sent of each. Repeatedly taking the best frame is a proven rule for this objective
(Nemhauser et al. 1978). The constants were chosen on camera tours over ICDAR 2015 training photos
and on the generated street. The results depend little on them: a size that saturates, and half or
double the cost of a cut, change the share of things found by less than the difference between
tours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import cv2
import numpy as np

from mininet_ros.keyframes.cues.described import described

# The size of a region grows linearly up to this share of the picture (17 x 18 pixels of 640 x 480),
# and logarithmically above it.
SMALL_AREA = 1e-3

# Doublings of the area that count as one thing: an area of 0.7 % of the picture, which is 46 x 46
# pixels of 640 x 480.
DOUBLINGS = 3.0

# Factors on the size of a region that touches the border. The first is for a region that barely
# touches it, the second for one that is cut along its whole side.
CUT_WORTH = (0.6, 0.2)

# A cut region reduces the worth of the frame by this multiple of its size. The frame always keeps
# at least the share of its worth below, because every frame may cut something.
CUT_COST = 2.0
LEAST_KEPT = 0.2

# Exponent of the share that is new. A region that was sent before at 80 % of its worth then adds
# 4 %, not 20 %. Otherwise many things with slightly better views would outweigh the few that were
# not sent at all.
IMPROVEMENT_EXPONENT = 2.0

# Shares of the image width. Fragments of a class that are closer than this are one thing, and a
# region that is closer than this to the border counts as cut. Predicted masks are not more exact.
JOINING_SHARE = 0.006
BORDER_SHARE = 0.006

# Smaller regions are noise: 15 pixels of 320 x 240.
MIN_REGION_SHARE = 2e-4

MAX_REGIONS = 64

# Where the view is known, this many new things of size one are worth a keyframe.
NEW_CONTENT = 0.3


class ClassError(ValueError):
    """A target class or its weight cannot be used. The message is one sentence."""


@dataclass(frozen=True, eq=False)
class Region:
    """One connected region of a target class.

    Attributes:
        label: class id of the region.
        low: (2,) float32, x and y of the upper left corner, in pixels of the mask with the region.
        high: (2,) float32, x and y of the lower right corner, in pixels of the same mask.
        area: area of the region as a share of the picture, 0 to 1.
        cut: share of the region's side that the picture's border cuts, 0 (free) to 1.
        size: number of things that the region counts as, 0 to 3.4, times mean confidence and class
            weight.
        shown: size of the region, reduced where the border cuts it.
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
        """Return the status as a sentence for people."""
        return _SENTENCES[self]


_SENTENCES = {
    ContentStatus.MEASURED: "Content is measured on the frame's mask.",
    ContentStatus.NO_MASK: "Content is 0 because no mask came with the frame.",
    ContentStatus.NO_TARGETS: "Content is 0 because no target classes are named.",
}


@dataclass(frozen=True)
class Content:
    """How much a picture shows of the target classes; the fields describe the scores.

    Attributes:
        content_status: reason why ``content`` is 0 where it was not measured.
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
    """Measure how much a picture shows of the target classes.

    Args:
        status: tells whether there was a mask to find regions in.
        regions: regions of the target classes.
        known: how well each region was sent before, compared with the present picture: 0 (not at
            all) to 1 (as well or better).
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
    """Parse class names with optional weights, for example ``["text", "sign: 0.5"]``.

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
    """Return the weight of every label value, for look-up by a mask.

    Args:
        weights: weight of each target class by its name, above 0 and at most 100.
        classes: class names of the network, in label order.

    Returns:
        (256,) float32 weights; 0 for labels that are not targets.

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
        confidence: (h, w) uint8 confidence, where 255 is certain; None counts as certain
            everywhere.
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
    # A predicted region often ends slightly before the border that cuts the thing.
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
    """Return the kernel that joins the fragments of one thing."""
    side = 2 * max(1, round(JOINING_SHARE * width / 2.0)) + 1
    return cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))


def things(area: float) -> float:
    """Return how many things a region of this share of the picture counts as, 0.06 to 3.4."""
    return math.log2(1.0 + area / SMALL_AREA) / DOUBLINGS


def _left_by_border(cut: float) -> float:
    if cut == 0.0:
        return 1.0
    barely, wholly = CUT_WORTH
    return barely + (wholly - barely) * cut
