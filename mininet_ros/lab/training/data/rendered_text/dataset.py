"""A scene text dataset with additional rendered images."""

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

ON_PHOTOGRAPHS = 0.6  # share of the rendered images that have a real image as background


class WithRenderedText:
    """The samples of a dataset, followed by rendered samples.

    More than half of the rendered samples are real images with added text. The others have text on
    rendered backgrounds. A rendered sample depends only on ``seed``, its index and the installed
    fonts.

    Args:
        real: scene text dataset.
        count: number of rendered samples.
        width, height: size of the rendered images in pixels.
        seed: seed of the rendered samples.

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
        """Name of the real dataset."""
        return self.real.name

    @property
    def split(self) -> str:
        """Split of the real dataset."""
        return self.real.split

    @property
    def licence(self) -> str:
        """Licence of the real dataset, whose images are among the backgrounds."""
        return self.real.licence

    @property
    def classes(self) -> ClassTable:
        """The classes background and text."""
        return self.real.classes

    def __len__(self) -> int:
        return len(self.real) + self.count

    def __getitem__(self, index: int) -> Sample:
        """Read a real sample or render a sample.

        Raises:
            IndexError: there is no such sample.
            DatasetError: the files of a real sample cannot be used.
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
