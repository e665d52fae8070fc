"""Cue: how much a picture shows of the target classes.

The score counts things more than pixels: the size of a thing grows by a fifth with each doubling of
its area. It is multiplied by the certainty of the thing and by the weight of the class. A thing
counts less where the picture's border cuts it, and less where an earlier frame that shows it was
already sent. A cut also reduces the score of the frame, so that the frame without a cut wins among
frames that show the same things.

The gain of a frame is then close to that of a facility-location objective: the sum over all things
of the best view sent of each. Repeatedly taking the best frame is a proven rule for this objective
(Nemhauser et al. 1978). The constants were chosen on camera tours over ICDAR 2015 training photos
and on the generated street. The results depend little on them: a size that saturates, and half the
cost of a cut, change the share of things found by less than the difference between tours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import cv2
import numpy as np

from mininet_ros.keyframes.cues.described import described

# The size of a thing grows linearly up to this share of the picture (8 x 8 pixels of 640 x 480),
# and logarithmically above it.
SMALL_AREA = 2e-4

# Doublings of the area that count as one thing: an area of 0.6 % of the picture, which is 44 x 44
# pixels of 640 x 480.
DOUBLINGS = 5.0

# Factors on the size of a thing that is cut. The first is for one that barely touches the border,
# the second for one that is cut along its whole side.
CUT_WORTH = (0.6, 0.2)

# The content of a frame is divided by one plus this multiple of the sizes of the things that it
# cuts. It stays above 0, because every frame may cut something.
CUT_COST = 10.0

# Exponent of the share that is new. A thing that was sent before at 80 % of its worth then adds
# 4 %, not 20 %. Otherwise many things with slightly better views would outweigh the few that were
# not sent at all.
IMPROVEMENT_EXPONENT = 2.0

# Shares of the image width. Fragments of a class that are closer than this are one region, and a
# region that is closer than this to the border counts as cut. Predicted masks are not more exact.
JOINING_SHARE = 0.006
BORDER_SHARE = 0.006

# Smaller regions are noise: 15 pixels of 320 x 240.
MIN_REGION_SHARE = 2e-4

MAX_REGIONS = 64

# Where the view is known, this many new things of size one are worth a keyframe.
NEW_CONTENT = 0.3


@dataclass(frozen=True, eq=False)
class Regions:
    """The M connected regions of the target classes in one mask, largest first.

    Attributes:
        labels: (M,) int64 class ids.
        boxes: (M, 4) float32 left, upper, right and lower edge, in pixels of the mask.
        areas: (M,) areas as shares of the picture, 0 to 1.
        cut: (M,) share of a region's side that the picture's border cuts, 0 (free) to 1.
        confidence: (M,) mean confidence of the network, 0 to 1.
    """

    labels: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    cut: np.ndarray
    confidence: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Things:
    """N things of the target classes, at their places in one frame.

    Attributes:
        ids: (N,) int64; equal numbers in two frames mean the same thing.
        parents: (N,) int64 id of the thing that it was split from; its own id where there is none.
        shares: (N,) share of that thing's area that it had then, 0 to 1.
        labels: (N,) int64 class ids.
        boxes: (N, 4) float32 left, upper, right and lower edge of the extent, in pixels of the
            tracked picture; it may reach outside the picture.
        seen: (N,) bool, whether the mask shows the thing.
        areas: (N,) areas as shares of the picture, 0 to 1.
        cut: (N,) how much of a thing the picture's border cuts, 0 (nothing) to 1.
        steady: (N,) share of the last frames with its place in view in which the thing was found.
        sizes: (N,) number of things that it counts as, 0 to 2.5, times certainty and class weight.
        shown: (N,) its size, reduced where it is cut.
    """

    ids: np.ndarray
    parents: np.ndarray
    shares: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    seen: np.ndarray
    areas: np.ndarray
    cut: np.ndarray
    steady: np.ndarray
    sizes: np.ndarray
    shown: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


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
            "Number of new things of the target classes, each counted by its size (1 for 0.6 % of "
            "the picture, a fifth more with each doubling), times certainty (the mean confidence "
            "over the last frames, 0 where it was not found) and class weight, less for things "
            "that are cut or were already sent.",
        ),
    )
    content_status: ContentStatus = ContentStatus.NO_MASK
    regions: int = field(
        default=0,
        metadata=described(
            "", 0, MAX_REGIONS, "Number of things of the target classes that the mask shows."
        ),
    )
    steady: float = field(
        default=0.0,
        metadata=described(
            "",
            0,
            1,
            "Share of the last five frames with their places in view in which these things were "
            "found, mean by area.",
        ),
    )
    cut: float = field(
        default=0.0,
        metadata=described(
            "",
            0,
            1,
            "Share of the target area in things that the picture's border cuts: their region "
            "touches it, or their extent in earlier frames, moved along, leaves the picture.",
        ),
    )
    sent: float = field(
        default=0.0, metadata=described("", 0, 1, "Share of the target area that was already sent.")
    )


def measure_content(
    status: ContentStatus, things: Things, sent: Mapping[int, float], quality: float
) -> Content:
    """Measure how much a picture shows of the target classes.

    Args:
        status: tells whether there was a mask to find things in.
        things: things of the target classes.
        sent: how well things were shown by forwarded frames, by id: ``shown`` times quality.
        quality: quality of the picture, 0 to 1.
    """
    if not len(things):
        return Content(content_status=status)
    seen, cut = things.seen, things.cut
    known = np.array([sent.get(number, 0.0) for number in things.ids.tolist()])
    known = np.minimum(1.0, known / np.maximum(things.shown * quality, 1e-9))
    new = (1.0 - known) ** IMPROVEMENT_EXPONENT
    worth = float((things.shown * new) @ seen)
    held_against = 1.0 + CUT_COST * float(things.sizes @ cut)
    areas = things.areas * (seen | ((cut > 0.0) & (things.sizes > 0.0)))
    area = float(areas.sum()) or 1.0
    visible = float(areas @ seen) or 1.0
    return Content(
        content=worth / held_against,
        content_status=status,
        regions=int(seen.sum()),
        steady=float((areas * things.steady) @ seen) / visible,
        cut=float(areas @ (cut > 0.0)) / area,
        sent=float((areas * known) @ seen) / visible,
    )


def find_regions(mask: np.ndarray, confidence: np.ndarray | None, weights: np.ndarray) -> Regions:
    """Find the target regions of a mask.

    Args:
        mask: (h, w) uint8 labels.
        confidence: (h, w) uint8 confidence, where 255 is certain; None counts as certain
            everywhere.
        weights: (256,) float32 from ``class_weight_table``.

    Returns:
        The regions, largest first; at most 64.
    """
    found = [_NO_REGIONS]
    for label in np.flatnonzero(weights):
        member = (mask == label).view(np.uint8)
        if cv2.countNonZero(member) >= MIN_REGION_SHARE * mask.size:
            found.append(_regions_of_class(int(label), member, confidence))
    table = np.concatenate(found)
    table = table[np.argsort(-table[:, 5], kind="stable")[:MAX_REGIONS]]
    return Regions(table[:, 0].astype(np.int64), table[:, 1:5].astype(np.float32), *table[:, 5:].T)


_NO_REGIONS = np.empty((0, 8))  # label, box, area, cut, confidence


def _regions_of_class(label: int, member: np.ndarray, confidence: np.ndarray | None) -> np.ndarray:
    height, width = member.shape
    kernel = _joining(width)
    # Nothing is outside the rectangle around all members.
    left, top, across, down = cv2.boundingRect(member)
    reach = kernel.shape[0]
    left, right = max(0, left - reach), min(width, left + across + reach)
    top, bottom = max(0, top - reach), min(height, top + down + reach)
    part = np.s_[top:bottom, left:right]
    joined = cv2.morphologyEx(np.ascontiguousarray(member[part]), cv2.MORPH_CLOSE, kernel)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(joined, ltype=cv2.CV_16U)
    x, y, columns, rows, pixels = stats.T.astype(float)
    sure = np.ones(count)
    if confidence is not None:
        inside = joined > 0
        total = np.bincount(parts[inside], confidence[part][inside], count)
        sure = total / (255.0 * pixels)
    # A predicted region often ends slightly before the border that cuts the thing.
    near = max(1, round(BORDER_SHARE * width))
    on_border = np.zeros(count, np.int64)
    for inner in (0, near):
        lines = [parts[row - top] for row in (inner, height - 1 - inner) if top <= row < bottom]
        lines += [
            parts[:, column - left]
            for column in (inner, width - 1 - inner)
            if left <= column < right
        ]
        if lines:
            touching = np.bincount(np.concatenate(lines), minlength=count)
            on_border = np.maximum(on_border, touching)
    cut = np.minimum(1.0, on_border / np.minimum(columns, rows))
    x, y, areas = x + left, y + top, pixels / member.size
    table = np.column_stack(
        [np.full(count, label), x, y, x + columns - 1, y + rows - 1, areas, cut, sure]
    )[1:]
    return table[areas[1:] >= MIN_REGION_SHARE]


def _joining(width: int) -> np.ndarray:
    """Return the kernel that joins the fragments of one region."""
    side = 2 * max(1, round(JOINING_SHARE * width / 2.0)) + 1
    return cv2.getStructuringElement(cv2.MORPH_RECT, (side, side))


def measured_things(
    ids: np.ndarray,
    parents: np.ndarray,
    shares: np.ndarray,
    labels: np.ndarray,
    boxes: np.ndarray,
    seen: np.ndarray,
    areas: np.ndarray,
    cut: np.ndarray,
    steady: np.ndarray,
    values: np.ndarray,
) -> Things:
    """Make things with their sizes; see ``Things``.

    Args:
        values: (N,) certainty times class weight.
    """
    sizes = things_in(areas) * values
    barely, wholly = CUT_WORTH
    left = np.where(cut > 0.0, barely + (wholly - barely) * cut, 1.0)
    return Things(
        ids, parents, shares, labels, boxes, seen, areas, cut, steady, sizes, sizes * left
    )


def no_things() -> Things:
    """Return an empty set of things."""
    numbers, values = np.empty(0, np.int64), np.empty(0)
    boxes = np.empty((0, 4), np.float32)
    return Things(numbers, numbers, values, numbers, boxes, values > 0.0, *([values] * 5))


def things_in(areas: np.ndarray) -> np.ndarray:
    """Return how many things a region of this share of the picture counts as, 0.2 to 2.5."""
    return np.log2(1.0 + areas / SMALL_AREA) / DOUBLINGS
