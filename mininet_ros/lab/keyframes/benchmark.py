"""The selector against other ways of choosing as many frames, on sequences with truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any

import cv2
import numpy as np

from mininet_ros.keyframes import FrameScorer, Mode
from mininet_ros.keyframes.cues.observation import Observation
from mininet_ros.keyframes.cues.part_times import PartTimes
from mininet_ros.keyframes.cues.scorer import FrameObserver
from mininet_ros.keyframes.settings import KeyframeSettings
from mininet_ros.lab.keyframes.true_sequences import TrueFrame, TrueSequence
from mininet_ros.offline.baselines import BASELINES, even_choice, random_choice
from mininet_ros.offline.evaluation import (
    JudgedFrame,
    SelectionMetrics,
    judge_frame,
    measure_selection,
)

OURS = "ours"
BUDGETS = (0.02, 0.05, 0.1, 0.2)
RANDOM_DRAWS = 20
SINGLE_CUES = ("parallax", "quality", "semantics", "sharpest_of_window")
EVERY_N_PHASES = "every_n_phases"
"""Name of the mean over all phases of every-N, beside the one that ``every_n`` takes."""

# Rates that are tried, as multiples of the budget's: a camera that rests gets no keyframes, and a
# short sequence gets one more than its rate says.
RATES = (0.25, 4.0)
SEARCH_STEPS = 8


@dataclass(frozen=True)
class ScoringCost:
    """What the scores of a frame take.

    Attributes:
        width: of the camera image, pixels.
        height: of the camera image, pixels.
        ms_per_frame: milliseconds by part, mean over the frames of the fastest run so far.
    """

    width: int
    height: int
    ms_per_frame: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What each way of choosing reached on one sequence at one budget.

    Attributes:
        sequence: its name.
        budget: share of the frames that might be chosen, 0 to 1.
        length: frames of the sequence.
        frames: how many were chosen: as many as ours took within the budget, by all.
        selectors: metrics by the name of the way of choosing; ``ours`` comes first.
        cost: of our scores.
    """

    sequence: str
    budget: float
    length: int
    frames: int
    selectors: dict[str, SelectionMetrics]
    cost: ScoringCost


def benchmark_sequence(
    sequence: TrueSequence,
    settings: KeyframeSettings,
    budgets: Sequence[float],
    progress: Callable[[Iterable[TrueFrame], int | None], Iterable[TrueFrame]],
) -> list[Outcome]:
    """Judge all ways of choosing on one sequence.

    Args:
        sequence: with its truth.
        settings: of the selector; see :func:`select_within`.
        budgets: shares of the frames, above 0 to 1.
        progress: wraps the frames, told their number if it is known.

    Returns:
        One outcome for each budget.
    """
    judged, search = _watched(sequence, settings, progress)
    outcomes = []
    for budget in budgets:
        ours = search.select_within(max(1, round(budget * len(judged))))
        selectors = {OURS: measure_selection(judged, ours)}
        for name in BASELINES:
            selectors[name] = _measured(judged, name, max(1, len(ours)))
            if name == "every_n":
                selectors[EVERY_N_PHASES] = _mean_of_phases(judged, max(1, len(ours)))
        scores = judged[0].scores
        cost = ScoringCost(scores.width, scores.height, search.ms_per_frame)
        outcomes.append(Outcome(sequence.name, budget, len(judged), len(ours), selectors, cost))
    return outcomes


def _watched(
    sequence: TrueSequence,
    settings: KeyframeSettings,
    progress: Callable[[Iterable[TrueFrame], int | None], Iterable[TrueFrame]],
) -> tuple[list[JudgedFrame], _Search]:
    """Look at every frame once: what does not depend on the selection is the same in all runs."""
    times = PartTimes()
    observer = FrameObserver(settings.targets(), sequence.classes, times)
    scorer = FrameScorer(settings.targets(), sequence.classes)
    observed, judged = [], []
    for frame in progress(sequence.frames(), sequence.length):
        labelled = frame.labelled
        image, stamp_ns = labelled.frame.image, labelled.frame.stamp_ns
        confidence = labelled.confidence if settings.use_confidence else None
        with _one_core():
            observed.append(observer.observe(image, labelled.mask, confidence, stamp_ns))
        judged.append(judge_frame(scorer.judge(observed[-1]), frame.sightings, image))
    return judged, _Search(observed, settings, sequence.classes, times.mean_ms())


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep OpenCV from spreading its work, whose time is then that of the calling thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def advantage(outcome: Outcome) -> dict[str, Any]:
    """How ours compares: with the best that follows a single cue, the bound, and every-N.

    Returns:
        ``best_single_cue``, its name; ``recall_over_single_cue`` and ``recall_over_bound``, ratios
        of instance recall; ``cut_over_every_n``, the ratio of cut shares. A ratio over 0 is None.
    """
    metrics = outcome.selectors
    best = max(SINGLE_CUES, key=lambda name: metrics[name].instance_recall)
    ours = metrics[OURS]
    return {
        "best_single_cue": best,
        "recall_over_single_cue": _ratio(ours.instance_recall, metrics[best].instance_recall),
        "recall_over_bound": _ratio(ours.instance_recall, metrics["greedy_bound"].instance_recall),
        "cut_over_every_n": _ratio(ours.cut_share, metrics["every_n"].cut_share),
    }


