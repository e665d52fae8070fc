"""A running average of a network's weights, which often predicts better than the last ones."""

from __future__ import annotations

import copy

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

from mininet_ros.network import StagedNetwork

WARM_UP_STEPS = 10


class RunningAverage:
    """Exponential moving average of weights and statistics, as a network of its own."""

    def __init__(self, network: StagedNetwork, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self._averaged, self._current = (
            [value for value in of.state_dict().values() if value.is_floating_point()]
            for of in (self.network, network)
        )

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average towards the weights; it follows faster in the first steps."""
        decay = min(self.decay, (1 + step) / (WARM_UP_STEPS + step))
        get_ema_multi_avg_fn(decay)(self._averaged, self._current, None)
