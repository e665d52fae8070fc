"""Scorer and selector combined, for the node and for offline selection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mininet_ros.keyframes.cues.observation import Observation
from mininet_ros.keyframes.cues.scorer import FrameScorer
from mininet_ros.keyframes.cues.scores import FrameScores, Pose
from mininet_ros.keyframes.selection.config import SelectorConfig
from mininet_ros.keyframes.selection.decisions import FORWARDING, Decision, Step
from mininet_ros.keyframes.selection.selector import KeyframeSelector


class KeyframePipeline:
    """Takes frames and returns decisions; notes forwarded frames in the scorer.

    The caller keeps the messages of a frame, by stamp, until the decision on it.

    Args:
        scorer: scores the frames.
        selector: decides on them.
    """

    def __init__(self, scorer: FrameScorer, selector: KeyframeSelector) -> None:
        self.scorer = scorer
        self.selector = selector
        self._remember_all()

    def add(
        self,
        image: np.ndarray,
        mask: np.ndarray | None,
        confidence: np.ndarray | None,
        stamp_ns: int,
        pose: Pose | None = None,
    ) -> Step:
        """Process the next frame; see ``FrameScorer.score`` and ``KeyframeSelector.add``.

        A frame whose stamp is refused is not scored. ``pose`` is the robot's pose from its
        odometry.

        Raises:
            ValueError: an array has the wrong shape or type; the frame then counts as never
                received.
        """
        refusal = self.selector.refuse(stamp_ns)
        if refusal is not None:
            return Step(refused=refusal)
        scores = self.scorer.score(image, mask, confidence, stamp_ns)
        return self._decide(scores if pose is None else replace(scores, pose=pose))

    def add_observed(self, frame: Observation) -> Step:
        """Process the next frame, already observed; see ``FrameScorer.judge``."""
        refusal = self.selector.refuse(frame.stamp_ns)
        if refusal is not None:
            return Step(refused=refusal)
        return self._decide(self.scorer.judge(frame))

    def request(self, stamp_ns: int) -> list[Decision]:
        """Request a frame; see ``KeyframeSelector.request``."""
        return self._noted(self.selector.request(stamp_ns))

    def tick(self, now_ns: int) -> list[Decision]:
        """Note that time passes; see ``KeyframeSelector.tick``."""
        return self._noted(self.selector.tick(now_ns))

    def finish(self) -> list[Decision]:
        """End the stream and reset the scorer; see ``KeyframeSelector.finish``."""
        decisions = self.selector.finish()
        self.scorer.reset()
        return decisions

    def configure(
        self, config: SelectorConfig, scorer: FrameScorer | None = None
    ) -> list[Decision]:
        """Change the settings while the stream runs; see ``KeyframeSelector.configure``.

        Args:
            config: settings of the selector from now on.
            scorer: replaces the present scorer, for other targets; the memory of sent things is
                lost.
        """
        decisions = self._noted(self.selector.configure(config))
        if scorer is not None:
            self.scorer = scorer
        self._remember_all()
        return decisions

    def _remember_all(self) -> None:
        """Make the scorer remember every frame until its decision, however long that takes."""
        self.scorer.history = None

    def _decide(self, scores: FrameScores) -> Step:
        # The scorer was reset by the jump back too, so it does not know the frames before it.
        step = self.selector.add(scores)
        self._note(step.decisions)
        return step

    def _noted(self, decisions: list[Decision]) -> list[Decision]:
        self._note(decisions)
        return decisions

    def _note(self, decisions: Sequence[Decision]) -> None:
        for decision in decisions:
            if decision.reason in FORWARDING:
                self.scorer.mark_sent(decision.stamp_ns)
            self.scorer.forget(decision.stamp_ns)
