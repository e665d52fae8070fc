"""What holds for the selector on every stream, however odd."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from selector_frames import offer

from mininet_ros.keyframes import Decision, FrameScores, KeyframeSelector, Mode, SelectorConfig
from mininet_ros.keyframes.selection.decisions import Reason
from mininet_ros.keyframes.selection.durations import in_nanoseconds
from mininet_ros.keyframes.selection.waiting import BYTES_A_PIXEL, LEAST_ROOM

SECOND = 1_000_000_000
MILLISECOND = 1_000_000
START = 1000 * SECOND

numbers = st.floats(0.0, 1.0)

unpaced = st.builds(
    SelectorConfig,
    mode=st.sampled_from(Mode),
    min_gap_s=st.sampled_from([0.0, 0.1, 0.5]),
    max_gap_s=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    window_motion=st.sampled_from([0.02, 0.1]),
    window_start=st.sampled_from([0.0, 0.5]),
    window_tolerance=st.sampled_from([0.85, 1.0]),
    min_overlap=st.sampled_from([0.0, 0.4]),
    heartbeat_s=st.sampled_from([0.0, 1.0]),
    revisit_share=st.sampled_from([0.0, 0.5, 1.0]),
    window_time_s=st.sampled_from([0.0, 0.4, 2.0]),
    request_window_s=st.sampled_from([0.0, 0.2, 1.0]),
    request_latency_s=st.sampled_from([0.0, 0.5]),
    gate_share=st.sampled_from([0.1, 1.0]),
    gate_memory=st.sampled_from([1, 20]),
    quality_floor=st.sampled_from([0.0, 0.3, 1.0]),
    content_floor=st.sampled_from([0.0, 0.3]),
    parallax_floor=st.sampled_from([0.0, 0.05]),
    pause_s=st.sampled_from([0.3, 2.0]),
    max_waiting_bytes=st.sampled_from([1, 8_000_000, 100_000_000]),
)


def at_a_rate(config: SelectorConfig, keyframe_rate_hz: float) -> SelectorConfig:
    return replace(config, window_start=0.0, keyframe_rate_hz=keyframe_rate_hz)


configs = st.one_of(unpaced, st.builds(at_a_rate, unpaced, st.sampled_from([0.2, 2.0, 100.0])))

# A step is milliseconds since the newest frame, and the scores of the next one.
steps = st.tuples(
    st.one_of(st.integers(1, 150), st.integers(1, 4000)), numbers, numbers, numbers, st.booleans()
)
faulty_steps = st.tuples(
    st.one_of(st.integers(-20_000, 4000), st.integers(-5, 5)),
    numbers,
    numbers,
    numbers,
    st.booleans(),
)


def a_frame(stamp_ns: int, **scores: float) -> FrameScores:
    way = (stamp_ns - START) / SECOND
    return FrameScores(stamp_ns=stamp_ns, width=640, height=480, travelled=way, **scores)


def most_waiting(config: SelectorConfig) -> int:
    """Frames of 640x360 that may wait."""
    return max(LEAST_ROOM, config.max_waiting_bytes // (640 * 360 * BYTES_A_PIXEL))


@dataclass
class Run:
    """One stream through the selector, with all that was seen on the way."""

    selector: KeyframeSelector
    offered: list[int] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    restarted_at: list[int] = field(default_factory=list)

    def play(self, stream: list) -> Run:
        newest, way = START, 0.0
        for index, (step, quality, content, motion, asks) in enumerate(stream):
            stamp = max(1, newest + step * MILLISECOND)
            newest = stamp if stamp > newest or newest - stamp > SECOND // 2 else newest
            # A camera that always moves; how it rests is another matter.
            way += 0.011 + 0.05 * motion
            scores = FrameScores(
                stamp_ns=stamp,
                width=640,
                height=480 if index % 37 else 360,
                quality=quality,
                relative=quality,
                content=content,
                motion=0.05 * motion,
                travelled=way,
                parallax=motion,
                overlap=1.0 - motion,
                shared=200 - round(200 * motion),
                known=content,
            )
            before = self.selector.statistics().restarts
            self.offered.append(stamp)
            self.decisions += offer(self.selector, scores)
            if self.selector.statistics().restarts > before:
                self.restarted_at.append(stamp)
            if asks:
                self.decisions += self.selector.request(stamp - index % 5 * 100 * MILLISECOND)
            waiting = self.selector.statistics().waiting
            assert waiting <= most_waiting(self.selector.config)
            assert len(self.offered) == len(self.decisions) + waiting
        self.decisions += self.selector.finish()
        return self

    def forwarded(self) -> list[int]:
        return [decision.stamp_ns for decision in self.decisions if decision.forwarded]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs, stream=st.lists(steps, max_size=80))
def test_on_an_orderly_stream(config: SelectorConfig, stream: list) -> None:
    run = Run(KeyframeSelector(config)).play(stream)
    forwarded = run.forwarded()
    least, most = max(1, in_nanoseconds(config.min_gap_s)), in_nanoseconds(config.max_gap_s)
    gaps = list(pairwise(forwarded))
    linked = {d.stamp_ns for d in run.decisions if d.reason is Reason.KEPT_OVERLAP}
    assert all(later - earlier >= least or later in linked for earlier, later in gaps)
    if not most:
        return
    for earlier, later in gaps:
        if later - earlier > most:
            # Only for want of a frame in time. The gate cannot know when the next one comes.
            in_time = [stamp for stamp in run.offered if least <= stamp - earlier <= most]
            if config.mode is Mode.GATE:
                after = [stamp for stamp in run.offered if stamp - earlier > most]
                assert later == after[0]
            else:
                assert not in_time
    last = forwarded[-1] if forwarded else (run.offered[0] if run.offered else 0)
    assert not run.offered or run.offered[-1] - last <= most


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs, stream=st.lists(faulty_steps, max_size=80))
def test_on_a_faulty_stream(config: SelectorConfig, stream: list) -> None:
    run = Run(KeyframeSelector(config)).play(stream)
    assert Counter(run.offered) == Counter(decision.stamp_ns for decision in run.decisions)
    assert all(decision.sentence for decision in run.decisions)
    counted = run.selector.statistics().decided
    assert counted == Counter(decision.reason for decision in run.decisions)
    # Between two restarts no stamp is forwarded twice, and stamps only increase.
    forwarded = run.forwarded()
    falls = sum(later <= earlier for earlier, later in pairwise(forwarded))
    assert falls <= len(run.restarted_at)
    assert max(Counter(forwarded).values(), default=0) <= 1 + len(run.restarted_at)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs, stream=st.lists(steps, min_size=1, max_size=40))
def test_after_a_jump_back_the_selector_decides_like_a_new_one(
    config: SelectorConfig, stream: list
) -> None:
    used, new = KeyframeSelector(config), KeyframeSelector(config)
    future = START + 10_000 * SECOND
    for index in range(5):
        offer(used, a_frame(future + index * 100 * MILLISECOND, quality=0.5))
    used.request(future)
    stamp = START
    for step, quality, content, motion, asks in stream:
        stamp += step * MILLISECOND
        scores = a_frame(stamp, quality=quality, content=content, motion=motion, relative=quality)
        expected = offer(new, scores) + (new.request(stamp) if asks else [])
        got = offer(used, scores) + (used.request(stamp) if asks else [])
        assert [decision for decision in got if decision.stamp_ns < future] == expected
    assert used.finish() == new.finish()
