"""The best frames of a recording in an exact number, in place of the online rule's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from mininet_ros.keyframes import ConfigError, Decision, Reason
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.offline.coverage import View
from mininet_ros.offline.evaluation import JudgedFrame
from mininet_ros.offline.exact import ExactChoice, choose_exactly
from mininet_ros.offline.selection import DecidedFrame
from mininet_ros.offline.source import Source
from mininet_ros.sequences import LabelledFrame


@dataclass(frozen=True)
class Size:
    """Number of frames to choose; one of the attributes is given.

    Attributes:
        count: number of frames, at least 1.
        share: share of all frames, above 0 to 1; at least one frame is chosen.
    """

    count: int | None = None
    share: float | None = None

    def of(self, frames: int, shortened: bool = False) -> int:
        """Return the number of frames to choose from a given number.

        Args:
            frames: number of all frames.
            shortened: True to choose all frames where there are fewer than ``count``.

        Raises:
            ConfigError: there are fewer frames than ``count``.
        """
        if self.count is None:
            return max(1, round((self.share or 0.0) * frames))
        if shortened:
            return min(self.count, frames)
        if self.count > frames:
            raise ConfigError(
                f"--count {self.count} asks for more frames than there are: give at most {frames}"
            )
        return self.count


@dataclass(frozen=True)
class ExactSelection:
    """Result of the exact choice beside that of the online rule.

    Attributes:
        choice: the chosen frames.
        min_overlap: share of a chosen frame's corners that the next one should show, 0 to 1.
        online: indices of the frames that the online rule forwards.
        decided: all frames, with decisions that say which ones were chosen.
    """

    choice: ExactChoice
    min_overlap: float
    online: tuple[int, ...]
    decided: Sequence[DecidedFrame]

    def overlap_sentence(self) -> str:
        """Return the overlap of neighbours for people; one clause without a full stop."""
        wanted = f"{100 * self.min_overlap:.0f} %"
        if len(self.choice.chosen) < 2:
            return "a single frame has no neighbour to overlap with"
        if not self.min_overlap:
            return "no overlap between neighbours was asked for"
        if not self.choice.broken:
            return f"each shows at least {wanted} of the corners of the one before it"
        pairs = f"{self.choice.broken} of {len(self.choice.chosen) - 1} pairs of neighbours"
        if self.choice.needed > len(self.choice.chosen):
            return (
                f"{pairs} share less than {wanted}: to share that all the way takes "
                f"{self.choice.needed} frames"
            )
        return f"{pairs} share less than {wanted}, where no frame between them does"

    @property
    def same(self) -> int:
        """Return the number of frames that both ways have chosen."""
        return len(set(self.choice.chosen) & set(self.online))


def select_exactly(
    decided: Sequence[DecidedFrame],
    views: Sequence[View],
    judged: Sequence[JudgedFrame],
    settings: KeyframeSettings,
    count: int,
) -> ExactSelection:
    """Choose from a whole recording.

    Args:
        decided: all frames, with the decisions of the online rule.
        views: contents of the same frames.
        judged: the same frames, with the things that they show.
        settings: settings of the selection.
        count: number of frames to choose, from 1 to the number of all frames.
    """
    view_weight = settings.selector.base_content if settings.targets() else 1.0
    min_overlap = settings.selector.min_overlap
    choice = choose_exactly(views, count, min_overlap, view_weight)
    chosen = set(choice.chosen)
    return ExactSelection(
        choice,
        min_overlap,
        tuple(frame.index for frame in decided if frame.decision.forwarded),
        [
            _redecided(frame, seen, frame.index in chosen, count)
            for frame, seen in zip(decided, judged, strict=True)
        ],
    )


def write_chosen(
    source: Source, exact: ExactSelection, write: Callable[[int, LabelledFrame], None]
) -> None:
    """Read the recording again, and call ``write`` with each chosen frame and its index.

    The recording is read to its end, so that the source reports the same problems as before.

    Raises:
        OSError: a file cannot be written.
        ValueError: a frame cannot be read.
    """
    wanted = set(exact.choice.chosen)
    for index, labelled in enumerate(islice(source.labelled(), len(exact.decided))):
        if index in wanted:
            write(index, labelled)


def _redecided(frame: DecidedFrame, judged: JudgedFrame, chosen: bool, count: int) -> DecidedFrame:
    """Return the frame with its final decision, and scores as if nothing had been sent."""
    if chosen:
        reason, sentence = Reason.IN_SET, f"One of the {count} frames that cover the recording."
    else:
        reason = Reason.NOT_IN_SET
        sentence = f"The {count} chosen frames cover the recording better without it."
    decision = Decision(frame.stamp_ns, reason, sentence, judged.scores)
    return replace(frame, decision=decision, delay_ns=0)
