"""What a network costs: parameters, memory and multiply-accumulate operations, by stage."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from mininet_ros.network.stages import IMAGE_CHANNELS, StagedNetwork

BYTES_PER_FLOAT32 = 4
aten = torch.ops.aten


@dataclass(frozen=True)
class StageProfile:
    """Cost of one stage: output size in pixels, trainable parameters, operations."""

    block: str
    name: str
    layer: str
    input: str
    width: int
    height: int
    channels: int
    parameters: int
    macs: int


@dataclass(frozen=True)
class NetworkProfile:
    """Cost of a network at one input size.

    ``parameters`` are the trainable ones; ``mebibytes`` counts them and the batch norms' running
    statistics as float32; ``gmacs`` are convolutions and transposed convolutions; ``gflops`` are
    the paper's, see :class:`OperationCounter`.
    """

    stages: tuple[StageProfile, ...]
    width: int
    height: int
    parameters: int
    mebibytes: float
    gmacs: float
    gflops: float


class OperationCounter(TorchDispatchMode):
    """Counts floating point operations as TensorFlow's profiler does, which the paper quotes.

    A multiply-accumulate of a convolution counts 2; a bias and an addition count 1 for each output
    value; a k x k pooling counts k·k for each output value. Batch norms and activations count 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation and count it."""
        output = func(*args, **(kwargs or {}))
        operation = func.overloadpacket
        if operation is aten.convolution:
            x, weight, bias, *_, transposed, _, _ = args
            # A transposed convolution spreads every input pixel, a convolution gathers every
            # output pixel; the weight is per group.
            pixels = (x if transposed else output)[0, 0].numel()
            self.flops += 2 * pixels * weight.numel()
            self.flops += 0 if bias is None else output.numel()
        elif operation is aten.max_pool2d_with_indices:
            self.flops += args[1][0] * args[1][1] * output[0].numel()
        elif operation in (aten.add, aten.add_):
            self.flops += output.numel()
        return output


def profile_network(network: StagedNetwork, width: int, height: int) -> NetworkProfile:
    """Count a network's cost for an input of ``width`` x ``height`` pixels; computes no values.

    Raises:
        ValueError: the sides are not multiples of what the network needs.
    """
    network = copy.deepcopy(network).to("meta").eval()
    outputs: dict[str, torch.Size] = {}
    macs = dict.fromkeys(network.stages, 0)
    for name, stage in network.stages.items():
        stage.register_forward_hook(partial(_record_output, outputs, name))
        for layer in stage.modules():
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                layer.register_forward_hook(partial(_add_macs, macs, name))
    counter = OperationCounter()
    with torch.no_grad(), counter:
        network(torch.empty(1, IMAGE_CHANNELS, height, width, device="meta"))
    stages = tuple(
        StageProfile(
            block=stage.block,
            name=stage.name,
            layer=stage.title,
            input=stage.input,
            width=outputs[stage.name][3],
            height=outputs[stage.name][2],
            channels=outputs[stage.name][1],
            parameters=sum(weight.numel() for weight in network.stages[stage.name].parameters()),
            macs=macs[stage.name],
        )
        for stage in network.table
    )
    parameters = sum(stage.parameters for stage in stages)
    statistics = sum(buffer.numel() for buffer in network.buffers() if buffer.is_floating_point())
    return NetworkProfile(
        stages=stages,
        width=width,
        height=height,
        parameters=parameters,
        mebibytes=(parameters + statistics) * BYTES_PER_FLOAT32 / 2**20,
        gmacs=sum(macs.values()) / 1e9,
        gflops=counter.flops / 1e9,
    )


def _record_output(
    outputs: dict[str, torch.Size], name: str, stage: nn.Module, inputs: tuple, output: torch.Tensor
) -> None:
    outputs[name] = output.shape


def _add_macs(
    macs: dict[str, int],
    name: str,
    layer: nn.Conv2d | nn.ConvTranspose2d,
    inputs: tuple,
    output: torch.Tensor,
) -> None:
    macs[name] += _macs(layer, inputs[0], output)


def _macs(layer: nn.Conv2d | nn.ConvTranspose2d, x: torch.Tensor, output: torch.Tensor) -> int:
    kernel = layer.kernel_size[0] * layer.kernel_size[1]
    # A transposed convolution spreads every input pixel, a convolution gathers every output pixel.
    pixels = x[0, 0].numel() if isinstance(layer, nn.ConvTranspose2d) else output[0, 0].numel()
    return pixels * kernel * layer.in_channels * layer.out_channels // layer.groups
