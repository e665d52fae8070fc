"""Everything that decides how a model is trained, in one place; it lands in the model's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mininet_ros.lab.training.data.augmentation import Augmentation
from mininet_ros.network import plain_options


@dataclass(frozen=True)
class Recipe:
    """A training run. The defaults are the paper's protocol (Sec. VI-A and VII-A).

    Attributes:
        network, options: the network and the options of its table.
        dataset, split: name of the dataset, and its split that is learned from.
        validation_split: split by which weights are chosen.
        width, height: the network's input in pixels; every image is resized to it.
        epochs, batch_size: passes over the data; images a step.
        learning_rate: at the start; decays by ``(1 - step / steps) ** poly_power`` to
            ``final_learning_rate``.
        weight_decay: L2, added to the gradient as Adam does it.
        class_weight_power: exponent of the median-frequency weights; 0 weighs all classes alike.
        lovasz_weight: weight of the Lovász-softmax term; 0 for none. Not in the paper.
        rendered_text: pictures of text that are rendered and added to those of scene text. Not in
            the paper.
        initial_model: name or path of the model folder whose stages it begins from, where they
            fit; empty for fresh weights. Not in the paper.
        seed: of weights, order, augmentation and dropout.
        validate_every: epochs between two validations.
        patience: epochs without a better validation after which the training ends; 0 for never.
            Not in the paper.

    Raises:
        ValueError: a value is out of its range.
    """

    network: str
    dataset: str
    width: int
    height: int
    split: str = "train"
    validation_split: str = "val"
    options: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 250
    batch_size: int = 12
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    poly_power: float = 0.9
    weight_decay: float = 2e-4
    class_weight_power: float = 0.12
    augmentation: Augmentation = field(default_factory=Augmentation)
    lovasz_weight: float = 0.0
    rendered_text: int = 0
    initial_model: str = ""
    seed: int = 1
    validate_every: int = 1
    patience: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "height", "epochs", "batch_size", "validate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not 0 < self.final_learning_rate <= self.learning_rate:
            raise ValueError("learning rates must be positive, the final one at most the first")
        if self.patience < 0:
            raise ValueError(f"patience must not be negative: {self.patience}")
        if self.lovasz_weight < 0:
            raise ValueError(f"lovasz_weight must not be negative: {self.lovasz_weight}")

    def learning_rate_at(self, step: int, steps: int) -> float:
        """Learning rate of a step in ``0 .. steps - 1``."""
        decay = (1 - step / steps) ** self.poly_power
        return self.final_learning_rate + (self.learning_rate - self.final_learning_rate) * decay

    def as_card(self) -> dict[str, Any]:
        """Plain values for a yaml file."""
        card = asdict(self)
        card["options"] = plain_options(self.options)
        card["initial_model"] = Path(self.initial_model).name
        card["augmentation"]["scale_range"] = list(self.augmentation.scale_range)
        return card
