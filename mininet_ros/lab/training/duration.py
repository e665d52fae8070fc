"""Tells how a training goes: a bar of each epoch, the expected duration, the scores."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm

MEASURED_STEPS = 5


class EpochBar(tqdm):
    """Progress bar of one epoch, which can also estimate the duration of the whole training.

    Args:
        steps: number of steps of the epoch.
        title: text before the bar.
        shown: whether the bar and the estimate are printed; the bar is on a terminal only.
        epochs: number of remaining epochs, this one included; their duration is printed after
            :data:`MEASURED_STEPS` steps. 0 prints no estimate.
        may_end_early: whether the training may end before its last epoch.
    """

    def __init__(
        self, steps: int, title: str, shown: bool, epochs: int = 0, may_end_early: bool = False
    ) -> None:
        self._epochs = epochs if shown else 0
        self._may_end_early = may_end_early
        self._began = time.monotonic()
        self._counted = 0
        # None: a bar on a terminal only; in a file, each redrawing would be a line.
        disable = None if shown else True
        super().__init__(total=steps, desc=title, leave=False, disable=disable)

    def update(self, n: float | None = 1) -> bool | None:
        """Count a step; the first one is a warm-up and is not measured, unless it is the last."""
        self._counted += 1
        now = time.monotonic()
        if self._counted == 1 < self.total:
            self._began = now
        if self._epochs and self._counted == min(1 + MEASURED_STEPS, int(self.total)):
            seconds = (now - self._began) / max(1, self._counted - 1) * self.total * self._epochs
            tqdm.write(expected(seconds, self._epochs, self._may_end_early), file=sys.stderr)
        return super().update(n)


def scored(epoch: int, epochs: int, loss: float, miou: float) -> str:
    """Return the scores of an epoch in words; ``miou`` is that of the validation, 0 to 1."""
    return f"epoch {epoch} of {epochs}: loss {loss:.3f}, validation mIoU {100 * miou:.1f} %"


def expected(seconds: float, epochs: int, may_end_early: bool) -> str:
    """Return the expected duration of a training in words."""
    hours, minutes = divmod(round(seconds / 60), 60)
    time_words = f"{hours} h {minutes} min" if hours else f"{max(1, minutes)} min"
    limit = "at most about" if may_end_early else "about"
    return f"{epochs} epochs will take {limit} {time_words}, validation not included"