def _ratio(value: float, reference: float) -> float | None:
    return value / reference if reference > 0.0 else None


def mean_outcome(outcomes: Sequence[Outcome], name: str) -> Outcome:
    """The mean over sequences of the same budget, each counting the same."""
    selectors = {
        selector: _mean([outcome.selectors[selector] for outcome in outcomes])
        for selector in outcomes[0].selectors
    }
    return Outcome(
        name,
        outcomes[0].budget,
        sum(outcome.length for outcome in outcomes),
        sum(outcome.frames for outcome in outcomes),
        selectors,
        _mean_cost([outcome.cost for outcome in outcomes]),
    )


def _mean_cost(costs: Sequence[ScoringCost]) -> ScoringCost:
    parts = costs[0].ms_per_frame
    means = {part: float(np.mean([cost.ms_per_frame[part] for cost in costs])) for part in parts}
    return replace(costs[0], ms_per_frame=means)


def _measured(judged: Sequence[JudgedFrame], name: str, count: int) -> SelectionMetrics:
    if name != "random":
        return measure_selection(judged, BASELINES[name](judged, count))
    draws = [random_choice(judged, count, seed) for seed in range(RANDOM_DRAWS)]
    return _mean([measure_selection(judged, draw) for draw in draws])


def _mean_of_phases(judged: Sequence[JudgedFrame], count: int) -> SelectionMetrics:
    phases = max(1, len(judged) // count)
    places = [(phase + 0.5) / phases for phase in range(phases)]
    choices = [even_choice(len(judged), count, place) for place in places]
    return _mean([measure_selection(judged, choice) for choice in choices])


def _mean(metrics: Sequence[SelectionMetrics]) -> SelectionMetrics:
    means: dict[str, Any] = {
        field.name: float(np.mean([getattr(m, field.name) for m in metrics]))
        for field in fields(SelectionMetrics)
    }
    means |= {name: round(means[name]) for name in ("frames", "bytes")}
    return SelectionMetrics(**means)


class _Search:
    """Runs the selector with different rates of keyframes until a budget is met."""

    def __init__(
        self,
        frames: Sequence[Observation],
        settings: KeyframeSettings,
        classes: Sequence[str],
        observing_ms: Mapping[str, float],
    ) -> None:
        self._frames = frames
        self._settings = settings
        self._classes = classes
        self._observing_ms = observing_ms
        span = (frames[-1].stamp_ns - frames[0].stamp_ns) / 1e9
        self._duration_s = span * len(frames) / max(1, len(frames) - 1) or 1.0
        self.ms_per_frame: dict[str, float] = {}

    def select_within(self, count: int) -> list[int]:
        """Indices of the most frames, at most ``count``, that the selector can be brought to take.

        ``keyframe_rate_hz`` is varied until as many frames are taken. No floor of content and no
        gap forces or forbids a frame. All else is as the settings say.
        """
        best: list[int] = []
        low, high = RATES
        for _ in range(SEARCH_STEPS):
            middle = float(np.sqrt(low * high))
            chosen = self._run(middle * count / self._duration_s)
            if len(chosen) > count:
                high = middle
                continue
            low = middle
            best = max(best, chosen, key=len)
            if len(best) == count:
                break
        return best

    def _run(self, rate_hz: float) -> list[int]:
        selector = replace(
            self._settings.selector,
            mode=Mode.WINDOW,
            keyframe_rate_hz=rate_hz,
            window_start=0.0,
            window_tolerance=1.0,
            min_overlap=0.0,
            revisit_share=1.0,
            content_floor=0.0,
            min_gap_s=0.0,
            max_gap_s=0.0,
        )
        pipeline = replace(self._settings, selector=selector).pipeline(self._classes)
        decisions = [
            decision
            for frame in self._frames
            for decision in pipeline.add_observed(frame).decisions
        ]
        decisions += pipeline.finish()
        self._note_cost(pipeline.scorer.times.spent, len(self._frames))
        index_of = {frame.stamp_ns: index for index, frame in enumerate(self._frames)}
        return sorted(index_of[d.stamp_ns] for d in decisions if d.forwarded)

    def _note_cost(self, seconds: Mapping[str, float], frames: int) -> None:
        """Keep the cheapest run: what else the machine does only ever makes it slower."""
        own_ms = {part: 1e3 * taken / frames for part, taken in seconds.items()}
        parts = dict.fromkeys([*self._observing_ms, *own_ms])
        cost = {part: self._observing_ms.get(part, 0.0) + own_ms.get(part, 0.0) for part in parts}
        if not self.ms_per_frame or sum(cost.values()) < sum(self.ms_per_frame.values()):
            self.ms_per_frame = cost
