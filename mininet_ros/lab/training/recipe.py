"""All settings of a training; they are stored in the model's card."""

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
        network: name of the network.
        options: options of the network's table of stages.
        dataset: name of the dataset.
        split: split that the network learns from.
        validation_split: split that selects the best weights.
        width, height: input size of the network in pixels; every image is resized to it.
        crop_width, crop_height: size in pixels of the crops for a step; 0 means the input size.
        epochs: number of passes over the data.
        batch_size: number of images in a step.
        learning_rate: initial learning rate. Over the last ``decay_share`` of the steps it decays
            with ``(1 - share done) ** poly_power`` to ``final_learning_rate``.
        decay_share: share of the steps with a decaying learning rate, 0 to 1. The paper has 1. A
            run with 0 can be the start of other runs that decay.
        warm_up: number of steps over which the learning rate rises to its initial value. Not in
            the paper.
        average_decay: decay of the running average of the weights, 0 to 1; the average is then
            validated and kept. 0 means no average. Not in the paper.
        weight_decay: factor of the L2 penalty, which is added to the gradient as in Adam.
        class_weight_power: exponent of the median-frequency weights; 0 weights all classes equally.
        lovasz_weight: weight of the Lovász-softmax term; 0 means none. Not in the paper.
        class_mix: share of the crops into which classes of another crop are pasted, 0 to 1. Not in
            the paper.
        rendered_text: number of rendered images that are added to a scene text dataset. Not in the
            paper.
        initial_model: name or path of the model folder that initialises matching stages; empty for
            random weights. Not in the paper.
        initial_run: output folder of another training of the same network; its weights, average
            and optimizer state are the start. Empty for none.
        teacher: name of the teacher whose soft labels are also learned; empty for none. Not in the
            paper.
        teacher_sha256: SHA-256 of the teacher; empty for none.
        teacher_weight: weight of the distillation loss.
        temperature: temperature of the distillation loss, see
            :func:`mininet_ros.lab.training.loss.distillation_loss`.
        unlabelled: names of the folders of images that only the teacher labels.
        seed: seed of initial weights, sample order, augmentation and dropout.
        validate_every: number of epochs between two validations.
        patience: number of epochs without a better validation after which the training ends; 0
            means never. Not in the paper.

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
    class_mix: float = 0.0
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
        if not 0 <= self.class_mix <= 1:
            raise ValueError(f"class_mix must lie in [0, 1], not {self.class_mix}")
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
        """Return the learning rate of a step from 0 to ``steps - 1``."""
        if step < self.warm_up:
            return self.learning_rate * (step + 1) / self.warm_up
        left = 1 - step / steps
        decay = min(1.0, left / self.decay_share) ** self.poly_power if self.decay_share else 1.0
        return self.final_learning_rate + (self.learning_rate - self.final_learning_rate) * decay

    @property
    def crop_size(self) -> tuple[int, int]:
        """Width and height in pixels of the crops for a step."""
        return self.crop_width or self.width, self.crop_height or self.height

    def as_card(self) -> dict[str, Any]:
        """Return plain values for a yaml file."""
        card = asdict(self)
        card["options"] = plain_options(self.options)
        card["initial_model"] = Path(self.initial_model).name
        card["initial_run"] = Path(self.initial_run).name
        card["unlabelled"] = list(self.unlabelled)
        card["augmentation"]["scale_range"] = list(self.augmentation.scale_range)
        return card
