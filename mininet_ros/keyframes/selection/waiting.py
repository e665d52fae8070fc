"""Frames that wait for a decision, and the gaps between forwarded frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mininet_ros.keyframes.cues.content import NEW_CONTENT
from mininet_ros.keyframes.cues.corners import far_motion
from mininet_ros.keyframes.cues.flow import LOST
from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.keyframes.selection.config import Mode, SelectorConfig
from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.odometry import driven

# Bytes for each pixel of a waiting frame: three of the image, one of the mask, one of the
# confidence.
BYTES_A_PIXEL = 5
LEAST_ROOM = 4

# A view that has moved by less than this since the last keyframe is at rest. The first limit is a
# share of the image width; the others are metres and degrees by odometry.
REST = 0.01
REST_M, REST_DEG = 0.01, 0.5

# A picture with a lower quality than this, or a larger share of clipped values, is black, white or
# blank, whatever the other pictures of the stream are like.
BLANK_QUALITY = 0.02
BLANK_CLIPPED = 0.9


@dataclass(frozen=True, eq=False)
class Candidate:
    """A scored frame.

    Attributes:
        scores: scores of the frame.
        worth: value that the selector maximises, at least 0.
        stamp: stamp of the frame, nanoseconds.
        clock: stamp of the frame without the earlier time at rest, nanoseconds.
    """

    scores: FrameScores
    worth: float
    stamp: int
    clock: int

    def decided(self, reason: Reason, sentence: str, request: int | None = None) -> Decision:
        """Return the final decision on this frame."""
        return Decision(self.stamp, reason, sentence, self.scores, self.worth, request)


def seconds(duration_ns: int) -> str:
    """Format a duration or stamp in nanoseconds as seconds, for example ``1.250 s``."""
    return f"{duration_ns / 1e9:.3f} s"


class WaitingRoom:
    """Frames without a decision, in the order of their stamps."""

    def __init__(self, config: SelectorConfig) -> None:
        self.config = config
        self.frames: dict[int, Candidate] = {}
        self.last: Candidate | None = None  # the last forwarded frame
        self.resized = False  # whether the frames have another size since then
        self.forwarded = 0  # number of forwarded frames
        self.newest_at_choice = 0  # stamp of the newest frame when that one was chosen, nanoseconds
        self._newest = 0
        self._gap_start: int | None = None  # on the candidates' clock

    def __len__(self) -> int:
        return len(self.frames)

    def admit(self, frame: Candidate, oldest_first: bool = False) -> list[Decision]:
        """Add a new frame; return the decisions on frames that must make room for it.

        Args:
            frame: frame that is newer than all waiting frames.
            oldest_first: whether the oldest frames are dropped when there is no room; else those of
                least worth.
        """
        if self._gap_start is None:
            self._gap_start = frame.clock
        self.note(frame)
        early = self.too_soon(frame)
        if early is not None and not self.keeps_links:
            return [early]
        self.frames[frame.stamp] = frame
        size = frame.scores.width * frame.scores.height * BYTES_A_PIXEL
        if len(self.frames) <= max(LEAST_ROOM, self.config.max_waiting_bytes // size):
            return []
        gone = min(
            (other for other in self.frames.values() if other is not frame),
            key=lambda other: other.stamp if oldest_first else other.worth,
        )
        del self.frames[gone.stamp]
        which = "the oldest" if oldest_first else "of least worth"
        sentence = f"{self.config.max_waiting_bytes} bytes of frames wait; this one is {which}."
        return [gone.decided(Reason.ROOM_FULL, sentence)]

    def note(self, frame: Candidate) -> None:
        """Note the newest frame, which is not among the waiting ones yet."""
        self._newest = frame.stamp

    @property
    def keeps_links(self) -> bool:
        """Return whether a frame may be forwarded too soon, where the overlap asks for it."""
        return self.config.mode is Mode.WINDOW and self.config.min_overlap > 0.0

    def clearest_of_newest(self) -> list[Candidate]:
        """Return the waiting frames that are clearer than all newer ones, the newest first."""
        best, found = 0.0, []
        for frame in reversed(self.frames.values()):
            clearness = min(1.0, frame.scores.relative)
            if clearness > best:
                best = clearness
                found.append(frame)
        return found

    def candidates(self) -> list[Candidate]:
        """Return the waiting frames that do not follow the last keyframe too soon."""
        return [frame for frame in self.frames.values() if self.too_soon(frame) is None]

    def too_soon(self, frame: Candidate) -> Decision | None:
        """Return the decision to drop a frame too soon after a forwarded one, or None."""
        if self.last is None:
            return None
        gap = frame.stamp - self.last.stamp
        if gap >= self.config.min_gap_ns:
            return None
        return frame.decided(
            Reason.MIN_GAP,
            f"Only {seconds(gap)} after the last forwarded frame; the least is "
            f"{self.config.min_gap_s:.3f} s.",
        )

    def below_floor(self, frame: Candidate) -> Decision | None:
        """Return the decision to drop a frame whose own scores are too low, or None."""
        config, scores = self.config, frame.scores
        if self.is_blank(frame):
            sentence = (
                f"The picture is black, white or blank (quality {scores.quality:.3f}, "
                f"{100 * scores.clipped:.0f} % clipped)."
            )
            return frame.decided(Reason.BELOW_QUALITY, sentence)
        for reason, name, value, floor in (
            (Reason.BELOW_QUALITY, "Relative quality", scores.relative, config.quality_floor),
            (Reason.BELOW_CONTENT, "Content", scores.content, config.content_floor),
            (Reason.BELOW_PARALLAX, "Parallax", scores.parallax, config.parallax_floor),
        ):
            if value < floor:
                return frame.decided(reason, f"{name} {value:.4g} is below the floor {floor:g}.")
        return None

    def is_blank(self, frame: Candidate) -> bool:
        """Return whether a picture is black, white or blank, whatever the stream is like."""
        return frame.scores.quality < BLANK_QUALITY or frame.scores.clipped > BLANK_CLIPPED

    @property
    def new_content(self) -> float:
        """Return the content that is reason enough for a keyframe in a known view."""
        return max(NEW_CONTENT, self.config.content_floor)

    def rests(self, frame: Candidate) -> bool:
        """Return whether the camera has not moved since the last keyframe and shows nothing new."""
        if self.last is None or frame.scores.content >= self.new_content:
            return False
        if self.resized or frame.scores.motion >= LOST:
            return False
        before, after = self.last.scores, frame.scores
        moved = None
        if self.config.by_odometry:
            moved = driven(before, after, REST_M, REST_DEG)
        if moved is None:
            moved = abs(after.travelled - before.travelled) / REST
            if moved < 1.0 and before.corners is not None and after.corners is not None:
                moved = far_motion(before.corners, after.corners) / REST
        return moved < 1.0

    def at_rest(self, frame: Candidate) -> list[Decision]:
        """Decide on a frame of a resting camera: drop it unless the heartbeat is due."""
        gap = frame.stamp - self.last.stamp if self.last is not None else 0
        if 0 < self.config.heartbeat_ns <= gap:
            self.frames[frame.stamp] = frame
            return self.forward(
                frame,
                Reason.HEARTBEAT,
                f"The camera rests; {seconds(gap)} after the last forwarded frame.",
            )
        sentence = "The camera rests and shows nothing new since the last forwarded frame."
        return [frame.decided(Reason.AT_REST, sentence)]

    def forward(
        self, chosen: Candidate, reason: Reason, sentence: str, request: int | None = None
    ) -> list[Decision]:
        """Forward a frame; drop all earlier frames and those that now follow too closely."""
        self.last = chosen
        self.resized = False
        self.forwarded += 1
        self.newest_at_choice = max(self._newest, chosen.stamp)
        self._gap_start = chosen.clock
        decisions = [chosen.decided(reason, sentence, request)]
        kept = {}
        for frame in self.frames.values():
            if frame.stamp < chosen.stamp:
                decisions.append(self._lost(frame, chosen))
            elif frame is not chosen:
                early = self.too_soon(frame)
                if early is None or self.keeps_links:
                    kept[frame.stamp] = frame
                else:
                    decisions.append(early)
        self.frames = kept
        return decisions

    def clear(
        self, frames: Iterable[Candidate], why: Callable[[Candidate], Decision]
    ) -> list[Decision]:
        """Drop frames.

        Args:
            frames: waiting frames to drop.
            why: makes the decision on a frame whose own scores give no reason to drop it.
        """
        decisions = []
        for frame in list(frames):
            del self.frames[frame.stamp]
            early = self.too_soon(frame) if self.keeps_links else None
            decisions.append(early or self.below_floor(frame) or why(frame))
        return decisions

    def empty(self, reason: Reason, sentence: str) -> list[Decision]:
        """Drop every waiting frame."""
        leaving, self.frames = self.frames, {}
        return [frame.decided(reason, sentence) for frame in leaving.values()]

    def fallback(self) -> Candidate | None:
        """Return the best frame for when the longest gap is reached, above the floors if any is.

        A frame below the floors is better than none.
        """
        if self.config.max_gap_s == 0.0:
            return None
        return max(
            self.candidates(),
            key=lambda frame: (self.below_floor(frame) is None, frame.worth),
            default=None,
        )

    def deadline(self) -> int | None:
        """Return the clock value at which a frame must be forwarded; None if there is none."""
        if self.config.max_gap_s == 0.0 or self._gap_start is None:
            return None
        return self._gap_start + self.config.max_gap_ns

    def overdue(self, now: int) -> list[Decision]:
        """Forward a frame that is due because the clock ``now`` is past the deadline."""
        decisions: list[Decision] = []
        while (deadline := self.deadline()) is not None and now > deadline:
            at_hand = self.candidates()
            in_time = [frame for frame in at_hand if frame.clock <= deadline] or at_hand
            if not in_time:
                break
            best = max(in_time, key=lambda f: (self.below_floor(f) is None, f.worth))
            decisions += self.forward(
                best,
                Reason.MAX_GAP,
                f"No frame was forwarded for {self.config.max_gap_s:.3f} s; best of "
                f"{len(in_time)} at hand.",
            )
        return decisions

    def _lost(self, frame: Candidate, chosen: Candidate) -> Decision:
        return self.below_floor(frame) or frame.decided(
            Reason.NOT_BEST,
            f"The frame at {seconds(chosen.stamp)} was forwarded in its place.",
        )
