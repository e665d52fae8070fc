"""The authors' TensorFlow graph in miniature: random variables under their names, and its output.

A second description of the networks, independent of ``mininet_ros.network``: functions that make
a variable when they first need it, in the order and with the names and shapes of the authors'
code, so that an imported network can be held against the graph that its variables came from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional


class AuthorsGraph:
    """One network with random weights; calling it gives the logits (N, classes, H/2, W/2).

    ``variables`` holds what a checkpoint of it holds, Adam's variables included.
    """

    def __init__(
        self,
        plain: int,
        rates: Sequence[int],
        refined: int,
        classes: int,
        depthwise_bias: bool = False,
    ) -> None:
        self._structure = (plain, tuple(rates), refined, classes)
        self._depthwise_bias = depthwise_bias
        self._random = np.random.default_rng(7)
        self._count: Counter[str] = Counter()
        self.variables: dict[str, np.ndarray] = {}
        self(torch.zeros(1, 3, 8, 8))
        for name in list(self.variables):
            if not name.endswith(("moving_mean", "moving_variance")):
                for slot in ("Adam", "Adam_1"):
                    self.variables[f"{name}/{slot}"] = np.zeros_like(self.variables[name])
        self.variables["beta1_power"] = np.array(0.9, np.float32)
        self.variables["beta2_power"] = np.array(0.999, np.float32)

    def __call__(self, image: Tensor) -> Tensor:
        plain, rates, refined, classes = self._structure
        self._count.clear()
        with torch.no_grad():
            x = self._downsample(self._downsample(image, 16), 64)
            for _ in range(plain):
                x = self._plain(x)
            x = self._downsample(x, 128)
            for rate in rates:
                x = self._multi_dilation(x, rate)
            x = functional.relu(self._norm(self._conv_transpose(x, 64)))
            x = x + self._downsample(self._downsample(image, 16), 64)
            for _ in range(refined):
                x = self._plain(x)
            return self._conv_transpose(x, classes)

    def _downsample(self, x: Tensor, channels: int) -> Tensor:
        padded = functional.pad(x, (0, 1, 0, 1))
        kernel = self._kernel(self._name("conv2d"), "kernel", 3, x.shape[1], channels - x.shape[1])
        convolved = functional.conv2d(padded, kernel.permute(3, 2, 0, 1), stride=2)
        joined = torch.cat([convolved, functional.max_pool2d(x, 2)], dim=1)
        return functional.relu(self._norm(joined))

    def _plain(self, x: Tensor) -> Tensor:
        name = self._name("separable_conv2d")
        y = self._depthwise(x, name, 1)
        kernel = self._kernel(name, "pointwise_kernel", 1, x.shape[1], x.shape[1])
        y = functional.conv2d(y, kernel.permute(3, 2, 0, 1))
        return functional.relu(self._norm(y) + x)

    def _multi_dilation(self, x: Tensor, rate: int) -> Tensor:
        branches = []
        for branch_rate in (1, rate):
            name = self._name("depthwise_conv2d")
            y = self._depthwise(x, name, branch_rate)
            if self._depthwise_bias:
                y = y + self._vector(name, "bias", x.shape[1], -0.5, 0.5)
            branches.append(functional.relu(self._norm(y)))
        kernel = self._kernel(self._name("conv2d"), "kernel", 1, x.shape[1], x.shape[1])
        y = functional.conv2d(sum(branches), kernel.permute(3, 2, 0, 1))
        return functional.relu(self._norm(y) + x)

    def _depthwise(self, x: Tensor, name: str, rate: int) -> Tensor:
        kernel = self._kernel(name, "depthwise_kernel", 3, x.shape[1], 1).permute(2, 3, 0, 1)
        return functional.conv2d(x, kernel, padding=rate, dilation=rate, groups=x.shape[1])

    def _conv_transpose(self, x: Tensor, channels: int) -> Tensor:
        name = self._name("conv2d_transpose")
        kernel = self._kernel(name, "kernel", 3, channels, x.shape[1])
        y = functional.conv_transpose2d(x, kernel.permute(3, 2, 0, 1), stride=2)
        y = y[:, :, : 2 * x.shape[2], : 2 * x.shape[3]]
        return y + self._vector(name, "bias", channels, -0.5, 0.5)

    def _norm(self, x: Tensor) -> Tensor:
        name = self._name("batch_normalization")
        gamma = self._vector(name, "gamma", x.shape[1], 0.3, 0.7)
        beta = self._vector(name, "beta", x.shape[1], -0.3, 0.3)
        mean = self._vector(name, "moving_mean", x.shape[1], -0.3, 0.3)
        variance = self._vector(name, "moving_variance", x.shape[1], 0.5, 1.5)
        return (x - mean) / torch.sqrt(variance + 1e-3) * gamma + beta

    def _name(self, kind: str) -> str:
        suffix = f"_{self._count[kind]}" if self._count[kind] else ""
        self._count[kind] += 1
        return kind + suffix

    def _kernel(self, layer: str, kind: str, side: int, third: int, fourth: int) -> Tensor:
        name = f"{layer}/{kind}"
        if name not in self.variables:
            shape = (side, side, third, fourth)
            values = self._random.normal(0, (side * side * third) ** -0.5, shape)
            self.variables[name] = values.astype(np.float32)
        return torch.from_numpy(self.variables[name])

    def _vector(self, layer: str, kind: str, size: int, low: float, high: float) -> Tensor:
        name = f"{layer}/{kind}"
        if name not in self.variables:
            self.variables[name] = self._random.uniform(low, high, size).astype(np.float32)
        return torch.from_numpy(self.variables[name]).reshape(1, -1, 1, 1)
