"""Whether the camera shows what the model was trained on, from the masks of the last seconds."""

from __future__ import annotations

import numpy as np

from mininet_ros.inference.familiarity import Familiarity, read_familiarity
from mininet_ros.models import Model
from mininet_ros.nodes.common.recent_values import RecentValues

NOT_CALIBRATED = "not calibrated"


class FamiliarityMonitor:
    """The mean familiarity of the masks of the last seconds; see the module of the measure.

    It warns and gates nothing. The thread that infers notes, the one that spins asks.
    """

    def __init__(self) -> None:
        self._model = ""
        self._measure: Familiarity | None = None
        self._recent = RecentValues()

    def follow(self, model: Model) -> None:
        """Judge the masks of a model from now on.

        Raises:
            ModelError: its card holds a measure that is not what it must be.
        """
        self._measure = read_familiarity(model)
        self._model = model.name
        self._recent = RecentValues()

    def note(self, mask: np.ndarray) -> None:
        """Take in a mask, uint8 (H, W) of class ids."""
        if self._measure is not None:
            self._recent.add(self._measure.of(mask))

    @property
    def value(self) -> float | str:
        """About 1 for pictures like the model's own, 0 for others; NaN while there is no mask."""
        if self._measure is None:
            return NOT_CALIBRATED
        values = self._recent.values()
        return float(np.mean(values)) if values else float("nan")

    @property
    def warning(self) -> str | None:
        """One sentence where the pictures are unlike those that the model was trained on."""
        value = self.value
        if self._measure is None or isinstance(value, str):
            return None
        return self._measure.warning(value, self._model)
