"""Reports the figures of the team link as a table."""

from __future__ import annotations

from collections.abc import Sequence

from mininet_ros.lab.benchmark.team.measure import TeamTiming


def as_table(timings: Sequence[TeamTiming]) -> str:
    """Return the figures as a text table."""
    lines = [
        f"{'robots':>6}{'rate':>9}{'loss':>6}{'link sent':>12}{'messages':>12}{'factor':>8}"
        f"{'dropped':>9}{'arrived':>12}{'twice':>6}{'latency':>10}{'p95':>8}{'max':>8}"
        f"{'/ rate':>8}{'robot':>17}{'base':>17}"
    ]
    for timing in timings:
        lines.append(
            f"{timing.robots:>6}{timing.rate or 'none':>9}{timing.loss_percent:>5g}%"
            f"{timing.sent_bytes / 1e3:>9.1f} kB{timing.message_bytes / 1e3:>9.1f} kB"
            f"{timing.factor:>8.2f}{timing.dropped:>9.0f}"
            f"{timing.arrived:>6}/{timing.messages:<5}{timing.twice:>6}"
            f"{timing.latency_s:>8.2f} s{timing.latency_p95_s:>6.2f} s"
            f"{timing.latency_max_s:>6.2f} s{timing.transmission_s:>6.2f} s"
            f"{timing.robot_cpu_s:>7.1f} s{timing.robot_mb:>5.0f} MB"
            f"{timing.base_cpu_s:>7.1f} s{timing.base_mb:>5.0f} MB"
        )
    silent = [timing for timing in timings if timing.flowing_again_s is not None]
    lines += [
        f"{timing.robots} robots: base station off the air for {timing.silence_s:g} s; the slowest "
        f"robot's first message {timing.flowing_again_s:.1f} s after contact"
        for timing in silent
    ]
    lines.append(
        "bytes, dropped packets for each robot, counted at its interface, start included; / rate: "
        "a median message at the rate alone; robot, base: CPU time and peak memory of the sender "
        "and of team_base_node"
    )
    return "\n".join(lines)
