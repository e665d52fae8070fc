"""Function of a tensor, recorded once as a CUDA graph and replayed with one launch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

Function = Callable[[Tensor], Sequence[Tensor]]

WARM_UP = 3


def why_no_replay(device: torch.device) -> str:
    """Return why functions cannot be recorded on a CUDA device; empty where they can."""
    if torch.version.hip is not None:
        return "CUDA graphs are not used on ROCm"
    major, minor = torch.cuda.get_device_capability(device)
    return "" if major >= 7 else f"compute capability {major}.{minor} is below 7.0"


class Replay:
    """Runs a recorded function: host array in, host arrays out, as one CUDA graph.

    Arrays pass through page-locked memory, which the device copies without the processor. Results
    are valid until the next call of the same replay, so they are copied.

    Args:
        function: function of a tensor on the device; its operations must not depend on the values.
        example: tensor on the CPU with the shape and dtype of the input.
        device: device on which the function runs.

    Raises:
        RuntimeError: the function cannot be recorded.
    """

    def __init__(self, function: Function, example: Tensor, device: torch.device) -> None:
        self._device = device
        self._host_input = example.pin_memory()
        self._input = self._host_input.to(device)
        self._graph, self.outputs = record(function, self._input)
        self._host_outputs = [
            torch.empty_like(output, device="cpu").pin_memory() for output in self.outputs
        ]

    def __call__(self, array: np.ndarray) -> list[np.ndarray]:
        """Run the function on an array of the example's shape and dtype."""
        self._host_input.numpy()[...] = array
        self._input.copy_(self._host_input, non_blocking=True)
        self._graph.replay()
        for host, output in zip(self._host_outputs, self.outputs, strict=True):
            host.copy_(output, non_blocking=True)
        torch.cuda.current_stream(self._device).synchronize()
        return [host.numpy().copy() for host in self._host_outputs]

    def run_on_device(self) -> None:
        """Run on the present input without copies; return before the device is done."""
        self._graph.replay()


def record(function: Function, x: Tensor) -> tuple[torch.cuda.CUDAGraph, Sequence[Tensor]]:
    """Return a CUDA graph of ``function(x)`` and the tensors that it writes.

    Raises:
        RuntimeError: an operation of the function cannot be recorded.
    """
    # Libraries choose their algorithms and allocate their memory in the first runs.
    side = torch.cuda.Stream(x.device)
    side.wait_stream(torch.cuda.current_stream(x.device))
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            function(x)
    torch.cuda.current_stream(x.device).wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        outputs = function(x)
    return graph, outputs
