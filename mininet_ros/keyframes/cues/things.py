"""Things: regions of a mask that are followed along the motion of the view.

A network finds a thing in one picture and misses it in the next, finds it in two parts, or stops
short of the picture's border. One mask does not tell; the frames before it do. Each thing has a
box, its extent, that moves along with the corners in and around it and takes the shape of the
regions that are found there. The box may reach outside the picture.

- A thing counts by its certainty: the mean confidence in it over the last frames that had its place
  in view, where 0 stands for a frame in which it was not found.
- Regions inside the box of a thing are parts of it. Where they stay apart for some time, they are
  things of their own, split from it.
- A thing is cut where its region touches the picture's border, or where its extent leaves the
  picture, whether the mask shows it there or not.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from mininet_ros.keyframes.cues.content import BORDER_SHARE, Regions, Things, measured_things
from mininet_ros.keyframes.cues.corners import Points, no_points
from mininet_ros.keyframes.cues.overlap import moved_boxes

# Number of frames, with the present one, that a thing is judged by.
MEMORY = 5

# Number of things that are followed; those that are not in the present mask are forgotten first.
MAX_THINGS = 64

# Boxes are grown by this much on each side before they are compared, in tracked pixels. Flow soon
# carries the box of a thing of a few pixels beside the thing.
MARGIN = 3.0

# A region and a thing of its class belong together if the smaller of their boxes has this share of
# its area in the other. Two things are one if their intersection is this share of their union.
SAME_OVERLAP = 0.5

# The extent of a thing is the running mean of what was found, where the present region has at least
# this weight.
LEAST_WEIGHT = 0.3

# A thing that was found in this many frames stays known while its place is in view. Others are
# forgotten when they were not found for as long as a thing is judged by.
FIRM = 3

# A thing that was found in several separate regions in this many frames in a row is several things.
APART = 5

# An extent that reaches outside by less than this share of the image width may be inexact.
OUTSIDE_SHARE = 0.006

# Confidence in a region is at least this, so that 0 means that nothing was found.
LEAST_CONFIDENCE = 1e-3


@dataclass(eq=False)
class _Followed:
    """N things that are followed; all arrays have N rows.

    Attributes:
        ids: int64 numbers of the things, ascending.
        labels: int64 class ids.
        boxes: (N, 4) float32 extents, in pixels of the tracked picture.
        areas: last areas, as shares of the picture.
        cut: share of the side that the border cuts in the present mask, 0 to 1.
        times: int64 number of frames in which each thing was found.
        apart: int64 number of frames in a row, the last one included, in which it was found in
            several separate regions.
        parents: int64 id of the thing that each was split from; its own id where there is none.
        shares: share of that thing's area that it had, 0 to 1.
        found: (N, 5) confidence in each of the last frames, the present one first; 0 where the
            thing was not found.
        in_view: (N, 5) bool, whether its place was in view in these frames.
    """

    ids: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    cut: np.ndarray
    times: np.ndarray
    apart: np.ndarray
    parents: np.ndarray
    shares: np.ndarray
    found: np.ndarray
    in_view: np.ndarray

    def only(self, which: np.ndarray) -> _Followed:
        """Return the things that are marked in (N,) bool."""
        return self if which.all() else _Followed(*(part[which] for part in self._parts()))

    def copies(self, row: int, number: int) -> _Followed:
        """Return copies of one thing, which name it as the thing that they were split from."""
        copies = _Followed(*(np.repeat(part[row : row + 1], number, 0) for part in self._parts()))
        copies.parents = copies.ids
        return copies

    def take(self, rows: int | slice, regions: Regions, places: int | list[int]) -> None:
        """Give things the shapes of regions that were parts of them."""
        self.boxes[rows] = regions.boxes[places]
        self.areas[rows] = regions.areas[places]
        self.cut[rows] = regions.cut[places]
        self.apart[rows] = 0

    def and_also(self, others: _Followed) -> _Followed:
        """Return these things and then others, whose ids are larger."""
        pairs = zip(self._parts(), others._parts())
        return _Followed(*(np.concatenate(pair) for pair in pairs))

    def _parts(self) -> list[np.ndarray]:
        return [getattr(self, part.name) for part in fields(self)]


class ThingFollower:
    """Follows the things of the target classes through the frames of one camera.

    Args:
        weights: (256,) float32 weight of each label value, from ``class_weight_table``.
    """

    def __init__(self, weights: np.ndarray) -> None:
        self._weights = weights
        self._next_id = 0
        self._corners = no_points((0, 0))  # of the picture in which the boxes are
        # Outlines of the last clear pictures, the newest first, at their places in the present one.
        self._outlines = np.empty((0, 4), np.float32)
        numbers, values = np.empty(0, np.int64), np.empty(0)
        history = np.empty((0, MEMORY))
        self._things = _Followed(
            ids=numbers,
            labels=numbers,
            boxes=self._outlines,
            areas=values,
            cut=values,
            times=numbers,
            apart=numbers,
            parents=numbers,
            shares=values,
            found=history,
            in_view=history > 0.0,
        )

    def update(self, regions: Regions, now: Points, found: bool, clear: bool) -> Things:
        """Process the regions of the next frame that has a mask.

        Args:
            regions: regions of the frame, in pixels of the tracked picture.
            now: corners in the present picture.
            found: whether ``now`` are positions in the present picture. Where they are not, nothing
                is learnt from the frame.
            clear: whether the picture is about as good as those before. What is not found in an
                unclear picture may still be there.

        Returns:
            The things of the frame: those that its mask shows, and known ones that it does not.
        """
        if not found:
            return self._lost(regions)
        self._carry(now)
        belonging = self._belonging(regions)
        self._note(regions, belonging, now.size, clear)
        if (belonging.sum(axis=0) > 1).any():
            self._unite()
        elif (self._things.apart >= APART).any():
            self._split(regions, belonging)
        self._begin(regions, np.logical_not(belonging.any(axis=0)))
        self._forget()
        end = np.array(now.size) - 1 if clear else np.full(2, -1)  # no thing is in an empty outline
        outline = np.array([[0, 0, *end]], np.float32)
        self._outlines = np.concatenate([outline, self._outlines])[: MEMORY - 1]
        return self._present(now.size)

    def _carry(self, now: Points) -> None:
        """Move all boxes along with the corners; forget things that left the picture."""
        before, self._corners = self._corners, now
        number = len(self._things.ids)
        boxes = np.concatenate([self._things.boxes, self._outlines])
        if len(boxes):
            boxes, inside = moved_boxes(boxes, before, now)
            self._things.boxes = boxes[:number]
            self._things = self._things.only(inside[:number])
            self._outlines = boxes[number:] if inside[number:].any() else boxes[:0]

    def _belonging(self, regions: Regions) -> np.ndarray:
        """Return which of N things each of M regions belongs to, (N, M) bool.

        A region belongs to one of the things that are larger than itself, the most similar one. It
        may join several smaller ones.
        """
        things = self._things
        shared = intersections(things.boxes, regions.boxes)
        areas, others = box_areas(things.boxes)[:, None], box_areas(regions.boxes)[None]
        belonging = things.labels[:, None] == regions.labels[None]
        belonging &= shared >= SAME_OVERLAP * np.minimum(areas, others)
        similar = np.where(belonging & (areas >= others), shared / areas, 0.0)
        return belonging & ((areas < others) | (similar == similar.max(axis=0, initial=0.0)))

    def _note(
        self, regions: Regions, belonging: np.ndarray, size: tuple[int, int], clear: bool
    ) -> None:
        """Note for each thing where and how surely the frame shows it."""
        things = self._things
        seen = belonging.any(axis=1)
        centres = (things.boxes[:, :2] + things.boxes[:, 2:]) / 2.0
        in_view = ((centres >= 0.0) & (centres < size)).all(axis=1)
        # A region that joins several things is divided among them.
        parts = belonging * box_areas(things.boxes)[:, None]
        parts *= regions.areas / np.maximum(parts.sum(axis=0), LEAST_CONFIDENCE)
        areas = np.where(seen, parts.sum(axis=1), things.areas)
        confidence = np.maximum(parts @ regions.confidence / areas, LEAST_CONFIDENCE) * seen
        things.found = np.column_stack([confidence, things.found[:, :-1]])
        things.in_view = np.column_stack([seen | (in_view & clear), things.in_view[:, :-1]])
        things.cut = (belonging * regions.cut).max(axis=1, initial=0.0)
        things.areas = areas
        things.times = things.times + seen
        regions_of = belonging.sum(axis=1)
        things.apart = np.where(regions_of > 1, things.apart + 1, things.apart * (regions_of < 1))
        if seen.any():
            members = belonging[seen][:, :, None]
            low = np.where(members, regions.boxes[None, :, :2], np.inf).min(axis=1)
            high = np.where(members, regions.boxes[None, :, 2:], -np.inf).max(axis=1)
            weight = np.maximum(LEAST_WEIGHT, 1.0 / things.times[seen])[:, None]
            things.boxes[seen] = _adjusted(things.boxes[seen], np.hstack([low, high]), weight, size)

    def _unite(self) -> None:
        """Keep the oldest of things that have become the same."""
        boxes, labels = self._things.boxes, self._things.labels
        shared, areas = intersections(boxes, boxes), box_areas(boxes)
        same = shared >= SAME_OVERLAP * (areas[:, None] + areas[None] - shared)
        same &= labels[:, None] == labels[None]
        self._things = self._things.only(np.logical_not(np.triu(same, 1).any(axis=0)))

    def _split(self, regions: Regions, belonging: np.ndarray) -> None:
        """Divide the things that have been found in separate regions for some time.

        Signs in a row are one region from afar. The largest region goes on as the thing; the others
        become things with the same past.
        """
        for row in np.flatnonzero(self._things.apart >= APART):
            largest, *others = np.flatnonzero(belonging[row])  # regions come in the order of size
            parts = self._things.copies(row, len(others))
            parts.ids = self._new_ids(len(others))
            parts.shares = regions.areas[others] / regions.areas[belonging[row]].sum()
            parts.take(np.s_[:], regions, others)
            self._things.take(row, regions, largest)
            self._things = self._things.and_also(parts)

    def _begin(self, regions: Regions, new: np.ndarray) -> None:
        """Begin a thing for each region that belongs to none."""
        number = int(new.sum())
        if not number:
            return
        boxes = regions.boxes[new]
        found, in_view = np.zeros((number, MEMORY)), np.zeros((number, MEMORY), bool)
        found[:, 0] = np.maximum(regions.confidence[new], LEAST_CONFIDENCE)
        in_view[:, 0] = True
        for frame, outline in enumerate(self._outlines, start=1):
            within = (boxes[:, :2] >= outline[:2]) & (boxes[:, 2:] <= outline[2:])
            in_view[:, frame] = within.all(axis=1)
        ids = self._new_ids(number)
        begun = _Followed(
            ids=ids,
            labels=regions.labels[new],
            boxes=boxes,
            areas=regions.areas[new],
            cut=regions.cut[new],
            times=np.ones(number, np.int64),
            apart=np.zeros(number, np.int64),
            parents=ids,
            shares=np.ones(number),
            found=found,
            in_view=in_view,
        )
        self._things = self._things.and_also(begun)

    def _forget(self) -> None:
        things = self._things
        kept = things.found.any(axis=1) | (things.times >= FIRM)
        if kept.sum() > MAX_THINGS:
            # Of those in the mask and then of the others, the newest.
            order = np.lexsort((things.ids, things.found[:, 0] > 0.0, kept))
            kept[order[:-MAX_THINGS]] = False
        self._things = things.only(kept)

    def _present(self, size: tuple[int, int]) -> Things:
        things = self._things
        looked = np.maximum(1, things.in_view.sum(axis=1))
        return measured_things(
            ids=things.ids,
            parents=things.parents,
            shares=things.shares,
            labels=things.labels,
            boxes=things.boxes,
            seen=things.found[:, 0] > 0.0,
            areas=things.areas,
            cut=np.maximum(things.cut, _outside(things.boxes, size)),
            steady=(things.found > 0.0).sum(axis=1) / looked,
            values=things.found.sum(axis=1) / looked * self._weights[things.labels],
        )

    def _lost(self, regions: Regions) -> Things:
        """Return the things of a picture in which the corners were not found."""
        belonging = self._belonging(regions)
        ids, known = self._new_ids(len(regions)), belonging.any(axis=0)
        if known.any():
            ids[known] = self._things.ids[belonging.argmax(axis=0)[known]]
        every = np.ones(len(regions))
        return measured_things(
            ids=ids,
            parents=ids,
            shares=every,
            labels=regions.labels,
            boxes=regions.boxes,
            seen=every > 0.0,
            areas=regions.areas,
            cut=regions.cut,
            steady=every,
            values=regions.confidence * self._weights[regions.labels],
        )

    def _new_ids(self, number: int) -> np.ndarray:
        self._next_id += number
        return np.arange(self._next_id - number, self._next_id)


def _adjusted(
    extents: np.ndarray, found: np.ndarray, weight: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """Return the extents (N, 4) of things after these boxes (N, 4) were found, with weight (N, 1).

    Where the border cuts a region, its thing goes on as far as it was seen to go before.
    """
    mean = extents + weight * (found - extents)
    near = max(1, round(BORDER_SHARE * size[0]))
    low = np.where(found[:, :2] <= near, np.minimum(extents, found)[:, :2], mean[:, :2])
    end = np.array(size) - 1 - near
    high = np.where(found[:, 2:] >= end, np.maximum(extents, found)[:, 2:], mean[:, 2:])
    return np.hstack([low, high])


def _outside(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return how far each box reaches outside the picture, as a share of its short side, 0 to 1."""
    beyond = np.maximum(-boxes[:, :2], boxes[:, 2:] - (np.array(size) - 1)).max(axis=1, initial=0.0)
    short = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) + 1.0
    return np.clip((beyond - OUTSIDE_SHARE * size[0]) / short, 0.0, 1.0)


def intersections(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the area that N boxes share with M others, all grown by a margin, (N, M)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return np.maximum(high - low + 1.0 + 2.0 * MARGIN, 0.0).prod(axis=2)


def box_areas(boxes: np.ndarray) -> np.ndarray:
    """Return the areas of (N, 4) boxes that are grown by a margin."""
    return (boxes[:, 2:] - boxes[:, :2] + 1.0 + 2.0 * MARGIN).prod(axis=1)
