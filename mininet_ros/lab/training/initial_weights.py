"""Initial weights of a network: random, or those of another model where they fit."""

from __future__ import annotations

from collections import defaultdict, deque

from torch import nn

from mininet_ros.inference.pytorch import load_network
from mininet_ros.lab.training.run_folder import TrainingError
from mininet_ros.models import CARD, load_model, models_folder
from mininet_ros.network.layers import MultiDilationModule, SeparableModule
from mininet_ros.network.stages import Stage, StagedNetwork

# Dataset of the shipped models that a training starts from by default.
PRETRAINED_ON = "camvid"
RESIDUAL_MODULES = (SeparableModule, MultiDilationModule)


def begin_from(network: StagedNetwork, model: str) -> tuple[str, ...]:
    """Copy the weights of matching stages from a model: same block, layer and options, in order.

    A residual module that the model does not have starts as the identity: the scale of its batch
    norm is zero. A MiniNet-v2 that starts from a MiniNet-v2-cpu with the same classes therefore
    computes the same output at first. Stages with another number of channels keep their random
    weights, such as the last stage if the classes differ.

    Args:
        network: network to initialise, changed in place.
        model: name or path of the model folder.

    Returns:
        Names of the stages that were copied.

    Raises:
        ModelError: the model does not exist, or its folder is damaged.
        TrainingError: none of the stages fits.
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
    """Return name or path of the model that a training starts from; "" means random weights.

    Args:
        asked: name or path of a model; ``auto`` means the shipped street model of the network, if
            there is one; ``none`` or "" means random weights.
        network: name of the network to train.
    """
    if asked in ("", "none"):
        return ""
    if asked != "auto":
        return asked
    name = f"{PRETRAINED_ON}_{network}"
    return name if (models_folder() / name / CARD).is_file() else ""


def _kind(stage: Stage) -> tuple:
    return stage.block, stage.layer, tuple(sorted(stage.options.items()))
