"""Scorer and selector joined, for a node and for its offline twin alike."""

from __future__ import annotations

import numpy as np

from mininet_ros.keyframes.decisions import Decision
from mininet_ros.keyframes.scorer import FrameScorer
from mininet_ros.keyframes.selector import KeyframeSelector


class KeyframePipeline:
    """Frames in, decisions out; what is forwarded is noted in the scorer.

    Whoever calls this keeps the frames' messages by stamp until their decision comes.

    Args:
        scorer: scores the frames.
        selector: decides on them.
    """

    def __init__(self, scorer: FrameScorer, selector: KeyframeSelector) -> None:
        self.scorer = scorer
        self.selector = selector

    def add(
        self,
        image: np.ndarray,
        mask: np.ndarray | None,
        confidence: np.ndarray | None,
        stamp_ns: int,
    ) -> list[Decision]:
        """Take in the next frame; see `FrameScorer.score` and `KeyframeSelector.add`.

        A frame whose stamp is refused is not scored.

        Raises:
            ValueError: an array has the wrong shape or type; the frame then counts as unseen.
        """
        refusal = self.selector.refuse(stamp_ns)
        if refusal is not None:
            return [refusal]
        scores = self.scorer.score(image, mask, confidence, stamp_ns)
        return self._noted(self.selector.add(scores))

    def request(self, stamp_ns: int) -> list[Decision]:
        """See `KeyframeSelector.request`."""
        return self._noted(self.selector.request(stamp_ns))

    def tick(self, now_ns: int) -> list[Decision]:
        """See `KeyframeSelector.tick`."""
        return self._noted(self.selector.tick(now_ns))

    def finish(self) -> list[Decision]:
        """See `KeyframeSelector.finish`; the scorer starts afresh, too."""
        decisions = self.selector.finish()
        self.scorer.reset()
        return decisions

    def _noted(self, decisions: list[Decision]) -> list[Decision]:
        for decision in decisions:
            if decision.forwarded:
                self.scorer.mark_sent(decision.stamp_ns)
        return decisions
