"""Keeps samples in memory at the size that a training needs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from math import ceil

import cv2
import torch

from mininet_ros.images.class_tables import ClassTable
from mininet_ros.inference.segmenter import fit_input
from mininet_ros.lab.training.data.datasets import Dataset, Sample
from mininet_ros.lab.training.recipe import Recipe
from mininet_ros.progress import progress_bar

DEFAULT_MEMORY_GIB = 4.0
Fit = Callable[[Sample], Sample]


class StoredImages:
    """A dataset that keeps its samples in memory, up to a limit.

    Samples beyond the limit are read from disk at each access. Every file is read once at the
    start, so that an invalid file is reported before any work is done.

    Args:
        dataset: dataset whose samples are kept.
        fit: function that brings a sample to the needed size.
        memory_gib: limit of the memory in GiB.

    Raises:
        DatasetError: see :meth:`mininet_ros.lab.training.data.datasets.Dataset.__getitem__`.
    """

    def __init__(self, dataset: Dataset, fit: Fit, memory_gib: float = DEFAULT_MEMORY_GIB) -> None:
        self.dataset = dataset
        self.fit = fit
        self.bytes = 0
        self._stored: list[Sample | None] = []
        title = f"reading {dataset.name} {dataset.split}"
        # Decoding releases the interpreter's lock, so threads are enough.
        with ThreadPoolExecutor(torch.get_num_threads()) as pool:
            samples = pool.map(self._read, range(len(dataset)))
            for sample in progress_bar(samples, title, len(dataset), leave=False, disable=None):
                size = sample.image.nbytes + sample.labels.nbytes
                is_kept = self.bytes + size <= memory_gib * 2**30
                self.bytes += size * is_kept
                self._stored.append(sample if is_kept else None)

    @property
    def classes(self) -> ClassTable:
        """Classes of the dataset."""
        return self.dataset.classes

    @property
    def is_complete(self) -> bool:
        """Whether memory holds every sample."""
        return all(sample is not None for sample in self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __getitem__(self, index: int) -> Sample:
        return self._stored[index] or self._read(index)

    def _read(self, index: int) -> Sample:
        return self.fit(self.dataset[index])


def for_crops(recipe: Recipe) -> Fit:
    """Return a function that reduces a sample to the largest size that the augmentation uses."""
    largest = max(1.0, recipe.augmentation.scale_range[1])
    most = (ceil(largest * recipe.width), ceil(largest * recipe.height))

    def fit(sample: Sample) -> Sample:
        height, width = sample.labels.shape
        return resized(sample, min(width, most[0]), min(height, most[1]))

    return fit


def for_validation(recipe: Recipe) -> Fit:
    """Return a function that resizes an image to the network's input; labels keep their size."""

    def fit(sample: Sample) -> Sample:
        image = fit_input(sample.image, recipe.width, recipe.height)
        return replace(sample, image=image)

    return fit


def resized(sample: Sample, width: int, height: int) -> Sample:
    """Resize a sample to a size in pixels; labels take the nearest pixel, soft labels stay."""
    if sample.labels.shape == (height, width):
        return sample
    size = (width, height)
    labels = cv2.resize(sample.labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return replace(sample, image=fit_input(sample.image, width, height), labels=labels)
