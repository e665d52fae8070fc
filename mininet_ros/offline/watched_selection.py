"""A selection of keyframes on the screen."""

from __future__ import annotations

import cv2

from mininet_ros.keyframes.cues.scores import FrameScores
from mininet_ros.offline.selection import DecidedFrame
from mininet_ros.sequences import LabelledFrame
from mininet_ros.view import Picture, View


class WatchedSelection:
    """Shows frames, scores and keyframes of a selection.

    Args:
        view: view that shows them.
        start_ns: time of stamp 0 of the frames on the source's own clock, nanoseconds.
    """

    def __init__(self, view: View, start_ns: int) -> None:
        self._view = view
        self._start_ns = start_ns

    def arrived(self, labelled: LabelledFrame) -> None:
        """Show a frame and its mask."""
        stamp_ns = self._start_ns + labelled.frame.stamp_ns
        image, mask = labelled.frame.image, labelled.mask
        self._view.picture(stamp_ns, Picture(image))
        if mask is not None:
            # A recorded mask may have the network's size.
            if mask.shape != image.shape[:2]:
                mask = cv2.resize(mask, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
            self._view.mask(stamp_ns, mask)

    def scored(self, frame: DecidedFrame) -> None:
        """Draw the scores of a frame."""
        scores = frame.decision.scores
        if scores is not None:
            self._view.scores(frame.stamp_ns, _curves(scores))

    def chosen(self, labelled: LabelledFrame) -> None:
        """Show a frame that is kept."""
        stamp_ns = self._start_ns + labelled.frame.stamp_ns
        self._view.keyframe(stamp_ns, Picture(labelled.frame.image))

    def decided(self, frame: DecidedFrame) -> None:
        """Say why a frame is kept; nothing for others."""
        decision = frame.decision
        if decision.forwarded:
            quality = None if decision.scores is None else decision.scores.relative
            self._view.reason(frame.stamp_ns, decision.sentence, quality)


def _curves(scores: FrameScores) -> dict[str, float]:
    return {"relative": scores.relative, "content": scores.content, "motion": scores.motion}
