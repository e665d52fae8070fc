"""Mode window: the best frame of each section of the stream, when the section ends.

A window ends by motion, time or distance, or, where a rate of keyframes is given, at twice that
rate; then not every window gets a keyframe. Its *phase* grows from 0 at its beginning to 1 at its
end. With ``window_start`` above 0, keyframes are evenly spaced, as mapping needs: windows are
measured from the last keyframe, only frames of the last part are candidates, and the one nearest
the end is taken of those that are good enough. Without this, noise in the quality decides, and two
neighbouring keyframes may be adjacent or two windows apart.

While the camera rests and shows nothing new, no time passes for a window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from statistics import median

from mininet_ros.keyframes.cues.flow import LOST
from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.links import Links
from mininet_ros.keyframes.selection.odometry import driven
from mininet_ros.keyframes.selection.pace import WINDOWS_A_KEYFRAME, Pace
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom, seconds

# A view is known if at least this share of it was forwarded on an earlier visit.
KNOWN_VIEW = 0.6

# With ``window_start``, keyframes keep the rhythm of the last gaps between them. A window ends at
# the latest after the first multiple of the median gap. It does not end before the second multiple,
# unless the overlap is below the third value.
RHYTHM_GAPS = 8
LEAST_GAPS = 4
LONGEST_GAP, SHORTEST_GAP = 1.5, 0.5
AMPLE_OVERLAP = 0.7

# With ``window_start``, a window stays open up to this multiple of its length where all frames of
# its last part are smeared or badly exposed compared with those before.
LONGEST_WINDOW = 2.0


class WindowPicker:
    """Forwards the best frame of each window, when motion, time or distance ends it."""

    def __init__(self, room: WaitingRoom) -> None:
        self._room = room
        self._links = Links(room)
        self._start: Candidate | None = None
        self._newest: Candidate | None = None
        self._gaps: deque[int] = deque(maxlen=RHYTHM_GAPS)
        self._revisits = 0.0
        self._pace = Pace()
        self._jumped = False  # whether tracking was lost since the last keyframe
        self._measured = 0.0  # motion since then that was measured, as a share of the width
        self._clearest = 0.0  # relative quality since the last keyframe, which is included

    def add(self, frame: Candidate) -> list[Decision]:
        """Process the next frame and return the decisions that are due."""
        room, last = self._room, self._newest
        resting = room.rests(frame)
        room.note(frame)
        clock = frame.clock if last is None else last.clock
        if last is not None and not resting:
            clock += frame.stamp - last.stamp
        frame = self._newest = replace(frame, clock=clock)
        if resting:
            decisions = room.at_rest(frame)
            self._start = room.last if room.last is frame else self._start
            return decisions
        if self._start is None:
            self._start = frame
        if frame.scores.motion >= LOST:
            self._jumped = True
        else:
            self._measured += frame.scores.motion
        self._clearest = max(self._clearest, frame.scores.relative)
        decisions = room.overdue(clock)
        endangered = self._is_endangered(frame)
        if endangered:
            decisions += self._keep_overlap(frame)
        decisions += room.admit(frame)
        decisions += room.overdue(clock)
        if endangered:
            decisions += self._begin_anew(frame)
        while frame.stamp in room.frames and self._is_complete(frame):
            closed = self._close()
            if not closed:
                break
            decisions += closed
        return decisions + self._prune()

    def settle(self) -> list[Decision]:
        """End the window, because the stream is interrupted."""
        decisions = self._close(interrupted=True)
        self._start = None
        if self._room.config.max_gap_s == 0.0:
            self._newest = None
        return decisions + self._drop_rest("Another frame of its window was better.")

    def _phase(self, frame: Candidate) -> float:
        """Return the position of a frame in the window: 0 at the beginning, 1 at the end."""
        start, config = self._start, self._room.config
        if start is None:
            return 0.0
        if config.keyframe_rate_hz > 0.0:
            windows_hz = WINDOWS_A_KEYFRAME * config.keyframe_rate_hz
            return windows_hz * (frame.clock - start.clock) / 1e9
        phase = 0.0
        by_odometry = None
        if config.by_odometry:
            by_odometry = driven(
                start.scores, frame.scores, config.min_distance_m, config.min_rotation_deg
            )
        if by_odometry is not None:
            phase = by_odometry
        elif config.window_motion > 0.0:
            way = frame.scores.travelled - start.scores.travelled
            phase = way / config.window_motion
        if config.window_time_ns > 0:
            phase = max(phase, (frame.clock - start.clock) / config.window_time_ns)
        if len(self._gaps) >= LEAST_GAPS and self._keeps_distance:
            phase = max(phase, (frame.clock - start.clock) / (LONGEST_GAP * median(self._gaps)))
        return phase

    @property
    def _keeps_distance(self) -> bool:
        return self._room.config.window_start > 0.0

    def _is_complete(self, frame: Candidate) -> bool:
        if self._phase(frame) < 1.0:
            return False
        last = self._room.last
        if len(self._gaps) < LEAST_GAPS or not self._keeps_distance or last is None:
            return True
        early = frame.clock - last.clock < SHORTEST_GAP * median(self._gaps)
        return not (early and self._links.overlap(frame).overlap >= AMPLE_OVERLAP)

    def _is_endangered(self, frame: Candidate) -> bool:
        """Return whether a frame shows too little of the last keyframe, and nothing else known."""
        scores, least = frame.scores, self._room.config.min_overlap
        if not least or self._room.last is None:
            return False
        if frame.stamp > self._room.newest_at_choice and scores.suffices(least):
            return False
        known = scores.known >= KNOWN_VIEW and not self._jumped
        return not known and self._links.is_broken(frame)

    def _keep_overlap(self, frame: Candidate) -> list[Decision]:
        """Forward frames that precede one with too little overlap with the last keyframe.

        This counts more than the floors and the shortest gap. Where the view has moved on, a
        smeared keyframe is better than one that cannot be matched.
        """
        decisions: list[Decision] = []
        while self._is_endangered(frame):
            links = self._links.waiting()
            if not links and self._links.is_out_of_view(frame):
                links = self._links.in_view()
            if not links:
                break
            fit = [
                link
                for link in links
                if self._room.too_soon(link) is None and self._room.below_floor(link) is None
            ]
            good = self._clear(fit) or self._clear(links)
            if not good and not self._links.is_out_of_view(frame):
                break
            chosen = self._preferred(good or fit or links)
            common = self._links.overlap(frame)
            sentence = (
                f"A later frame has only {100 * common.overlap:.0f} % and {common.shared} points "
                "in common with the last forwarded one, too little to match the two."
            )
            decisions += self._forward(chosen, Reason.KEPT_OVERLAP, sentence)
        return decisions

    def _begin_anew(self, frame: Candidate) -> list[Decision]:
        """Forward a frame that cannot be matched with the last keyframe, because none else could.

        The sooner it is forwarded, the sooner the next frames can be matched with a keyframe. A
        smeared frame is forwarded where the view has turned away, as in a fast turn. Where tracking
        is lost again and again, the shortest gap counts, except after a clearly worse keyframe.
        """
        room = self._room
        if frame.stamp not in room.frames or not self._is_endangered(frame):
            return []
        clear = room.below_floor(frame) is None and self._clear([frame])
        turned = self._measured >= 1.0 - room.config.min_overlap and not room.is_blank(frame)
        early = room.too_soon(frame) is not None and self._jumped and not self._is_better(frame)
        if early or not (clear or turned):
            return []
        sentence = "It has too little in common with the last forwarded frame to match the two."
        return self._forward(frame, Reason.KEPT_OVERLAP, sentence)

    def _is_better(self, frame: Candidate) -> bool:
        """Return whether a frame is clearly better than the last keyframe."""
        last, least = self._room.last, self._room.config.window_tolerance * frame.scores.quality
        return last is None or last.scores.quality < least

    def _clear(self, frames: list[Candidate]) -> list[Candidate]:
        """Return the frames that are about as clear as the clearest since the last keyframe."""
        least = self._room.config.window_tolerance * min(1.0, self._clearest)
        if not self._keeps_distance:
            return frames
        return [frame for frame in frames if frame.scores.relative >= least]

    def _passing(self, least_phase: float) -> list[Candidate]:
        """Return the waiting frames of this window, from this phase on, above the floors."""
        room, start = self._room, self._start
        if start is None:
            return []
        return [
            frame
            for frame in room.candidates()
            if self._belongs(frame, start)
            and self._phase(frame) >= least_phase
            and room.below_floor(frame) is None
        ]

    def _belongs(self, frame: Candidate, start: Candidate) -> bool:
        """Return whether a waiting frame is in the window that began with ``start``.

        The frame that ended a window was judged before the best frame of that window was forwarded.
        It would show the same things, so it does not belong to the next window.
        """
        if self._keeps_distance or self._room.last is None:
            return frame.stamp >= start.stamp
        return frame.stamp > start.stamp

    @property
    def _first_phase(self) -> float:
        """Return the least phase of candidates; 0 before the first keyframe."""
        return self._room.config.window_start if self._room.last is not None else 0.0

    def _preferred(self, passing: list[Candidate]) -> Candidate:
        """Return the frame nearest the end of the window among those that are good enough."""
        best = max(frame.worth for frame in passing)
        good = [f for f in passing if f.worth >= self._room.config.window_tolerance * best]
        return min(good, key=lambda frame: abs(self._phase(frame) - 1.0))

    def _close(self, interrupted: bool = False) -> list[Decision]:
        """End the window, or do nothing if it can wait for a better frame."""
        newest, config = self._newest, self._room.config
        if newest is None or self._start is None:
            return []
        passing = self._passing(self._first_phase)
        if not passing:
            if self._keeps_distance and not interrupted:
                return []
            self._start = newest
            return self._drop_rest("No frame of its window was good enough.")
        clear = self._clear(passing)
        late = interrupted or self._phase(newest) >= LONGEST_WINDOW
        if late and not clear:
            clear = self._clear(self._passing(self._first_phase / 2.0))
        if not clear and not interrupted and (not late or self._can_wait(newest)):
            return []
        chosen = self._preferred(clear or passing)
        if self._is_known(chosen):
            return self._pass_over(chosen)
        if config.keyframe_rate_hz > 0.0:
            refusal = self._pace.refusal(
                chosen.worth, newest.clock, self._room.forwarded, config.keyframe_rate_hz
            )
            if refusal is not None:
                self._start = newest
                return self._drop_rest(refusal, Reason.BELOW_GATE)
        way = chosen.scores.travelled - self._start.scores.travelled
        decisions = self._forward(
            chosen,
            Reason.BEST_OF_WINDOW,
            f"Best picture after {seconds(chosen.clock - self._start.clock)} and a motion of "
            f"{100 * abs(way):.1f} % of the picture's width.",
        )
        if not self._keeps_distance:
            # Their content was judged before this frame was forwarded.
            decisions += self._drop_rest("Another frame of its window was better.")
            self._start = newest
        return decisions

    def _can_wait(self, newest: Candidate) -> bool:
        """Return whether a clear frame can still follow before the last keyframe is out of view.

        A camera that shakes moves far but sees the same. So it does not need a smeared keyframe.
        """
        if self._links.overlap(newest).overlap >= AMPLE_OVERLAP:
            return True
        return bool(self._clear(self._links.waiting()))

    def _is_known(self, frame: Candidate) -> bool:
        """Return whether a frame shows a known view and is not a revisit to be forwarded."""
        config, scores = self._room.config, frame.scores
        if scores.known < KNOWN_VIEW or scores.content >= self._room.new_content:
            return False
        if self._jumped and self._keeps_distance:
            # Right after a jump, the known view may be that of the last keyframe.
            return False
        self._revisits += config.revisit_share
        if self._revisits < 1.0:
            return True
        self._revisits -= 1.0
        return False

    def _pass_over(self, chosen: Candidate) -> list[Decision]:
        self._start = chosen if self._keeps_distance else self._newest
        sentence = "Its view was forwarded on an earlier visit, and nothing new is seen."
        return self._room.clear(
            [f for f in self._room.frames.values() if f.stamp <= chosen.stamp],
            lambda frame: frame.decided(Reason.KNOWN_VIEW, sentence),
        )

    def _forward(self, chosen: Candidate, reason: Reason, sentence: str) -> list[Decision]:
        last = self._room.last
        if last is not None:
            self._gaps.append(max(1, chosen.clock - last.clock))
        self._start = chosen
        self._jumped, self._measured = False, 0.0
        decisions = self._room.forward(chosen, reason, sentence)
        later = [*self._room.frames.values(), chosen]
        self._clearest = max(other.scores.relative for other in later)
        return decisions

    def _drop_rest(self, sentence: str, reason: Reason = Reason.NOT_BEST) -> list[Decision]:
        return self._drop(lambda frame: False, sentence, reason)

    def _prune(self) -> list[Decision]:
        """Drop the frames that can no longer be forwarded, whatever comes."""
        first = self._first_phase
        best = 0.0
        contenders = set()
        passing = self._passing(first)
        passing.sort(key=lambda frame: abs(self._phase(frame) - 1.0))
        least = self._room.config.window_tolerance * max((f.worth for f in passing), default=0.0)
        for frame in passing:
            # A frame farther from the end is chosen only if it is better than all nearer ones.
            if frame.worth > best and frame.worth >= least:
                best = frame.worth
                contenders.add(frame.stamp)
        if self._room.config.min_overlap > 0.0 or self._keeps_distance:
            contenders |= {frame.stamp for frame in self._room.clearest_of_newest()}
        return self._drop(
            lambda frame: frame.stamp in contenders, "Another frame of its window is better."
        )

    def _drop(
        self,
        needed: Callable[[Candidate], bool],
        sentence: str,
        reason: Reason = Reason.NOT_BEST,
    ) -> list[Decision]:
        """Drop all frames except those needed, the newest, and the one for the longest gap."""
        room = self._room
        fallback = room.fallback()
        going = [
            frame
            for frame in room.frames.values()
            if not (frame is self._newest or frame is fallback or needed(frame))
        ]
        return room.clear(going, lambda frame: frame.decided(reason, sentence))
