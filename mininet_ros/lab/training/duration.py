"""How long a training will take, told after its first steps."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

MEASURED_STEPS = 5


class EpochBar(tqdm):
    """The progress bar of one epoch, which may tell how long the whole training will take.

    Args:
        steps: number of steps of the epoch.
        title: text before the bar.
        shown: whether the bar is drawn, and anything told.
        epochs: number of epochs to come, this one included, whose duration is told after
            :data:`MEASURED_STEPS` steps; 0 tells nothing.
        may_end_early: whether the training may end before.
    """

    def __init__(
        self, steps: int, title: str, shown: bool, epochs: int = 0, may_end_early: bool = False
    ) -> None:
        self._epochs = epochs if shown else 0
        self._may_end_early = may_end_early
        self._began = 0.0
        self._counted = 0
        super().__init__(total=steps, desc=title, leave=False, disable=not shown)

    def update(self, n: float | None = 1) -> bool | None:
        """Count a step; the first one, which warms up, is not measured."""
        self._counted += 1
        now = time.monotonic()
        if self._counted == 1:
            self._began = now
        if self._epochs and self._counted == min(1 + MEASURED_STEPS, int(self.total)):
            seconds = (now - self._began) / max(1, self._counted - 1) * self.total * self._epochs
            tqdm.write(expected(seconds, self._epochs, self._may_end_early), file=sys.stderr)
        return super().update(n)


def expected(seconds: float, epochs: int, may_end_early: bool) -> str:
    """The duration of a training in words."""
    hours, minutes = divmod(round(seconds / 60), 60)
    time_words = f"{hours} h {minutes} min" if hours else f"{max(1, minutes)} min"
    limit = "at most about" if may_end_early else "about"
    return f"{epochs} epochs will take {limit} {time_words}, validation not included"
