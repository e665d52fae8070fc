"""A network's first weights: freshly drawn, or those of another model where they fit."""

from __future__ import annotations

from collections import defaultdict, deque

from torch import nn

from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.run_folder import TrainingError
from mininet_ros.models import CARD, load_model, models_folder
from mininet_ros.network.layers import MultiDilationModule, SeparableModule
from mininet_ros.network.stages import Stage, StagedNetwork

# Dataset of the shipped models from which a training begins unless told otherwise.
PRETRAINED_ON = "camvid"
RESIDUAL_MODULES = (SeparableModule, MultiDilationModule)


def begin_from(network: StagedNetwork, model: str) -> tuple[str, ...]:
    """Take over the stages that a model has too: of the same block, layer and options, in order.

    A residual module that the model lacks begins as the identity, its batch norm scaled to zero.
    So a MiniNet-v2 that begins from a MiniNet-v2-cpu of the same classes computes what that one
    does, and learns from there. Stages of another number of channels, such as the last one where
    the classes are others, keep their fresh weights.

    Returns:
        The names of the stages taken.

    Raises:
        ModelError: no such model, or its folder is damaged.
        TrainingError: none of its stages fits.
    """
    source = load_network(load_model(model))
    offered: dict[tuple, deque[nn.Module]] = defaultdict(deque)
    for stage in source.table:
        offered[_kind(stage)].append(source.stages[stage.name])
    taken = []
    for stage in network.table:
        target = network.stages[stage.name]
        candidates = offered[_kind(stage)]
        if not candidates:
            if isinstance(target, RESIDUAL_MODULES):
                nn.init.zeros_(target.norm.weight)
            continue
        weights = candidates.popleft().state_dict()
        own = target.state_dict()
        if all(weights[name].shape == own[name].shape for name in own):
            target.load_state_dict(weights)
            taken.append(stage.name)
    if not taken:
        raise TrainingError(f"no stage of {model} fits the network that is to be trained")
    return tuple(taken)


def initial_model(asked: str, network: str) -> str:
    """Name or path of the model that a training begins from; "" for fresh weights.

    Args:
        asked: a model's name or path; ``auto`` for the shipped street model of the network, where
            there is one; ``none`` or "" for fresh weights.
        network: name of the network that is trained.
    """
    if asked in ("", "none"):
        return ""
    if asked != "auto":
        return asked
    name = f"{PRETRAINED_ON}_{network}"
    return name if (models_folder() / name / CARD).is_file() else ""


def _kind(stage: Stage) -> tuple:
    return stage.block, stage.layer, tuple(sorted(stage.options.items()))
