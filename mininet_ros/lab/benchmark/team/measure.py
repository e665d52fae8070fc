"""Measures the team link: bytes on each link, arrivals, latency, memory and CPU time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mininet_ros.lab.benchmark.team.radio import Radio, RadioError, Traffic

BASE = "base"
PORT = 7447
DOMAIN = "93"  # ROS domain of the base station, which has its own network namespace
START_TIMEOUT_S = 30.0
DRAIN_S = 10.0
PERIOD_S = 6.0
RATE = re.compile(r"(?P<number>\d+(\.\d+)?)(?P<unit>k|m|g)?bit")
UNITS = {None: 1.0, "k": 1e3, "m": 1e6, "g": 1e9}


@dataclass(frozen=True)
class Usage:
    """CPU time of a process in seconds, and its peak resident memory in 10^6 bytes."""

    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class TeamTiming:
    """Traffic, arrivals and latency on the team link.

    Bytes on the link are counted at the network interfaces. They include Ethernet headers and the
    connection set-up.

    Attributes:
        robots: number of robots.
        rate: rate limit of each link, such as ``1mbit``; "" means no limit.
        loss_percent: packet loss in each direction, in percent.
        seconds: time during which frames were offered, in seconds.
        silence_s: time that the base station was off the air, in seconds.
        flowing_again_s: time in seconds from the end of the silence to the first arrival, for the
            slowest robot; None without a silence.
        messages: number of messages that the robots' byte budgets let through.
        arrived: number of these messages that arrived.
        twice: number of these messages that arrived more than once.
        message_bytes: size of the serialised messages of a robot in bytes, mean over robots.
        sent_bytes, received_bytes: bytes on a robot's link, mean over robots.
        dropped: packets of a robot that found the radio's queue full, mean over robots.
        latency_s, latency_p95_s, latency_max_s: median, 95th percentile and maximum of the time in
            seconds from the stamp of a message to its arrival in a subscriber.
        transmission_s: median time in seconds to send a message's bytes at ``rate``; 0 without a
            limit.
        robot_cpu_s, robot_mb: CPU time in seconds and peak memory in 10^6 bytes of a robot's
            sender, median over robots.
        base_cpu_s, base_mb: CPU time in seconds and peak memory in 10^6 bytes of
            ``team_base_node``.
    """

    robots: int
    rate: str
    loss_percent: float
    seconds: float
    silence_s: float
    flowing_again_s: float | None
    messages: int
    arrived: int
    twice: int
    message_bytes: float
    sent_bytes: float
    received_bytes: float
    dropped: float
    latency_s: float
    latency_p95_s: float
    latency_max_s: float
    transmission_s: float
    robot_cpu_s: float
    robot_mb: float
    base_cpu_s: float
    base_mb: float

    @property
    def lost(self) -> int:
        """Number of messages that did not arrive."""
        return self.messages - self.arrived

    @property
    def factor(self) -> float:
        """Bytes that a robot's link sent, divided by the bytes of its messages."""
        return self.sent_bytes / self.message_bytes if self.message_bytes else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """Return all figures as plain values, for JSON."""
        return asdict(self) | {"lost": self.lost, "factor": self.factor}


def bits_per_s(rate: str) -> float:
    """Return a rate such as ``256kbit`` in bits per second; 0 for "", which means no limit.

    Raises:
        ValueError: the rate has another form.
    """
    if not rate:
        return 0.0
    match = RATE.fullmatch(rate)
    if match is None:
        raise ValueError(f"--rate '{rate}' is no rate of a link: write 256kbit, say")
    return float(match["number"]) * UNITS[match["unit"]]


