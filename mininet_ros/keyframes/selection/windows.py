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
from collections.abc import Collection
from dataclasses import replace
from statistics import median

from mininet_ros.keyframes.cues.flow import LOST
from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.links import AMPLE_OVERLAP, Links, Stretch
from mininet_ros.keyframes.selection.odometry import driven
from mininet_ros.keyframes.selection.pace import WINDOWS_A_KEYFRAME, Pace
from mininet_ros.keyframes.selection.waiting import Candidate, WaitingRoom, seconds

# A view is known if at least this share of it was forwarded on an earlier visit.
KNOWN_VIEW = 0.6

# With ``window_start``, keyframes keep the rhythm of the last gaps between them. A window ends at
# the latest after the first multiple of the median gap. It does not end before the second multiple,
# unless the overlap is no longer ample.
RHYTHM_GAPS = 8
LEAST_GAPS = 4
LONGEST_GAP, SHORTEST_GAP = 1.5, 0.5

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
        since = self._links.since
        if frame.scores.motion >= LOST:
            since.jumped = True
        else:
            since.measured += frame.scores.motion
        since.clearest = max(since.clearest, frame.scores.relative)
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
        return decisions + self._drop("Another frame of its window was better.")

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
        if len(self._gaps) >= LEAST_GAPS and self._room.config.keeps_distance:
            phase = max(phase, (frame.clock - start.clock) / (LONGEST_GAP * median(self._gaps)))
        return phase

    def _is_complete(self, frame: Candidate) -> bool:
        if self._phase(frame) < 1.0:
            return False
        last = self._room.last
        if len(self._gaps) < LEAST_GAPS or not self._room.config.keeps_distance or last is None:
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
        known = scores.known >= KNOWN_VIEW and not self._links.since.jumped
        return not known and self._links.is_broken(frame)

    def _keep_overlap(self, frame: Candidate) -> list[Decision]:
        """Forward frames that precede one with too little overlap with the last keyframe."""
        decisions: list[Decision] = []
        while self._is_endangered(frame) and (links := self._links.before(frame)):
            sentence = self._links.why_before(frame)
            decisions += self._forward(self._preferred(links), Reason.KEPT_OVERLAP, sentence)
        return decisions

    def _begin_anew(self, frame: Candidate) -> list[Decision]:
        """Forward a frame that cannot be matched with the last keyframe, where none else can be."""
        waits = frame.stamp in self._room.frames and self._is_endangered(frame)
        if not (waits and self._links.must_begin_anew(frame)):
            return []
        sentence = "It has too little in common with the last forwarded frame to match the two."
        return self._forward(frame, Reason.KEPT_OVERLAP, sentence)

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
        if self._room.config.keeps_distance or self._room.last is None:
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
            if self._room.config.keeps_distance and not interrupted:
                return []
            self._start = newest
            return self._drop("No frame of its window was good enough.")
        clear = self._links.clear(passing)
        late = interrupted or self._phase(newest) >= LONGEST_WINDOW
        if late and not clear:
            clear = self._links.clear(self._passing(self._first_phase / 2.0))
        if not clear and not interrupted and (not late or self._links.can_wait(newest)):
            return []
        chosen = self._preferred(clear or passing)
        if self._is_known(chosen) and not self._count_revisit():
            return self._pass_over(chosen)
        if config.keyframe_rate_hz > 0.0:
            rate_hz = config.keyframe_rate_hz
            self._pace.end_window(chosen.worth, newest.clock, self._room.forwarded, rate_hz)
            refusal = self._pace.refusal(rate_hz)
            if refusal is not None:
                self._start = newest
                return self._drop(refusal, Reason.BELOW_GATE)
        way = chosen.scores.travelled - self._start.scores.travelled
        decisions = self._forward(
            chosen,
            Reason.BEST_OF_WINDOW,
            f"Best picture after {seconds(chosen.clock - self._start.clock)} and a motion of "
            f"{100 * abs(way):.1f} % of the picture's width.",
        )
        if not self._room.config.keeps_distance:
            # Their content was judged before this frame was forwarded.
            decisions += self._drop("Another frame of its window was better.")
            self._start = newest
        return decisions

    def _is_known(self, frame: Candidate) -> bool:
        """Return whether a frame shows a view of an earlier visit and nothing new."""
        scores = frame.scores
        if scores.known < KNOWN_VIEW or scores.content >= self._room.new_content:
            return False
        # Right after a jump, the known view may be that of the last keyframe.
        return not (self._links.since.jumped and self._room.config.keeps_distance)

    def _count_revisit(self) -> bool:
        """Count a keyframe of a known view; return whether this one is forwarded."""
        self._revisits += self._room.config.revisit_share
        forwarded = self._revisits >= 1.0
        self._revisits -= forwarded
        return forwarded

    def _pass_over(self, chosen: Candidate) -> list[Decision]:
        self._start = chosen if self._room.config.keeps_distance else self._newest
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
        decisions = self._room.forward(chosen, reason, sentence)
        later = [*self._room.frames.values(), chosen]
        self._links.since = Stretch(clearest=max(other.scores.relative for other in later))
        return decisions

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
        if self._room.config.min_overlap > 0.0 or self._room.config.keeps_distance:
            contenders |= {frame.stamp for frame in self._room.clearest_of_newest()}
        return self._drop("Another frame of its window is better.", but=contenders)

    def _drop(
        self, sentence: str, reason: Reason = Reason.NOT_BEST, but: Collection[int] = ()
    ) -> list[Decision]:
        """Drop all frames but those stamps, the newest frame, and the one for the longest gap."""
        room = self._room
        fallback = room.fallback()
        going = [
            frame
            for frame in room.frames.values()
            if not (frame is self._newest or frame is fallback or frame.stamp in but)
        ]
        return room.clear(going, lambda frame: frame.decided(reason, sentence))
