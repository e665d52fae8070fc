"""A network as a table of stages, one row a layer, to be held against the paper's Table I."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mininet_ros.images.input_size import INPUT_MULTIPLE

IMAGE = "image"
IMAGE_CHANNELS = 3


@dataclass(frozen=True)
class Stage:
    """One row of a network's table.

    ``layer`` is built from (input channels, ``channels``, ``**options``). ``input`` names the
    image or an earlier stage; several names joined by " + " are added, by ", " concatenated.
    """

    block: str
    name: str
    layer: type[nn.Module]
    channels: int
    input: str
    options: Mapping[str, float] = field(default_factory=dict)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names whose outputs, added or concatenated, are this stage's input."""
        return tuple(self.input.split(", " if self.concatenates else " + "))

    @property
    def concatenates(self) -> bool:
        """Whether several inputs are concatenated instead of added."""
        return ", " in self.input

    @property
    def title(self) -> str:
        """The layer's name and options, as printed in a table."""
        options = ", ".join(f"{key}={value}" for key, value in self.options.items())
        return f"{self.layer.__name__}({options})" if options else self.layer.__name__


class StagedNetwork(nn.Module):
    """The network that a table of stages describes.

    Input: float (N, 3, H, W), BGR scaled to ``x / 255 - 0.5``, H and W multiples of ``multiple``.
    Output: the last stage's logits, float (N, classes, h, w).
    """

    def __init__(self, table: tuple[Stage, ...]) -> None:
        super().__init__()
        self.table = table
        self.multiple = input_multiple(table)
        channels = {IMAGE: IMAGE_CHANNELS}
        self.stages = nn.ModuleDict()
        for stage in table:
            in_channels = _channels_in(stage, channels)
            self.stages[stage.name] = stage.layer(in_channels, stage.channels, **stage.options)
            channels[stage.name] = stage.channels
        self._last_use = {name: stage.name for stage in table for name in stage.inputs}
        self.reset_parameters()

    @property
    def classes(self) -> int:
        """Channels of the last stage."""
        return self.table[-1].channels

    def reset_parameters(self) -> None:
        """He initialisation; transposed convolutions keep what their layer chose.

        A layer whose ``initial_gain`` is ``linear``, as SELU wants it, gets LeCun's instead.
        """
        for stage in self.stages.values():
            is_linear = getattr(stage, "initial_gain", "relu") == "linear"
            for module in stage.modules():
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(
                        module.weight, mode="fan_in", nonlinearity="linear" if is_linear else "relu"
                    )

    def packed_weights(self) -> dict[str, Tensor]:
        """Weights and statistics by name, on the CPU, in the memory order of a weights file."""
        return {name: value.cpu().contiguous() for name, value in self.state_dict().items()}

    def forward(self, image: Tensor) -> Tensor:
        self._require_multiple(image)
        outputs = {IMAGE: image}
        for stage in self.table:
            outputs[stage.name] = self.stages[stage.name](_joined(stage, outputs))
            for name in stage.inputs:
                if self._last_use[name] == stage.name:
                    del outputs[name]
        return outputs[self.table[-1].name]

    def _require_multiple(self, image: Tensor) -> None:
        height, width = image.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise ValueError(
                f"input of {width}x{height} pixels: both sides must be multiples of {self.multiple}"
            )


def input_multiple(table: Sequence[Stage]) -> int:
    """Number that both sides of a network's input must be multiples of.

    The inverse of the smallest stage's scale, and at least :data:`INPUT_MULTIPLE`. A layer that
    changes the resolution says by how much in its attribute ``scale``.
    """
    scales = {IMAGE: 1.0}
    for stage in table:
        scales[stage.name] = scales[stage.inputs[0]] * getattr(stage.layer, "scale", 1.0)
    return max(INPUT_MULTIPLE, round(1 / min(scales.values())))


def _channels_in(stage: Stage, channels: Mapping[str, int]) -> int:
    counts = [channels[name] for name in stage.inputs]
    if stage.concatenates:
        return sum(counts)
    if len(set(counts)) != 1:
        raise ValueError(f"stage {stage.name} adds inputs of {sorted(set(counts))} channels")
    return counts[0]


def _joined(stage: Stage, outputs: Mapping[str, Tensor]) -> Tensor:
    first, *others = (outputs[name] for name in stage.inputs)
    if stage.concatenates:
        return torch.cat((first, *others), dim=1)
    for other in others:
        first = first + other
    return first
