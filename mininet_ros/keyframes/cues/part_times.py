"""What the parts of a computation cost: the time that each took, for people who tune or report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class PartTimes:
    """Seconds of CPU spent in each part, added up. Nothing is decided by them.

    Attributes:
        runs: how often the whole computation was run.
        seconds: of the calling thread's CPU by part, in the order of first use.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of the `with` block to a part."""
        started = time.thread_time()
        try:
            yield
        finally:
            self.seconds[name] += time.thread_time() - started

    def mean_ms(self) -> Mapping[str, float]:
        """Milliseconds a run by part, in the order of first use; empty before the first run."""
        if not self.runs:
            return {}
        return {name: 1e3 * seconds / self.runs for name, seconds in self.seconds.items()}
