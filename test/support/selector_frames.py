"""Scored frames for a selector, and what it decided on them: for tests of the selector."""

from __future__ import annotations

from mininet_ros.keyframes import (
    Decision,
    FrameScores,
    KeyframeSelector,
    Mode,
    Reason,
    SelectorConfig,
)

SECOND = 1_000_000_000
STEP = SECOND // 10
START = 100 * SECOND

WINDOW = SelectorConfig(window_time_s=1.0, window_motion=0.0, quality_floor=0.25)
REQUEST = SelectorConfig(mode=Mode.REQUEST, request_window_s=0.3, max_gap_s=0.0, quality_floor=0.25)
GATE = SelectorConfig(
    quality_floor=0.25, mode=Mode.GATE, min_gap_s=0.3, max_gap_s=3.0, gate_share=0.2
)


def frame(index: int, quality: float = 0.4, **scores: float) -> FrameScores:
    """The frame `index` tenths of a second after the start, of a camera that moves."""
    return FrameScores(
        **{
            "stamp_ns": START + index * STEP,
            "width": 640,
            "height": 480,
            "quality": quality,
            "relative": quality / 0.4,
            "parallax": 1.25,
            "travelled": 0.02 * max(0, index),
            "overlap": 1.0,
            "shared": 200,
            **scores,
        }
    )


def index_of(decision: Decision) -> int:
    return (decision.stamp_ns - START) // STEP


def forwarded(decisions: list[Decision]) -> list[int]:
    return [index_of(decision) for decision in decisions if decision.forwarded]


def reasons(decisions: list[Decision]) -> dict[int, Reason]:
    return {index_of(decision): decision.reason for decision in decisions}


def offer(selector: KeyframeSelector, scores: FrameScores) -> list[Decision]:
    """Give a frame to a selector; return every decision that it brings about."""
    refusal = selector.refuse(scores.stamp_ns)
    return [refusal] if refusal is not None else list(selector.add(scores).all)
