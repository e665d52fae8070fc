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
        crop_width, crop_height: of what is cut from it for a step; 0 for the input's own.
        epochs, batch_size: passes over the data; images a step.
        learning_rate: at the start; over the last ``decay_share`` of the steps it decays by
            ``(1 - share done) ** poly_power`` to ``final_learning_rate``.
        decay_share: 1 as in the paper; less to train on at a constant rate before, and 0 for a
            run from which others begin that cool down.
        warm_up: steps over which the learning rate rises to its first value. Not in the paper.
        average_decay: of the running average of the weights, which is then what is validated and
            kept; 0 for none. Not in the paper.
        weight_decay: L2, added to the gradient as Adam does it.
        class_weight_power: exponent of the median-frequency weights; 0 weighs all classes alike.
        lovasz_weight: weight of the Lovász-softmax term; 0 for none. Not in the paper.
        rendered_text: pictures of text that are rendered and added to those of scene text. Not in
            the paper.
        initial_model: name or path of the model folder whose stages it begins from, where they
            fit; empty for fresh weights. Not in the paper.
        initial_run: output folder of a training of the same network whose weights, their average
            and the optimizer's state it goes on from; empty for none.
        teacher, teacher_sha256: name and contents of the teacher whose soft labels are learned,
            too; empty for none. Not in the paper.
        teacher_weight, temperature: see :func:`mininet_ros.lab.training.loss.distillation_loss`.
        unlabelled: names of the folders whose pictures only the teacher labels.
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
    crop_width: int = 0
    crop_height: int = 0
    split: str = "train"
    validation_split: str = "val"
    options: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 250
    batch_size: int = 12
    learning_rate: float = 1e-3
    final_learning_rate: float = 1e-5
    poly_power: float = 0.9
    decay_share: float = 1.0
    warm_up: int = 0
    average_decay: float = 0.0
    weight_decay: float = 2e-4
    class_weight_power: float = 0.12
    augmentation: Augmentation = field(default_factory=Augmentation)
    lovasz_weight: float = 0.0
    rendered_text: int = 0
    initial_model: str = ""
    initial_run: str = ""
    teacher: str = ""
    teacher_sha256: str = ""
    teacher_weight: float = 1.0
    temperature: float = 1.0
    unlabelled: tuple[str, ...] = ()
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
        if not 0 <= self.decay_share <= 1 or not 0 <= self.average_decay < 1 or self.warm_up < 0:
            raise ValueError(
                "decay_share must lie in [0, 1], average_decay in [0, 1), and warm_up be 0 or more"
            )
        if self.teacher_weight <= 0 or self.temperature <= 0:
            raise ValueError("teacher_weight and temperature must be positive")
        if self.unlabelled and not self.teacher:
            raise ValueError("unlabelled pictures need a teacher that labels them")
        if self.initial_model and self.initial_run:
            raise ValueError("a training begins from a model or from another run, not from both")

    def learning_rate_at(self, step: int, steps: int) -> float:
        """Learning rate of a step in ``0 .. steps - 1``."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        left = 1 - step / steps
        decay = min(1.0, left / self.decay_share) ** self.poly_power if self.decay_share else 1.0
        return self.final_learning_rate + (self.learning_rate - self.final_learning_rate) * decay

    @property
    def crop_size(self) -> tuple[int, int]:
        """Width and height in pixels of what a step sees of an image."""
        return self.crop_width or self.width, self.crop_height or self.height

    def as_card(self) -> dict[str, Any]:
        """Plain values for a yaml file."""
        card = asdict(self)
        card["options"] = plain_options(self.options)
        card["initial_model"] = Path(self.initial_model).name
        card["initial_run"] = Path(self.initial_run).name
        card["unlabelled"] = list(self.unlabelled)
        card["augmentation"]["scale_range"] = list(self.augmentation.scale_range)
        return card
