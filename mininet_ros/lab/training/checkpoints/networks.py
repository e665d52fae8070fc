"""Import of the authors' released TensorFlow checkpoints into our networks.

The authors' graph names its layers by kind, numbered in order of creation: ``conv2d``,
``conv2d_1``, …, ``batch_normalization``, …. A network's table of stages has the same order, so
counting each kind while walking over the stages finds the layer of every variable.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mininet_ros.lab.training.checkpoints.tensorflow import CheckpointError, read_checkpoint
from mininet_ros.network import build_network
from mininet_ros.network.layers import (
    Downsampling,
    MultiDilationModule,
    SeparableModule,
    TransposedConvolution,
    Upsampling,
)
from mininet_ros.network.stages import StagedNetwork

# Kind in the authors' graph and name in our layer, in the authors' order of creation.
_CREATED: dict[type[nn.Module], tuple[tuple[str, str], ...]] = {
    Downsampling: (
        ("conv2d", "conv"),
        ("batch_normalization", "norm"),
    ),
    SeparableModule: (
        ("separable_conv2d", ""),
        ("batch_normalization", "norm"),
    ),
    MultiDilationModule: (
        ("depthwise_conv2d", "local_depthwise"),
        ("batch_normalization", "local_norm"),
        ("depthwise_conv2d", "dilated_depthwise"),
        ("batch_normalization", "dilated_norm"),
        ("conv2d", "pointwise"),
        ("batch_normalization", "norm"),
    ),
    Upsampling: (
        ("conv2d_transpose", "deconv"),
        ("batch_normalization", "norm"),
    ),
    TransposedConvolution: (("conv2d_transpose", "deconv"),),
}

_VECTOR = (0,)
# Height, width, inputs, outputs → outputs, inputs, height, width. Transposed convolutions swap
# inputs and outputs on both sides.
_KERNEL = (3, 2, 0, 1)
# Height, width, channels, 1 → channels, 1, height, width.
_DEPTHWISE_KERNEL = (2, 3, 0, 1)

# Name in the authors' graph, name in ours, and the permutation of the axes.
_VARIABLES: dict[str, tuple[tuple[str, str, tuple[int, ...]], ...]] = {
    "conv2d": (("kernel", "weight", _KERNEL),),
    "separable_conv2d": (
        ("depthwise_kernel", "depthwise.weight", _DEPTHWISE_KERNEL),
        ("pointwise_kernel", "pointwise.weight", _KERNEL),
    ),
    "depthwise_conv2d": (("depthwise_kernel", "weight", _DEPTHWISE_KERNEL),),
    "conv2d_transpose": (
        ("kernel", "weight", _KERNEL),
        ("bias", "bias", _VECTOR),
    ),
    "batch_normalization": (
        ("gamma", "weight", _VECTOR),
        ("beta", "bias", _VECTOR),
        ("moving_mean", "running_mean", _VECTOR),
        ("moving_variance", "running_var", _VECTOR),
    ),
}


@dataclass(frozen=True)
class _Layer:
    """A layer of the authors' graph and the path of our module for it."""

    kind: str
    name: str
    module: str


def import_checkpoint(
    prefix: str | Path, network: str, classes: int, options: Mapping[str, Any] | None = None
) -> StagedNetwork:
    """Build a network with the weights of one of the authors' checkpoints.

    Args:
        prefix: path of the checkpoint without ``.index``.
        network: ``mininet_v2`` or ``mininet_v2_cpu``.
        classes: number of classes that the checkpoint was trained for.
        options: options of the network. A checkpoint does not contain the dilations, because
            they change no shape. For the second stack of ``mininet_v2`` the authors' code has
            (1, 1, 1, 2, 1, 8, 1, 16); the paper and the default here have
            (1, 1, 1, 2, 1, 4, 1, 8).

    Returns:
        The network in evaluation mode, float32, on the CPU.

    Raises:
        CheckpointError: the checkpoint cannot be read or does not fit the network.
        ValueError: there is no such network or option.
    """
    built = build_network(network, classes, **(options or {}))
    built.load_state_dict(state_dict_from_checkpoint(read_checkpoint(prefix), built))
    return built.eval()


