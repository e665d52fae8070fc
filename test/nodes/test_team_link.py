"""What team mates get of the keyframes: within the budget, the best first."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from keyframe_rig import (
    DEEP,
    EVERY_FRAME,
    Rig,
    known_classes,  # noqa: F401 - a fixture
    numbers,
)
from rosgraph_msgs.msg import Clock

pytestmark = pytest.mark.usefixtures("known_classes")


def team_bytes(rig: Rig) -> int:
    """Bytes of what team mates received, without the messages' own framing."""
    messages = [*rig.team_images, *rig.team_masks]
    return sum(len(message.data) for message in messages)


def test_team_mates_get_what_the_budget_allows_and_the_best_of_what_waits(graph):
    rig = Rig(
        graph,
        listen_to=("scores", "team_images", "team_masks"),
        use_sim_time=True,
        team_bytes_per_s=1000,
        team_burst_bytes=12_000,
        team_waiting=2,
        **EVERY_FRAME,
    )
    clock = graph.publisher(Clock, "/clock", DEEP)
    graph.spin_until(lambda: clock.get_subscription_count())
    graph.spin_for(0.3)

    def tell(seconds: int) -> None:
        tick = Clock()
        tick.clock.sec = seconds
        clock.publish(tick)
        graph.spin_until(lambda: rig.node.get_clock().now().nanoseconds == seconds * 10**9)
        graph.spin_for(0.5)

    tell(100)
    rig.play(*range(20))
    rig.wait_for_scores(19)
    graph.spin_for(0.5)
    first = numbers(rig.team_images)
    assert 0 < len(first) < 10, "time stands still: the burst is spent"
    assert team_bytes(rig) <= 12_000
    _, values = rig.report(lambda status, values: values["team_waiting"] == "2")
    assert team_bytes(rig) <= int(values["team_sent_bytes"]) <= 12_000
    assert int(values["team_crowded_out"]) == int(values["team_offered"]) - len(first) - 2

    tell(110)
    graph.spin_until(lambda: len(rig.team_images) > len(first))
    assert team_bytes(rig) <= 12_000 + 10 * 1000
    late = numbers(rig.team_images)[len(first)]
    left = {
        frame["number"]: float(frame["worth"])
        for frame in rig.wait_for_scores(19)
        if frame["forwarded"] == "1" and frame["number"] not in first
    }
    assert left[late] == max(left.values())


def test_a_frame_larger_than_the_burst_is_never_sent_and_named(graph):
    rig = Rig(
        graph,
        listen_to=("images", "team_images", "team_masks"),
        team_burst_bytes=100,
        **EVERY_FRAME,
    )
    rig.play(*range(5))
    graph.spin_until(lambda: len(rig.images) >= 3)
    assert "exceed the burst of 100 bytes" in rig.warning("too large for team mates")
    assert not rig.team_images


def test_a_jump_back_in_time_clears_what_waits_for_the_budget(graph):
    rig = Rig(
        graph,
        listen_to=("images", "team_images"),
        team_bytes_per_s=1,
        team_burst_bytes=9_000,
        **EVERY_FRAME,
    )
    rig.play(*range(50, 60))
    rig.report(lambda status, values: int(values["team_waiting"]) > 0)
    rig.play(0)
    rig.report(lambda status, values: int(values["team_cleared"]) > 0)


def test_another_budget_takes_effect_while_the_node_runs(graph):
    rig = Rig(
        graph,
        listen_to=("scores", "team_images"),
        team_bytes_per_s=1,
        team_burst_bytes=12_000,
        **EVERY_FRAME,
    )
    rig.play(*range(10))
    rig.wait_for_scores(9)
    rig.report(lambda status, values: int(values["team_waiting"]) > 0)
    before = len(rig.team_images)
    assert all(answer.successful for answer in rig.set(team_bytes_per_s=1_000_000))
    rig.report(lambda status, values: values["team_waiting"] == "0")
    graph.spin_until(lambda: len(rig.team_images) > before)
