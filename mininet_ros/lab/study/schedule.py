"""Schedules the trainings of the tables: the paper's two protocols, and a user's changes."""

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
    """Augmentation of the paper's analysis: horizontal flips and shifts, no scale.

    Attributes:
        shift: largest shift as a share of the width, 0 to 1; missing pixels are padded and their
            labels ignored.
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
        """Draw the random values for ``count`` crops, see :meth:`Augmentation.draw`."""
        draws = super().draw(count, size, crop_size, random)
        shifts = np.rint(random.uniform(-self.shift, self.shift, count) * size[0]).astype(int)
        return replace(draws, corner=np.stack([shifts, np.zeros_like(shifts)], axis=1))


@dataclass(frozen=True)
class Protocol:
    """Training protocol of some tables of the paper, beside Adam 1e-3 and poly decay 0.9.

    Attributes:
        tables: range of the tables, in words.
        batch_size: number of images in a step.
        epochs: number of passes over the data; 0 if the paper counts iterations.
        iterations: number of steps, used if ``epochs`` is 0.
        class_weight_power: exponent of the median-frequency weights; 0 weights all classes equally.
        augmentation: random changes of the images.
    """

    tables: str
    batch_size: int
    epochs: int = 0
    iterations: int = 0
    class_weight_power: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def epochs_for(self, images: int, batch_size: int) -> int:
        """Return the number of passes over ``images`` images."""
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
    """Settings for the training of every row.

    Attributes:
        dataset: name of the dataset.
        images: number of training images.
        epochs: number of passes over the data; None means that of each table's protocol.
        batch_size: number of images in a step; None means that of each table's protocol.
        size: width and height of the input in pixels; None means the size of each row, as in the
            paper.
        seeds: seeds of the runs; each network is trained once for each seed.
    """

    dataset: str
    images: int
    epochs: int | None = None
    batch_size: int | None = None
    size: tuple[int, int] | None = None
    seeds: tuple[int, ...] = (1,)

    def recipe(self, row: Row, protocol: str, seed: int) -> Recipe:
        """Return the recipe of one run with one of :data:`PROTOCOLS` (Sec. VI-A and VII-A).

        The run is validated only after the last epoch, so that the score does not select weights.
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
        """Return the input width and height in pixels for the training of a row."""
        return self.size or (row.width, row.height)

    @property
    def size_in_words(self) -> str:
        """Return the input size of the training as text."""
        return f"{self.size[0]}x{self.size[1]}" if self.size else "each row's input size"

    def in_words(self, protocol: str, device: str) -> str:
        """Return a sentence on how the rows of ``protocol`` were trained, for the report."""
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