def state_dict_from_checkpoint(
    variables: Mapping[str, np.ndarray], network: StagedNetwork
) -> dict[str, torch.Tensor]:
    """Return the complete state dict of a network from the authors' variables.

    The optimiser's variables are left out. One released checkpoint has a bias between a depthwise
    convolution and its batch norm; it becomes part of the batch norm's running mean.

    Args:
        variables: arrays by variable name, as ``read_checkpoint`` returns them.
        network: network that defines names and shapes; its own weights are not used or changed.

    Raises:
        CheckpointError: variables are missing, left over, of another shape or not of a floating
            point type; one message names them all.
    """
    layers = list(_layers(network))
    left_over = {name: array for name, array in variables.items() if not _is_optimizer(name)}
    _fold_depthwise_biases(left_over, layers)
    # Batch norms count their training steps; the authors' graph does not store that number.
    state = network.state_dict()
    weights = {key: state[key].clone() for key in state if key.endswith("num_batches_tracked")}
    problems = []
    for layer in layers:
        for variable, tensor, axes in _VARIABLES[layer.kind]:
            name = f"{layer.name}/{variable}"
            key = f"{layer.module}.{tensor}"
            array = left_over.pop(name, None)
            shape = [state[key].shape[axis] for axis in np.argsort(axes)]
            if array is None:
                problems.append(f"{name} {shape} is missing")
            elif list(array.shape) != shape:
                problems.append(f"{name} is {list(array.shape)} where the network has {shape}")
            elif array.dtype.kind != "f":
                problems.append(f"{name} is {array.dtype} where the network has float32")
            else:
                values = np.ascontiguousarray(array.transpose(axes), dtype=np.float32)
                weights[key] = torch.from_numpy(values)
    problems += [f"{name} {list(array.shape)} is left over" for name, array in left_over.items()]
    if problems:
        raise CheckpointError(
            f"the checkpoint does not fit this network with {network.classes} classes: "
            + "; ".join(problems)
        )
    return weights


def _layers(network: StagedNetwork) -> Iterator[_Layer]:
    """Yield the layers of the authors' graph in order of creation, named by its rule."""
    count: Counter[str] = Counter()
    for stage in network.table:
        if stage.layer not in _CREATED:
            raise CheckpointError(
                f"only MiniNet-v2 and MiniNet-v2-cpu can be imported: "
                f"the authors' checkpoints have no {stage.layer.__name__} (stage {stage.name})"
            )
        for kind, module in _CREATED[stage.layer]:
            name = f"{kind}_{count[kind]}" if count[kind] else kind
            count[kind] += 1
            yield _Layer(kind, name, f"stages.{stage.name}.{module}".removesuffix("."))


def _fold_depthwise_biases(variables: dict[str, np.ndarray], layers: list[_Layer]) -> None:
    """Subtract each depthwise bias from the mean of the batch norm that follows, and drop it.

    ``(x + bias) - mean = x - (mean - bias)``: the function stays the same.
    """
    for layer, following in pairwise(layers):
        if layer.kind != "depthwise_conv2d":
            continue
        bias = variables.get(f"{layer.name}/bias")
        mean = variables.get(f"{following.name}/moving_mean")
        if bias is not None and mean is not None and bias.shape == mean.shape:
            variables[f"{following.name}/moving_mean"] = mean - bias
            del variables[f"{layer.name}/bias"]


def _is_optimizer(name: str) -> bool:
    """Tell Adam's moments and its powers of beta from the network's variables."""
    return name.rpartition("/")[2].startswith("Adam") or name in {"beta1_power", "beta2_power"}
