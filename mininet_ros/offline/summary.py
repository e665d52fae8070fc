"""Summary of a selection in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mininet_ros.keyframes import Outcome
from mininet_ros.offline.selection import DecidedFrame


@dataclass(frozen=True)
class Summary:
    """Figures of one selection.

    Attributes:
        frames: number of frames received.
        forwarded: number of frames forwarded.
        share: share of the frames that were forwarded, 0 to 1.
        duration_s: time from the first frame to the last, seconds.
        largest_gap_s: longest time without a forwarded frame, from the first frame of the recording
            to the last, seconds.
        delay_median_s: median time from the stamp of a forwarded frame to the stamp of the frame at
            which it was decided, seconds; segmentation and transport are not included.
        delay_longest_s: longest such time, seconds.
        forwarded_bytes: size of the forwarded frames, as JPEG with PNG masks.
        full_stream_bytes: size of all frames, as JPEG with PNG masks.
        without_mask: number of frames without a mask.
        reasons: number of frames by reason, most frequent first.
        team: number of forwarded frames by their outcome under the byte budget.
        team_bytes: size of the frames that the byte budget let through.
        answered: number of frames that answer a request.
        unanswered: reasons why requests have no answer, one sentence each.
    """

    frames: int
    forwarded: int
    share: float
    duration_s: float
    largest_gap_s: float
    delay_median_s: float
    delay_longest_s: float
    forwarded_bytes: int
    full_stream_bytes: int
    without_mask: int
    reasons: Mapping[str, int]
    team: Mapping[str, int]
    team_bytes: int
    answered: int = 0
    unanswered: tuple[str, ...] = ()

    @property
    def requests(self) -> int:
        """Return the number of requests, answered or not."""
        return self.answered + len(self.unanswered)


def summarize(
    frames: Sequence[DecidedFrame],
    team: Mapping[int, Outcome],
    unanswered: Sequence[str] = (),
) -> Summary:
    """Summarize a selection.

    Args:
        frames: all frames, at least one, in the order in which they came.
        team: outcome of forwarded frames under the byte budget, by index.
        unanswered: reasons why requests have no answer, one sentence each.
    """
    forwarded = [frame for frame in frames if frame.decision.forwarded]
    stamps = [frames[0].stamp_ns, *(f.stamp_ns for f in forwarded), frames[-1].stamp_ns]
    reasons = Counter(frame.decision.reason.value for frame in frames)
    delays = [frame.delay_ns for frame in forwarded] or [0]
    outcomes = Counter(outcome.value for outcome in team.values())
    sent = {index for index, outcome in team.items() if outcome is Outcome.SENT}
    return Summary(
        frames=len(frames),
        forwarded=len(forwarded),
        share=len(forwarded) / len(frames),
        duration_s=(frames[-1].stamp_ns - frames[0].stamp_ns) / 1e9,
        largest_gap_s=float(np.diff(stamps).max()) / 1e9,
        delay_median_s=float(np.median(delays)) / 1e9,
        delay_longest_s=max(delays) / 1e9,
        forwarded_bytes=sum(frame.payload.size for frame in forwarded),
        full_stream_bytes=sum(frame.payload.size for frame in frames),
        without_mask=sum(frame.payload.mask_bytes == 0 for frame in frames),
        reasons=dict(reasons.most_common()),
        team=dict(outcomes),
        team_bytes=sum(frame.payload.size for frame in forwarded if frame.index in sent),
        answered=sum(frame.decision.request_ns is not None for frame in forwarded),
        unanswered=tuple(unanswered),
    )