def measure_team(
    robots: int, rate: str, loss_percent: float, seconds: float, silence_s: float = 0.0
) -> TeamTiming:
    """Run light robots and a base station, each in its own network namespace.

    A light robot is the team link of the keyframe selector with the byte budget of the preset
    ``team``. It sends noise frames of realistic size. The base station is ``team_base_node`` and a
    subscriber.

    Args:
        robots: number of robots.
        rate: rate limit of each link, such as ``1mbit``; "" means no limit.
        loss_percent: packet loss in each direction, in percent.
        seconds: time during which frames are offered, in seconds; start and drain take longer.
        silence_s: time that the base station is off the air, in seconds; it begins after a third
            of ``seconds``.

    Raises:
        RadioError: the namespaces cannot be created, or a process failed.
        ValueError: the rate has another form.
    """
    bits = bits_per_s(rate)
    names = [f"robot{number}" for number in range(1, robots + 1)]
    with TemporaryDirectory() as name, Radio([BASE, *names], rate, loss_percent) as radio:
        folder = Path(name)
        base = _start_base(radio, names, folder)
        before = [radio.traffic(name) for name in names]
        senders = [_start_robot(radio, name, seconds, folder) for name in names]
        contact_ns = _keep_silent(radio, seconds / 3, silence_s, [base, *senders], folder)
        spent = seconds / 3 + silence_s if silence_s else 0.0
        _wait(max(0.0, seconds - spent) + PERIOD_S + DRAIN_S, [base, *senders], folder)
        moved = [_difference(*pair) for pair in zip(before, map(radio.traffic, names))]
        used, base_used = [_usage(sender.pid) for sender in senders], _usage(base.pid)
        sent = {_key(entry): entry["bytes"] for entry in _entries(folder.glob("robot*.jsonl"))}
        arrivals: dict[tuple[str, int], list[int]] = {}
        for entry in _entries([folder / "arrived.jsonl"]):
            arrivals.setdefault(_key(entry), []).append(entry["arrival_ns"])
    if not sent:
        raise RadioError("the robots sent nothing: the base station asked for nothing in time")
    latencies = np.array([(arrivals[key][0] - key[1]) / 1e9 for key in sent if key in arrivals])
    sizes = np.array(list(sent.values()), float)
    return TeamTiming(
        robots=robots,
        rate=rate,
        loss_percent=loss_percent,
        seconds=seconds,
        silence_s=silence_s,
        flowing_again_s=_flowing_again_s(names, arrivals, contact_ns),
        messages=len(sent),
        arrived=len(latencies),
        twice=sum(len(times) > 1 for times in arrivals.values()),
        message_bytes=float(sizes.sum()) / robots,
        sent_bytes=sum(traffic.sent for traffic in moved) / robots,
        received_bytes=sum(traffic.received for traffic in moved) / robots,
        dropped=sum(traffic.dropped for traffic in moved) / robots,
        latency_s=_quantile(latencies, 0.5),
        latency_p95_s=_quantile(latencies, 0.95),
        latency_max_s=_quantile(latencies, 1.0),
        transmission_s=8 * _quantile(sizes, 0.5) / bits if bits else 0.0,
        robot_cpu_s=float(np.median([usage.cpu_s for usage in used])),
        robot_mb=float(np.median([usage.peak_mb for usage in used])),
        base_cpu_s=base_used.cpu_s,
        base_mb=base_used.peak_mb,
    )


def _start_base(radio: Radio, names: list[str], folder: Path) -> subprocess.Popen[bytes]:
    environment = {"ROS_DOMAIN_ID": DOMAIN, "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}

    def node(name: str, *parameters: str) -> list[str]:
        given = [word for parameter in parameters for word in ("-p", parameter)]
        return [sys.executable, "-m", "mininet_ros.nodes", name, "--ros-args", *given]

    recorder = node(
        "team_recorder_node",
        f"robots:=[{', '.join(names)}]",
        f"output_file:={folder / 'arrived.jsonl'}",
    )
    radio.start(BASE, recorder, environment, folder / "recorder.log")
    log = folder / "base.log"
    command = node("team_base_node", f"listen:=['tcp/{radio.address(BASE)}:{PORT}']")
    base = radio.start(BASE, command, environment, log)
    deadline = time.monotonic() + START_TIMEOUT_S
    while "waiting for robots" not in log.read_text(encoding="utf-8"):
        if base.poll() is not None or time.monotonic() > deadline:
            raise RadioError(f"the base station did not start: {log.read_text(encoding='utf-8')}")
        time.sleep(0.1)
    return base


def _start_robot(radio: Radio, name: str, seconds: float, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mininet_ros.lab.benchmark.team.light_robot"]
    values = {
        "name": name,
        "endpoint": f"tcp/{radio.address(BASE)}:{PORT}",
        "seconds": seconds,
        "period": PERIOD_S,
        "log": folder / f"{name}.jsonl",
    }
    given = [word for key, value in values.items() for word in (f"--{key}", str(value))]
    return radio.start(name, [*command, *given], {}, folder / f"{name}.log")


def _wait(seconds: float, processes: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for process in processes:
            if process.poll() is not None:
                logs = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.log"))]
                last = [line for text in logs for line in text.splitlines()[-1:]]
                raise RadioError(f"a process ended early: {'; '.join(last)}")
        time.sleep(0.2)


def _keep_silent(
    radio: Radio,
    begin_s: float,
    silence_s: float,
    processes: Sequence[subprocess.Popen[bytes]],
    folder: Path,
) -> int | None:
    """Take the base station off the air for a while; return the time of its return in ns."""
    if not silence_s:
        return None
    _wait(begin_s, processes, folder)
    radio.cut(BASE, contact=False)
    _wait(silence_s, processes, folder)
    radio.cut(BASE, contact=True)
    return time.time_ns()


def _flowing_again_s(
    names: Sequence[str], arrivals: dict[tuple[str, int], list[int]], contact_ns: int | None
) -> float | None:
    if contact_ns is None:
        return None
    first = {
        name: [
            (time_ns - contact_ns) / 1e9
            for (topic, _), times in arrivals.items()
            for time_ns in times
            if topic.startswith(f"/{name}/") and time_ns > contact_ns
        ]
        for name in names
    }
    return max(min(times, default=float("nan")) for times in first.values())


def _key(entry: dict[str, Any]) -> tuple[str, int]:
    return entry["topic"], entry["stamp_ns"]


def _entries(paths: Any) -> list[dict[str, Any]]:
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line) for line in lines]


def _difference(before: Traffic, after: Traffic) -> Traffic:
    return Traffic(
        after.sent - before.sent, after.received - before.received, after.dropped - before.dropped
    )


def _usage(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return Usage(cpu_s, int(peak) * 1024 / 1e6)


def _quantile(values: np.ndarray, share: float) -> float:
    return float(np.quantile(values, share)) if len(values) else float("nan")
