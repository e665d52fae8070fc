"""Dropout whose random numbers cost less on a CPU than PyTorch's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

DRAWS = 2**16  # a draw has 16 bits: four of them to each number of PyTorch's generator


class Dropout(nn.Module):
    """Set a share of the elements to zero and scale up the rest; the identity in evaluation.

    PyTorch draws one 64-bit number for each element, on one core. Here one number serves four
    elements, so ``share`` is rounded to a multiple of 2**-16. On a GPU
    PyTorch's own fused kernel runs.

    Raises:
        ValueError: ``share`` is not in [0, 1).
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        if not 0 <= share < 1:
            raise ValueError(f"the share that is dropped must lie in [0, 1), not {share}")
        self.share = share

    def extra_repr(self) -> str:
        """Text of the layer's printed form."""
        return f"share={self.share}"

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return x
        if x.device.type != "cpu":
            return functional.dropout(x, self.share)
        return x * self._factors(x)

    def _factors(self, x: Tensor) -> Tensor:
        """0 or the scale of what is kept, in the shape, type and memory order of ``x``."""
        dropped = min(round(self.share * DRAWS), DRAWS - 1)
        bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        drawn = bits.view(torch.int16)[: x.numel()]
        factors = (drawn >= dropped - DRAWS // 2).to(x.dtype).mul_(DRAWS / (DRAWS - dropped))
        if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
            count, channels, height, width = x.shape
            return factors.view(count, height, width, channels).permute(0, 3, 1, 2)
        return factors.view(x.shape)
