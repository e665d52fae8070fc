"""What the parts of a computation cost: the time that each took, for people who tune or report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping


class PartTimes:
    """Seconds of CPU spent in each part, added up. Nothing is decided by them.

    Attributes:
        runs: how often the whole computation was run.
        spent: seconds of the calling thread's CPU by part, in the order of first use; whoever
            computes adds to it.
    """

    def __init__(self) -> None:
        self.runs = 0
        self.spent: defaultdict[str, float] = defaultdict(float)

    def mean_ms(self) -> Mapping[str, float]:
        """Milliseconds a run by part, in the order of first use; empty before the first run."""
        if not self.runs:
            return {}
        return {name: 1e3 * seconds / self.runs for name, seconds in self.spent.items()}
