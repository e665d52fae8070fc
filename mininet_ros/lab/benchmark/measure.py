"""Times engines side by side: one process each, in turns, on the same cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from mininet_ros.lab.benchmark.engine import GEMM, GEMM_SIDE, Engine
from mininet_ros.progress import progress_bar

WARM_UP = 5
# Consecutive runs of one engine: few, so that the machine's speed changes little within a round.
# The first run of a block finds the caches full of another engine's data and is not counted.
RUNS_A_BLOCK = 3
PRODUCTS_A_BLOCK = 2
# These variables limit the threads of the libraries and must be set before they are loaded.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class BenchmarkError(RuntimeError):
    """An engine cannot be measured; one sentence names it and says why."""


@dataclass(frozen=True)
class Timing:
    """Times of one engine.

    The bound is the time of the engine's multiply-accumulates at the speed of a float32 matrix
    product on this machine. The product is measured before and after every block of the engine.
    The ratio is the fastest run of a block divided by the bound from the fastest product around
    it. A longer change of the machine's speed affects both; a short interruption affects neither.

    Attributes:
        engine: engine that was measured.
        median_ms, p95_ms: median and 95th percentile of the time in ms from image to mask.
        peak_mb: peak resident memory of the engine's process, in 10^6 bytes.
        gemm_bound_ms: median of the bound in ms; None if the multiply-accumulates are unknown.
        gemm_ratios: lower quartile, median and upper quartile of the ratio over the rounds; None
            if the multiply-accumulates are unknown.
    """

    engine: Engine
    median_ms: float
    p95_ms: float
    peak_mb: float
    gemm_bound_ms: float | None
    gemm_ratios: tuple[float, float, float] | None


def measure(
    engines: Sequence[Engine], width: int, height: int, threads: int, rounds: int
) -> tuple[list[Timing], float]:
    """Time engines in turns of a few runs, with a matrix product between any two turns.

    While one engine runs, the others wait for their input.

    Args:
        engines: engines to time, at least one.
        width, height: size of the image in pixels.
        threads: number of cores that every process is pinned to, and of threads that it may use.
        rounds: number of turns of each engine, at least 1.

    Returns:
        Timings in the order of ``engines``, and the speed of the matrix product in 10^9 floating
        point operations per second.

    Raises:
        BenchmarkError: an engine cannot be built, or its process died.
        ValueError: there are more threads than cores, or ``rounds`` is less than 1.
    """
    available = sorted(os.sched_getaffinity(0))
    if not 1 <= threads <= len(available):
        raise ValueError(f"threads must be 1 to {len(available)} on this machine, not {threads}")
    if rounds < 1:
        raise ValueError(f"a benchmark needs at least one round, not {rounds}")
    cpus = available[:threads]
    workers: list[_Worker] = []
    products_ms: list[float] = []
    blocks: list[list[_Block]] = [[] for _ in engines]
    try:
        for engine in (*engines, Engine("matrix product", GEMM)):
            workers.append(_Worker(engine, width, height, cpus))
        for _ in progress_bar(range(rounds), desc="rounds", leave=False):
            before_ms = workers[-1].run(PRODUCTS_A_BLOCK)
            for worker, of_engine in zip(workers[:-1], blocks, strict=True):
                times_ms = worker.run(RUNS_A_BLOCK)
                after_ms = workers[-1].run(PRODUCTS_A_BLOCK)
                of_engine.append(_Block(times_ms, min(before_ms + after_ms)))
                products_ms += after_ms
                before_ms = after_ms
        peaks = [worker.finish() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    timings = [
        _timing(engine, of_engine, peak)
        for engine, of_engine, peak in zip(engines, blocks, peaks[:-1], strict=True)
    ]
    return timings, _gflops(float(np.median(products_ms)))


@dataclass(frozen=True)
class _Block:
    """Times of an engine's runs in one round, and the fastest matrix product around them, in ms."""

    times_ms: list[float]
    product_ms: float


def _timing(engine: Engine, blocks: Sequence[_Block], peak_mb: float) -> Timing:
    times_ms = np.concatenate([block.times_ms for block in blocks])
    bound_ms = ratios = None
    if engine.macs:
        bounds_ms = [2e-6 * engine.macs / _gflops(block.product_ms) for block in blocks]
        of_blocks = [
            min(block.times_ms) / bound for block, bound in zip(blocks, bounds_ms, strict=True)
        ]
        bound_ms = float(np.median(bounds_ms))
        low, middle, high = np.quantile(of_blocks, (0.25, 0.5, 0.75)).tolist()
        ratios = (low, middle, high)
    return Timing(
        engine=engine,
        median_ms=float(np.median(times_ms)),
        p95_ms=float(np.quantile(times_ms, 0.95)),
        peak_mb=peak_mb,
        gemm_bound_ms=bound_ms,
        gemm_ratios=ratios,
    )


def _gflops(product_ms: float) -> float:
    return 2e-6 * GEMM_SIDE**3 / product_ms


class _Worker:
    """Runs one engine in its own process."""

    def __init__(self, engine: Engine, width: int, height: int, cpus: list[int]) -> None:
        self.engine = engine
        library_threads = 1 if engine.runtime == GEMM else len(cpus)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "mininet_ros.lab.benchmark.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict.fromkeys(THREAD_VARIABLES, str(library_threads)),
        )
        task = {"engine": engine.as_dict(), "width": width, "height": height, "cpus": cpus}
        self._ask(task | {"warm_up": WARM_UP})

    def run(self, runs: int) -> list[float]:
        """Return the times of ``runs`` runs in ms, after one run that is not counted."""
        return self._ask({"runs": 1 + runs})["ms"][1:]

    def finish(self) -> float:
        """End the process; return its peak memory in 10^6 bytes."""
        _pipe(self._process.stdin).close()
        return next(self._answers())["peak_mb"]

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        _pipe(self._process.stdout).close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return next(self._answers())

    def _answers(self) -> Iterator[dict[str, Any]]:
        line = _pipe(self._process.stdout).readline()
        answer = json.loads(line) if line else {"error": "its process died"}
        if "error" in answer:
            raise BenchmarkError(f"{self.engine.name} cannot be measured: {answer['error']}")
        yield answer


def _pipe(end: IO[str] | None) -> IO[str]:
    """Return the pipe, which exists because the process was started with it."""
    if end is None:
        raise ValueError("the process was started without this pipe")
    return end
