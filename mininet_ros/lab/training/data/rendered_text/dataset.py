"""A scene text dataset enlarged by rendered pictures."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from mininet_ros.images.class_tables import SCENE_TEXT, ClassTable
from mininet_ros.lab.training.data.datasets import Dataset, DatasetError, Sample
from mininet_ros.lab.training.data.datasets.scene_text import BACKGROUND
from mininet_ros.lab.training.data.rendered_text.backgrounds import draw_background
from mininet_ros.lab.training.data.rendered_text.scene import add_text
from mininet_ros.lab.training.data.rendered_text.typefaces import Typefaces

ON_PHOTOGRAPHS = 0.6  # share of the rendered pictures whose background is one of the real ones


class WithRenderedText:
    """A dataset's own samples, and after them ``count`` rendered ones of ``width`` x ``height``.

    More than half of the rendered ones are real pictures with text added beside their own, the
    others show text on surfaces that are rendered too. Each depends on ``seed`` and its index
    alone, and on the fonts that are installed.

    Raises:
        DatasetError: the classes are not those of scene text, or ``count`` is negative.
    """

    def __init__(self, real: Dataset, count: int, width: int, height: int, seed: int) -> None:
        if real.classes != SCENE_TEXT:
            raise DatasetError(
                f"rendered text can be added to scene text alone, not to {real.name}"
            )
        if count < 0:
            raise DatasetError(f"the number of rendered pictures must not be negative: {count}")
        self.real, self.count = real, count
        self.width, self.height, self.seed = width, height, seed

    @property
    def name(self) -> str:
        """That of the real dataset."""
        return self.real.name

    @property
    def split(self) -> str:
        """That of the real dataset."""
        return self.real.split

    @property
    def licence(self) -> str:
        """That of the real dataset, whose pictures are among the backgrounds."""
        return self.real.licence

    @property
    def classes(self) -> ClassTable:
        """Background and text."""
        return self.real.classes

    def __len__(self) -> int:
        return len(self.real) + self.count

    def __getitem__(self, index: int) -> Sample:
        """A real sample, or one that is rendered anew.

        Raises:
            IndexError: there is no such sample.
            DatasetError: a real one is not what it must be.
        """
        number = index - len(self.real)
        if number < 0:
            return self.real[index]
        if number >= self.count:
            raise IndexError(f"{index} is beyond {len(self)} samples")
        random = np.random.default_rng((self.seed, number))
        picture, labels = self._background(random)
        add_text(picture, labels, random, self._typefaces)
        return Sample(f"rendered_{number}", picture, labels)

    @cached_property
    def _typefaces(self) -> Typefaces:
        return Typefaces()

    def _background(self, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        size = (self.width, self.height)
        if random.random() >= ON_PHOTOGRAPHS:
            labels = np.full((self.height, self.width), BACKGROUND, np.uint8)
            return draw_background(random, *size), labels
        real = self.real[int(random.integers(len(self.real)))]
        picture = cv2.resize(real.image, size, interpolation=cv2.INTER_AREA)
        return picture, cv2.resize(real.labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
