"""Engines timed side by side: one process each, in turns, on the same cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tqdm import tqdm

from mininet_ros.lab.benchmark.engine import GEMM, GEMM_SIDE, Engine

WARM_UP = 5
RUNS_A_BLOCK = 10
# Libraries start as many threads as they please unless told before they are loaded.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class BenchmarkError(RuntimeError):
    """An engine can't be measured; one sentence names it and says why."""


@dataclass(frozen=True)
class Timing:
    """Times of one engine.

    Attributes:
        engine: what was measured.
        median_ms, p95_ms: of all its runs, from picture to mask.
        peak_mb: largest resident memory of its process, in 10^6 bytes.
        gemm_bound_ms: what its multiply-accumulates would take at the speed of the machine's own
            float32 matrix product in the same run; None where they are unknown.
    """

    engine: Engine
    median_ms: float
    p95_ms: float
    peak_mb: float
    gemm_bound_ms: float | None

    @property
    def gemm_ratio(self) -> float | None:
        """Time in units of the bound."""
        return self.median_ms / self.gemm_bound_ms if self.gemm_bound_ms else None


def measure(
    engines: Sequence[Engine], width: int, height: int, threads: int, rounds: int
) -> tuple[list[Timing], float]:
    """Time engines in interleaved blocks, together with the machine's matrix product.

    Engines take turns, so that a machine that changes its speed changes it for all alike. While
    one runs the others wait for their input.

    Args:
        engines: at least one.
        width, height: of the picture.
        threads: cores to pin every process to, and threads that it may use.
        rounds: blocks of each engine.

    Returns:
        Timings in the order of ``engines``, and the matrix product's speed in 10^9 floating point
        operations a second.

    Raises:
        BenchmarkError: an engine can't be made, or its process died.
        ValueError: more threads than cores, or no round.
    """
    available = sorted(os.sched_getaffinity(0))
    if not 1 <= threads <= len(available):
        raise ValueError(f"threads must be 1 to {len(available)} on this machine, not {threads}")
    if rounds < 1:
        raise ValueError(f"a benchmark needs at least one round, not {rounds}")
    cpus = available[:threads]
    workers: list[_Worker] = []
    try:
        for engine in (*engines, Engine("matrix product", GEMM)):
            workers.append(_Worker(engine, width, height, cpus))
        for _ in tqdm(range(rounds), desc="rounds", leave=False):
            for worker in workers:
                worker.run_block()
        peaks = [worker.finish() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    gflops = 2e-6 * GEMM_SIDE**3 / float(np.median(workers[-1].times_ms))
    timings = [
        Timing(
            engine=worker.engine,
            median_ms=float(np.median(worker.times_ms)),
            p95_ms=float(np.quantile(worker.times_ms, 0.95)),
            peak_mb=peak,
            gemm_bound_ms=worker.engine.macs and 2e-6 * worker.engine.macs / gflops,
        )
        for worker, peak in zip(workers[:-1], peaks[:-1], strict=True)
    ]
    return timings, gflops


class _Worker:
    """One engine's process."""

    def __init__(self, engine: Engine, width: int, height: int, cpus: list[int]) -> None:
        self.engine = engine
        self.times_ms: list[float] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mininet_ros.lab.benchmark.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(len(cpus))),
        )
        task = {"engine": engine.as_dict(), "width": width, "height": height, "cpus": cpus}
        self._ask(task | {"warm_up": WARM_UP})

    def run_block(self) -> None:
        self.times_ms += self._ask({"runs": RUNS_A_BLOCK})["ms"]

    def finish(self) -> float:
        """End the process; returns its peak memory in 10^6 bytes."""
        self._process.stdin.close()
        return next(self._answers())["peak_mb"]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return next(self._answers())

    def _answers(self) -> Iterator[dict[str, Any]]:
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": "its process died"}
        if "error" in answer:
            raise BenchmarkError(f"{self.engine.name} can't be measured: {answer['error']}")
        yield answer
