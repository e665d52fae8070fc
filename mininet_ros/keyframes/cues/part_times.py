"""CPU time of each part of a computation, for tuning and reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping


class PartTimes:
    """CPU seconds spent in each part, summed. No decision depends on them.

    Attributes:
        runs: number of times the whole computation was run.
        spent: CPU seconds of the calling thread by part, in the order of first use; the code that
            computes adds to it.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.spent: defaultdict[str, float] = defaultdict(float)

    def mean_ms(self) -> Mapping[str, float]:
        """Return the mean milliseconds of each part, in order of first use; empty before a run."""
        if not self.runs:
            return {}
        return {name: 1e3 * seconds / self.runs for name, seconds in self.spent.items()}
