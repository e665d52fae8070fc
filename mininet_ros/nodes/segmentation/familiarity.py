"""Monitor that compares the camera's view with the training images, by recent masks."""

from __future__ import annotations

import numpy as np

from mininet_ros.inference.familiarity import Familiarity, read_familiarity
from mininet_ros.models import Model
from mininet_ros.nodes.common.recent_values import RecentValues

NOT_CALIBRATED = "not calibrated"


class FamiliarityMonitor:
    """Mean familiarity of recent masks; see :mod:`mininet_ros.inference.familiarity`.

    It only warns and never suppresses output. The working thread calls :meth:`note`; the thread
    that spins reads the value.
    """

    def __init__(self) -> None:
        self._model = ""
        self._measure: Familiarity | None = None
        self._recent = RecentValues()

    def follow(self, model: Model) -> None:
        """Judge the masks of this model from now on.

        Raises:
            ModelError: the measure in the model's card is invalid.
        """
        self._measure = read_familiarity(model)
        self._model = model.name
        self._recent = RecentValues()

    def note(self, mask: np.ndarray) -> None:
        """Add a mask, uint8 (H, W) of class ids."""
        if self._measure is not None:
            self._recent.add(self._measure.of(mask))

    @property
    def value(self) -> float | str:
        """About 1 for pictures like the model's own, 0 for others; NaN without a mask."""
        if self._measure is None:
            return NOT_CALIBRATED
        values = self._recent.values()
        return float(np.mean(values)) if values else float("nan")

    @property
    def warning(self) -> str | None:
        """Return a sentence if the pictures are unlike the model's training images, else None."""
        value = self.value
        if self._measure is None or isinstance(value, str):
            return None
        return self._measure.warning(value, self._model)
