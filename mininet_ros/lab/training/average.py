"""Running average of a network's weights, which varies less than the weights themselves."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from mininet_ros.network.stages import StagedNetwork

EARLY = 10  # steps after which the average forgets the first weights, however slow its decay


class WeightAverage:
    """Exponential average of weights and batch norm statistics over the steps of a training.

    Early weights have learned little and are forgotten faster: the decay of step n is
    ``min(decay, (n + 1) / (n + 10))``.

    Attributes:
        network: network with the averaged weights, in evaluation mode.
        steps: number of steps in the average.
    """

    def __init__(self, network: StagedNetwork, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Add the weights of one more step to the average."""
        decay = min(self.decay, (self.steps + 1) / (self.steps + EARLY))
        self.steps += 1
        for mine, theirs in zip(
            self.network.state_dict().values(), network.state_dict().values(), strict=True
        ):
            if mine.is_floating_point():
                mine.lerp_(theirs, 1 - decay)
            else:
                mine.copy_(theirs)

    def state_dict(self) -> dict[str, Any]:
        """Return the state for :meth:`load_state_dict`."""
        return {"network": self.network.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the state of another average."""
        self.network.load_state_dict(state["network"])
        self.steps = state["steps"]
