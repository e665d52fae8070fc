"""Simulates a radio: slow, lossy links between network namespaces. It needs root.

Each station has its own network namespace and its own ``/dev/shm``. All stations are connected to
one bridge. The bridge also has its own namespace, so the machine's network does not change. A
token bucket limits the rate of each station. nftables drops random packets in both directions.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Longest time that a packet may wait in the radio's queue.
QUEUE_MS = 400
BURST_BYTES = 4096
GRACE_S = 3.0
DEVICE = "eth0"

# This process holds a station's namespaces while it runs. Each station gets its own shared
# memory; otherwise Fast DDS would bypass the radio.
_HOLD = "mount -t tmpfs -o size=512m none /dev/shm && echo held && exec sleep infinity"


class RadioError(RuntimeError):
    """The namespaces cannot be created; the message is one sentence."""


@dataclass(frozen=True)
class Traffic:
    """Traffic of a station's network interface, Ethernet headers included.

    Attributes:
        sent, received: number of bytes sent and received.
        dropped: number of packets that found the radio's queue full.
    """

    sent: int
    received: int
    dropped: int


def problem(loss_percent: float) -> str | None:
    """Return one sentence that says why this process cannot create namespaces; None if it can."""
    if os.geteuid() != 0:
        return "network namespaces need root: run it as root (sudo)"
    missing = [name for name in ("ip", "tc", "unshare", "nsenter") if shutil.which(name) is None]
    if loss_percent and shutil.which("nft") is None:
        missing.append("nft")
    if missing:
        return f"{', '.join(missing)} not found: apt install iproute2 nftables util-linux"
    made = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, check=False)
    if made.returncode:
        return "this system does not let root make network namespaces (a container without them?)"
    return None


class Radio:
    """Network namespaces of stations, as a context manager.

    Leaving the context ends the stations' processes and removes the namespaces.

    Args:
        stations: names of the stations; in this order their addresses are 10.98.0.1, 10.98.0.2
            and so on.
        rate: rate limit of each station's link in the form of ``tc``, such as ``256kbit``; ""
            means no limit.
        loss_percent: packet loss in each direction, in percent.

    Raises:
        RadioError: the namespaces cannot be created.
    """

    def __init__(self, stations: Sequence[str], rate: str, loss_percent: float) -> None:
        if reason := problem(loss_percent):
            raise RadioError(reason)
        self._rate = rate
        self._loss_percent = loss_percent
        prefix = f"mn{os.getpid() % 100_000}"
        self._air = f"{prefix}air"
        self._spaces = {name: f"{prefix}s{number}" for number, name in enumerate(stations)}
        self._addresses = {name: f"10.98.0.{n}" for n, name in enumerate(stations, start=1)}
        self._holders: dict[str, subprocess.Popen[bytes]] = {}
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Radio:
        try:
            self._make_air()
            for name in self._spaces:
                self._make_station(name)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._remove()

    def address(self, station: str) -> str:
        """Return a station's IP address."""
        return self._addresses[station]

    def start(
        self, station: str, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> subprocess.Popen[bytes]:
        """Start a process in a station's namespace and write its output to a file."""
        inside = ["nsenter", f"--target={self._holders[station].pid}", "--mount", "--net"]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*inside, *command],
                env={**os.environ, **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes], number: int = signal.SIGINT) -> None:
        """End a process and wait for it."""
        if process.poll() is None:
            process.send_signal(number)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def cut(self, station: str, contact: bool) -> None:
        """Take a station off the air (``contact`` is false) or bring it back."""
        self._in(self._air, "ip", "link", "set", self._spaces[station], "up" if contact else "down")

    def traffic(self, station: str) -> Traffic:
        """Return the traffic of a station since its start."""
        space = self._spaces[station]
        (link,) = json.loads(_run("ip", "-n", space, "-s", "-j", "link", "show", DEVICE))
        queues = json.loads(_run("tc", "-n", space, "-s", "-j", "qdisc", "show", "dev", DEVICE))
        counts = link["stats64"]
        dropped = sum(queue.get("drops", 0) for queue in queues)
        return Traffic(counts["tx"]["bytes"], counts["rx"]["bytes"], dropped)

    def _make_air(self) -> None:
        _run("ip", "netns", "add", self._air)
        self._in(self._air, "ip", "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        self._in(self._air, "ip", "link", "set", "bridge", "up")

    def _make_station(self, name: str) -> None:
        space = self._spaces[name]
        _run("ip", "netns", "add", space)
        peer = ("peer", "name", DEVICE, "netns", space)
        self._in(self._air, "ip", "link", "add", space, "type", "veth", *peer)
        self._in(self._air, "ip", "link", "set", space, "master", "bridge", "up")
        self._in(space, "ip", "link", "set", "lo", "up")
        self._in(space, "ip", "addr", "add", f"{self._addresses[name]}/16", "dev", DEVICE)
        # Segmentation offload is off, so that packets are counted and shaped as on a real link.
        self._in(space, "ip", "link", "set", DEVICE, "up", "gso_max_segs", "1")
        if shutil.which("ethtool"):
            offload = ("tso", "off", "gso", "off", "gro", "off", "tx", "off")
            self._in(space, "ethtool", "-K", DEVICE, *offload)
        self._in(space, "ip", "route", "add", "default", "dev", DEVICE)
        if self._rate:
            bucket = ("rate", self._rate, "burst", str(BURST_BYTES), "latency", f"{QUEUE_MS}ms")
            self._in(space, "tc", "qdisc", "add", "dev", DEVICE, "root", "tbf", *bucket)
        if self._loss_percent:
            share = round(100 * self._loss_percent)
            hook = f'type filter hook ingress device "{DEVICE}" priority 0'
            rule = f"numgen random mod 10000 < {share} counter drop"
            table = f"table netdev loss {{ chain arriving {{ {hook}; {rule}; }}; }}"
            self._in(space, "nft", table)

        holder = subprocess.Popen(
            ["ip", "netns", "exec", space, "unshare", "--mount", "sh", "-c", _HOLD],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._holders[name] = holder
        assert holder.stdout is not None, "it was asked for"
        if not holder.stdout.readline():
            raise RadioError("a station cannot have a /dev/shm of its own: mount failed")

    def _in(self, space: str, *command: str) -> None:
        _run("ip", "netns", "exec", space, *command)

    def _remove(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + GRACE_S
        for process in self._processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for holder in self._holders.values():
            holder.kill()
            holder.communicate()
        for space in (*self._spaces.values(), self._air):
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RadioError(f"{' '.join(command)} failed: {' '.join(done.stderr.split())}")
    return done.stdout
