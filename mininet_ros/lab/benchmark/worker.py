"""The process of one engine: it builds the engine and runs it on request.

The protocol is JSON lines. The first line describes the engine. The answer to each
``{"runs": N}`` is a list of the times of N runs in ms. The answer to the end of the input is the
peak memory of the process.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from pathlib import Path


def main() -> int:
    """Serve until the input ends; return the exit status."""
    task = json.loads(sys.stdin.readline())
    os.sched_setaffinity(0, task["cpus"])
    from mininet_ros.lab.benchmark.engine import Engine, make_runner

    try:
        engine = Engine(**task["engine"])
        run = make_runner(engine, task["width"], task["height"], len(task["cpus"]))
        for _ in range(task["warm_up"]):
            run()
    except (ValueError, RuntimeError, OSError, ModuleNotFoundError) as error:
        print(json.dumps({"error": " ".join(str(error).split())}), flush=True)
        return 1
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(json.loads(line)["runs"]):
            started = time.perf_counter()
            run()
            times.append(1e3 * (time.perf_counter() - started))
        print(json.dumps({"ms": times}), flush=True)
    pids = ["self", *(str(child.pid) for child in multiprocessing.active_children())]
    print(json.dumps({"peak_mb": sum(map(peak_resident_bytes, pids)) / 1e6}), flush=True)
    return 0


def peak_resident_bytes(pid: str = "self") -> int:
    """Peak resident memory of a process so far, in bytes.

    It is read from ``/proc``, because ``getrusage`` includes the memory that the parent held when
    it started the process.
    """
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "VmHWM":
            return 1024 * int(value.split()[0])
    raise OSError(f"/proc/{pid}/status has no VmHWM: the benchmark needs Linux")


if __name__ == "__main__":
    sys.exit(main())
