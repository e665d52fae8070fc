"""Links: waiting frames that have enough in common with the last keyframe to be matched with it."""

from __future__ import annotations

from mininet_ros.keyframes.cues.corners import MIN_MATCHES
from mininet_ros.keyframes.cues.flow import LOST
from mininet_ros.keyframes.cues.overlap import (
    LEAST_SHARED,
    Overlap,
    measure_overlap,
    view_share,
)
from mininet_ros.keyframes.cues.quality import CLEAR_SHARE
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom


class Links:
    """Compares frames with the last keyframe."""

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room
        self._keyframe: Candidate | None = None
        self._compared: dict[int, Overlap] = {}

    def overlap(self, frame: Candidate) -> Overlap:
        """Return what a frame has in common with the last keyframe.

        A frame that was scored before that keyframe was chosen is compared again.
        """
        last, scores = self._room.last, frame.scores
        scored = Overlap(scores.parallax, scores.overlap, scores.shared)
        if last is None or frame.stamp > self._room.newest_at_choice:
            return scored
        if last is not self._keyframe:
            self._keyframe, self._compared = last, {}
        if last.scores.corners is None or scores.corners is None:
            return scored
        if frame.stamp not in self._compared:
            self._compared[frame.stamp] = measure_overlap(last.scores.corners, scores.corners)
        return self._compared[frame.stamp]

    def is_broken(self, frame: Candidate) -> bool:
        """Return whether a frame shows too little of the last keyframe to be matched with it.

        Where the motion up to a smeared or badly exposed frame is unknown, this is unknown, too.
        """
        if frame.scores.relative < CLEAR_SHARE and frame.scores.motion >= LOST:
            return False
        return not self._holds(frame)

    def is_out_of_view(self, frame: Candidate) -> bool:
        """Return whether the view itself has moved on too far from the last keyframe.

        Corners are also lost in smeared or badly exposed pictures. This does not depend on them.
        Where tracking was lost, this is unknown.
        """
        last = self._room.last
        then = None if last is None else last.scores.corners
        if then is None or frame.scores.corners is None:
            return self.is_broken(frame)
        share = view_share(then, frame.scores.corners)
        if share is None:
            share = self._by_way(frame)
        return share < self._room.config.min_overlap

    def waiting(self) -> list[Candidate]:
        """Return the waiting frames that can be matched with the last keyframe."""
        return [frame for frame in self._not_blank() if self._holds(frame)]

    def in_view(self) -> list[Candidate]:
        """Return the waiting frames that show enough of its view, though with too few corners."""
        return [frame for frame in self._not_blank() if not self.is_out_of_view(frame)]

    def _not_blank(self) -> list[Candidate]:
        return [frame for frame in self._room.frames.values() if not self._room.is_blank(frame)]

    def _holds(self, frame: Candidate) -> bool:
        common = self.overlap(frame)
        if common.shared < MIN_MATCHES and self._are_poor(frame):
            return self._by_way(frame) >= self._room.config.min_overlap
        return common.suffices(self._room.config.min_overlap)

    def _are_poor(self, frame: Candidate) -> bool:
        """Return whether this frame or the last keyframe shows so few corners that none tells."""
        last = self._room.last
        corners = [f.scores.corners for f in (last, frame) if f is not None]
        return any(points is not None and len(points.ids) < LEAST_SHARED for points in corners)

    def _by_way(self, frame: Candidate) -> float:
        """Return what a frame has in common with the last keyframe by the way of the view alone."""
        last = self._room.last
        way = 0.0 if last is None else frame.scores.travelled - last.scores.travelled
        return 1.0 - abs(way)
