"""A network's first weights: freshly drawn, or those of another model where they fit."""

from __future__ import annotations

from safetensors.torch import load_file

from mininet_ros.models import WEIGHTS, load_model
from mininet_ros.network import StagedNetwork
from mininet_ros.training.run_folder import TrainingError


def begin_from(network: StagedNetwork, model: str) -> tuple[str, ...]:
    """Take over every stage that a model folder has too, with the same tensors.

    The last stage is taken over only where the classes are as many.

    Returns:
        The names of the stages taken.

    Raises:
        ModelError: no such model, or its folder is damaged.
        TrainingError: none of its stages fits.
    """
    weights = load_file(load_model(model).path(WEIGHTS))
    taken = []
    for name, stage in network.stages.items():
        prefix = f"stages.{name}."
        offered = {key[len(prefix) :]: weights[key] for key in weights if key.startswith(prefix)}
        wanted = stage.state_dict()
        if offered.keys() == wanted.keys() and all(
            offered[key].shape == wanted[key].shape for key in wanted
        ):
            stage.load_state_dict(offered)
            taken.append(name)
    if not taken:
        raise TrainingError(f"no stage of {model} fits the network that is to be trained")
    return tuple(taken)
