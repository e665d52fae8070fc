"""Datasets for distillation: with soft labels, and with unlabelled images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from mininet_ros.images.class_tables import IGNORE_LABEL, ClassTable
from mininet_ros.lab.training.data.datasets import Dataset, Sample
from mininet_ros.lab.training.data.datasets.held_out import refuse_held_out
from mininet_ros.lab.training.data.datasets.labelled_images import pictures_of, read_picture
from mininet_ros.lab.training.distillation.soft_labels import SoftLabels


class WithUnlabelled:
    """The samples of a dataset, followed by unlabelled images (all void) from folders.

    Raises:
        DatasetError: a folder is missing, has no image, or has an image of a test split.
    """

    def __init__(self, labelled: Dataset, folders: Sequence[Path]) -> None:
        self.labelled = labelled
        self.pictures = [picture for folder in folders for picture in pictures_of(folder)]
        refuse_held_out(self.pictures)

    @property
    def name(self) -> str:
        """Name of the labelled dataset."""
        return self.labelled.name

    @property
    def split(self) -> str:
        """Split of the labelled dataset."""
        return self.labelled.split

    @property
    def licence(self) -> str:
        """Licence of the labelled dataset."""
        return self.labelled.licence

    @property
    def classes(self) -> ClassTable:
        """Classes of the labelled dataset."""
        return self.labelled.classes

    def __len__(self) -> int:
        return len(self.labelled) + len(self.pictures)

    def __getitem__(self, index: int) -> Sample:
        """See :meth:`mininet_ros.lab.training.data.datasets.Dataset.__getitem__`."""
        if index < len(self.labelled):
            return self.labelled[index]
        path = self.pictures[index - len(self.labelled)]
        image = read_picture(path)[0]
        return Sample(path.stem, image, np.full(image.shape[:2], IGNORE_LABEL, np.uint8))


class WithSoftLabels:
    """A dataset whose samples also have soft labels of a teacher."""

    def __init__(self, dataset: Dataset, soft: SoftLabels) -> None:
        self.dataset, self.soft = dataset, soft

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.dataset.name

    @property
    def split(self) -> str:
        """Split of the dataset."""
        return self.dataset.split

    @property
    def licence(self) -> str:
        """Licence of the dataset."""
        return self.dataset.licence

    @property
    def classes(self) -> ClassTable:
        """Classes of the dataset."""
        return self.dataset.classes

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Sample:
        """See :meth:`mininet_ros.lab.training.data.datasets.Dataset.__getitem__`."""
        return replace(self.dataset[index], soft=self.soft.maps[index])
