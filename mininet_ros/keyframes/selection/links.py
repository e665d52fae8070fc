"""Links: neighbouring keyframes have enough in common to be matched.

A frame that has too little in common with the last keyframe endangers this. Then one of the waiting
frames that still have enough is forwarded first. This counts more than the floors and the shortest
gap: where the view has moved on, a smeared keyframe is better than one that cannot be matched.
"""

from __future__ import annotations

from dataclasses import dataclass

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

# A frame with this overlap or more has so much in common with the last keyframe that there is time
# to wait for a clear picture.
AMPLE_OVERLAP = 0.7


@dataclass
class Stretch:
    """The stream since the last keyframe.

    Attributes:
        jumped: whether tracking was lost.
        measured: motion where it was not lost, summed, as a share of the image width.
        clearest: largest relative quality, that of the keyframe included.
    """

    jumped: bool = False
    measured: float = 0.0
    clearest: float = 0.0


class Links:
    """Compares frames with the last keyframe and tells which of them keep a link with it.

    Attributes:
        since: the stream since the last keyframe, as far as the caller has noted it.
    """

    def __init__(self, room: WaitingRoom) -> None:
        self.since = Stretch()
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

    def before(self, frame: Candidate) -> list[Candidate]:
        """Return the waiting frames to choose from before one that is not linked.

        Returns:
            The frames that keep the link, clear ones above the floors if there are any; none where
            a clear frame can still follow, or where all links are lost.
        """
        turned_away = self._is_out_of_view(frame)
        links = self._waiting()
        if not links and turned_away:
            links = [other for other in self._not_blank() if not self._is_out_of_view(other)]
        fit = [
            link
            for link in links
            if self._room.too_soon(link) is None and self._room.below_floor(link) is None
        ]
        good = self.clear(fit) or self.clear(links)
        return good or ((fit or links) if turned_away else [])

    def why_before(self, frame: Candidate) -> str:
        """Return why a frame is forwarded before this one, as a sentence."""
        common = self.overlap(frame)
        return (
            f"A later frame has only {100 * common.overlap:.0f} % and {common.shared} points in "
            "common with the last forwarded one, too little to match the two."
        )

    def must_begin_anew(self, frame: Candidate) -> bool:
        """Return whether to forward a frame that is not linked, where no other frame keeps a link.

        The sooner it is forwarded, the sooner the next frames can be matched with a keyframe. A
        smeared frame is forwarded where the view has turned away, as in a fast turn. Where tracking
        is lost again and again, the shortest gap counts, except after a clearly worse keyframe.
        """
        room, since = self._room, self.since
        clear = room.below_floor(frame) is None and self.clear([frame])
        turned = since.measured >= 1.0 - room.config.min_overlap and not room.is_blank(frame)
        early = room.too_soon(frame) is not None and since.jumped and not self._is_better(frame)
        return not early and (bool(clear) or turned)

    def clear(self, frames: list[Candidate]) -> list[Candidate]:
        """Return the frames that are about as clear as the clearest since the last keyframe."""
        config = self._room.config
        if not config.keeps_distance:
            return frames
        least = config.window_tolerance * min(1.0, self.since.clearest)
        return [frame for frame in frames if frame.scores.relative >= least]

    def can_wait(self, newest: Candidate) -> bool:
        """Return whether a clear frame can still follow before the last keyframe is out of view.

        A camera that shakes moves far but sees the same. So it does not need a smeared keyframe.
        """
        if self.overlap(newest).overlap >= AMPLE_OVERLAP:
            return True
        return bool(self.clear(self._waiting()))

    def _is_better(self, frame: Candidate) -> bool:
        """Return whether a frame is clearly better than the last keyframe."""
        last, least = self._room.last, self._room.config.window_tolerance * frame.scores.quality
        return last is None or last.scores.quality < least

    def _is_out_of_view(self, frame: Candidate) -> bool:
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

    def _waiting(self) -> list[Candidate]:
        """Return the waiting frames that can be matched with the last keyframe."""
        return [frame for frame in self._not_blank() if self._holds(frame)]

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
