"""The frames that wait for a decision, and the gaps between those that are forwarded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.keyframes.selection.config import Mode, SelectorConfig
from mininet_ros.keyframes.selection.decisions import Decision, Reason
from mininet_ros.keyframes.selection.durations import seconds


@dataclass(frozen=True, eq=False)
class Candidate:
    """A scored frame.

    Attributes:
        scores: its scores.
        worth: what the selector maximises, at least 0.
        stamp: the frame's stamp, nanoseconds.
    """

    scores: FrameScores
    worth: float
    stamp: int

    @classmethod
    def of(cls, scores: FrameScores, config: SelectorConfig) -> Candidate:
        """The candidate that a frame of these scores is under these settings."""
        return cls(scores, worth_of(scores, config.base_content), scores.stamp_ns)

    def decided(self, reason: Reason, sentence: str, request: int | None = None) -> Decision:
        """The final decision on this frame."""
        return Decision(self.stamp, reason, sentence, self.scores, self.worth, request)

    def summary(self) -> str:
        """Its numbers in a few words."""
        return (
            f"worth {self.worth:.3f}: quality {self.scores.quality:.2f}, "
            f"content {self.scores.content:.2f}"
        )


def worth_of(scores: FrameScores, base_content: float) -> float:
    """What the selector maximises: `quality * (base_content + content)`, at least 0."""
    return scores.quality * (base_content + scores.content)


class WaitingRoom:
    """Frames without a decision, in the order of their stamps.

    Beside them two frames are kept in reserve, the best and the latest of those that lost since
    the last forwarded one, so that there is something to forward when the longest gap is reached
    and, if the next frame is late, something to bridge the time to it.
    """

    def __init__(self, config: SelectorConfig) -> None:
        self.config = config
        self.frames: dict[int, Candidate] = {}
        self.last_forwarded: int | None = None
        self._reserve: list[Candidate] = []
        self._gap_start: int | None = None

    def __len__(self) -> int:
        return len(self.frames) + len(self._reserve)

    def admit(self, frame: Candidate) -> list[Decision]:
        """Let a new frame wait; returns what has to go for it."""
        if self._gap_start is None:
            self._gap_start = frame.stamp
        early = self.too_soon(frame)
        if early is not None:
            return [early]
        self.frames[frame.stamp] = frame
        if len(self) <= self.config.max_waiting:
            return []
        oldest_first = self.config.mode is Mode.REQUEST
        gone = min(
            (other for other in self.frames.values() if other is not frame),
            key=lambda other: other.stamp if oldest_first else other.worth,
        )
        del self.frames[gone.stamp]
        sentence = f"More than {self.config.max_waiting} frames wait; this one is the " + (
            "oldest." if oldest_first else "least worth."
        )
        return [gone.decided(Reason.ROOM_FULL, sentence)]

    def too_soon(self, frame: Candidate) -> Decision | None:
        """The decision to drop a frame that follows the last forwarded one too closely."""
        if self.last_forwarded is None:
            return None
        gap = frame.stamp - self.last_forwarded
        if gap >= self.config.min_gap_ns:
            return None
        return frame.decided(
            Reason.MIN_GAP,
            f"Only {seconds(gap)} after the last forwarded frame; the least is "
            f"{self.config.min_gap_s:.3f} s.",
        )

    def below_floor(self, frame: Candidate) -> Decision | None:
        """The decision to drop a frame that is not good enough by itself; None if it is."""
        config, scores = self.config, frame.scores
        for reason, name, value, floor in (
            (Reason.BELOW_QUALITY, "Quality", scores.quality, config.quality_floor),
            (Reason.BELOW_CONTENT, "Content", scores.content, config.content_floor),
            (Reason.BELOW_PARALLAX, "Parallax", scores.parallax, config.parallax_floor_px),
        ):
            if value < floor:
                return frame.decided(reason, f"{name} {value:.4g} is below the floor {floor:g}.")
        return None

    def best_passing(self, frames: Iterable[Candidate]) -> Candidate | None:
        """The frame of most worth among those above all floors."""
        passing = (frame for frame in frames if self.below_floor(frame) is None)
        return max(passing, key=lambda frame: frame.worth, default=None)

    def forward(
        self, chosen: Candidate, reason: Reason, sentence: str, request: int | None = None
    ) -> list[Decision]:
        """Forward a frame; all earlier ones, and those that now follow too closely, are dropped."""
        self.last_forwarded = self._gap_start = chosen.stamp
        decisions = [chosen.decided(reason, sentence, request)]
        kept = []
        for frame in self._all():
            if frame.stamp < chosen.stamp:
                decisions.append(self._lost(frame, chosen))
            elif frame is not chosen:
                early = self.too_soon(frame)
                if early is None:
                    kept.append(frame)
                else:
                    decisions.append(early)
        self._reserve = [frame for frame in self._reserve if frame in kept]
        self.frames = {frame.stamp: frame for frame in kept if frame not in self._reserve}
        return decisions

    def clear(self, frames: Iterable[Candidate], reason: Reason, sentence: str) -> list[Decision]:
        """Drop frames that had their chance, but keep the best and the latest of them in reserve.

        Args:
            frames: which of the waiting frames.
            reason: said of a frame that has no failing of its own.
            sentence: the same for people.
        """
        leaving = list(frames)
        for frame in leaving:
            del self.frames[frame.stamp]
        leaving += self._reserve
        self._reserve = []
        if leaving and self.config.max_gap_s > 0.0:
            best = max(leaving, key=lambda frame: frame.worth)
            latest = max(leaving, key=lambda frame: frame.stamp)
            self._reserve = [best] if best is latest else [best, latest]
        return [
            self.below_floor(frame) or frame.decided(reason, sentence)
            for frame in leaving
            if frame not in self._reserve
        ]

    def empty(self, reason: Reason, sentence: str) -> list[Decision]:
        """Drop every frame, the reserve too."""
        leaving = sorted(self._all(), key=lambda frame: frame.stamp)
        self.frames = {}
        self._reserve = []
        return [frame.decided(reason, sentence) for frame in leaving]

    def deadline(self) -> int | None:
        """The stamp by which the next frame has to be forwarded; None if there is no such."""
        if self.config.max_gap_s == 0.0 or self._gap_start is None:
            return None
        return self._gap_start + self.config.max_gap_ns

    def overdue(self, now: int) -> list[Decision]:
        """Forward what has to be forwarded because `now` is past the deadline.

        Frames above the floors are preferred, but the dark is no excuse.
        """
        decisions: list[Decision] = []
        while (deadline := self.deadline()) is not None and now > deadline:
            at_hand = self._all()
            in_time = [frame for frame in at_hand if frame.stamp <= deadline] or at_hand
            if not in_time:
                break
            best = max(in_time, key=lambda f: (self.below_floor(f) is None, f.worth))
            decisions += self.forward(
                best,
                Reason.MAX_GAP,
                f"No frame was forwarded for {self.config.max_gap_s:.3f} s; best of "
                f"{len(in_time)} at hand ({best.summary()}).",
            )
        return decisions

    def _all(self) -> list[Candidate]:
        return [*self._reserve, *self.frames.values()]

    def _lost(self, frame: Candidate, chosen: Candidate) -> Decision:
        return self.below_floor(frame) or frame.decided(
            Reason.NOT_BEST,
            f"The frame at {seconds(chosen.stamp)} was preferred ({chosen.summary()}; "
            f"this one: {frame.summary()}).",
        )
