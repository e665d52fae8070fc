"""How the rows of the tables are trained: the paper's two protocols, and a user's changes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from mininet_ros.lab.study.paper import ANALYSIS, BENCHMARK
from mininet_ros.lab.study.rows import Row, same_network
from mininet_ros.lab.training.data.augmentation import Augmentation, Draws
from mininet_ros.lab.training.recipe import Recipe


@dataclass(frozen=True)
class FlipsAndShifts(Augmentation):
    """The augmentation of the paper's analysis: horizontal flips and shifts, no scale.

    ``shift`` is the largest shift, a share of the width; what is missing is padded and ignored.
    """

    scale_range: tuple[float, float] = (1.0, 1.0)
    shift: float = 0.1

    def draw(
        self,
        count: int,
        size: tuple[int, int],
        crop_size: tuple[int, int],
        random: np.random.Generator,
    ) -> Draws:
        """Draw what happens to ``count`` crops, as :meth:`Augmentation.draw` does."""
        draws = super().draw(count, size, crop_size, random)
        shifts = np.rint(random.uniform(-self.shift, self.shift, count) * size[0]).astype(int)
        return replace(draws, corner=np.stack([shifts, np.zeros_like(shifts)], axis=1))


@dataclass(frozen=True)
class Protocol:
    """How the paper trains the networks of some tables: Adam 1e-3, poly 0.9, and this.

    Attributes:
        tables: range of the tables, in words.
        batch_size: number of images in a step.
        epochs: number of passes over the data; 0 where the paper counts iterations.
        iterations: number of steps, where there are no ``epochs``.
        class_weight_power: exponent of the median-frequency weights; 0 weighs all classes alike.
        augmentation: random changes of the images.
    """

    tables: str
    batch_size: int
    epochs: int = 0
    iterations: int = 0
    class_weight_power: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def epochs_for(self, images: int, batch_size: int) -> int:
        """Passes over ``images`` images."""
        return self.epochs or math.ceil(self.iterations * batch_size / images)

    def __str__(self) -> str:
        weights = "alike"
        if self.class_weight_power:
            weights = f"weighed by their median frequency to the {self.class_weight_power:g}"
        low, high = self.augmentation.scale_range
        scales = f", scales x{low:g}-{high:g}" if low < high else ""
        return f"flips and shifts{scales}, classes {weights}"


PROTOCOLS = {
    ANALYSIS: Protocol("II to V", batch_size=12, epochs=250, augmentation=FlipsAndShifts()),
    BENCHMARK: Protocol("VI to VIII", batch_size=6, iterations=1_000_000, class_weight_power=0.12),
}


@dataclass(frozen=True)
class Schedule:
    """How every row is trained.

    Attributes:
        dataset: name of the dataset.
        images: number of training images.
        epochs, batch_size: passes over the data, and images in a step; None for those of each
            table's protocol.
        size: width and height of the input; None for each row's own, as in the paper.
        seeds: seeds, with one run for each.
    """

    dataset: str
    images: int
    epochs: int | None = None
    batch_size: int | None = None
    size: tuple[int, int] | None = None
    seeds: tuple[int, ...] = (1,)

    def recipe(self, row: Row, protocol: str, seed: int) -> Recipe:
        """One run, by one of :data:`PROTOCOLS` (Sec. VI-A and VII-A).

        Scored once, after the last epoch, so that no weights are picked by their score.
        """
        width, height = self.size_of(row)
        papers = PROTOCOLS[protocol]
        batch_size = self.batch_size or papers.batch_size
        epochs = self.epochs or papers.epochs_for(self.images, batch_size)
        return Recipe(
            network=same_network(row.network),
            options=row.options,
            dataset=self.dataset,
            width=width,
            height=height,
            epochs=epochs,
            batch_size=batch_size,
            class_weight_power=papers.class_weight_power,
            augmentation=papers.augmentation,
            seed=seed,
            validate_every=epochs,
        )

    def size_of(self, row: Row) -> tuple[int, int]:
        """Width and height that a row is trained at."""
        return self.size or (row.width, row.height)

    @property
    def size_in_words(self) -> str:
        """Input size of the training, for people."""
        return f"{self.size[0]}x{self.size[1]}" if self.size else "each row's input size"

    def in_words(self, protocol: str, device: str) -> str:
        """What the rows of ``protocol`` were trained with, for the report."""
        papers = PROTOCOLS[protocol]
        batch_size = self.batch_size or papers.batch_size
        epochs = self.epochs or papers.epochs_for(self.images, batch_size)
        seeds = ", ".join(map(str, self.seeds))
        return (
            f"mIoU of Tables {papers.tables}: {self.dataset} val after the last of {epochs} "
            f"epochs, batch {batch_size}, {self.size_in_words}, seeds {seeds}, on {device}; "
            f"Adam 1e-3, poly 0.9, weight decay 2e-4, {papers}, no pretraining. Mean ± standard "
            f"deviation over the seeds."
        )
