"""A running average of a network's weights, which is steadier than the weights themselves."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import nn

from mininet_ros.network.stages import StagedNetwork

EARLY = 10  # steps after which the average forgets the first weights, however slow its decay


class WeightAverage:
    """Exponential average of weights and batch norm statistics over the steps of a training.

    The first steps count for less, since they begin from weights that have learned little:
    the decay of step n is ``min(decay, (n + 1) / (n + 10))``.

    Attributes:
        network: with the average, in evaluation mode.
        steps: that it was taken over.
    """

    def __init__(self, network: StagedNetwork, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take in the weights of one more step."""
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
        """What :meth:`load_state_dict` takes."""
        return {"network": self.network.state_dict(), "steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from where another average was."""
        self.network.load_state_dict(state["network"])
        self.steps = state["steps"]
