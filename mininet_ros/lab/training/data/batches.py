"""Makes training batches: with OpenCV on the host, or on a device that holds all images."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from mininet_ros.lab.training.data.augmentation import Draws, cut, cut_soft
from mininet_ros.lab.training.data.device_augmentation import cut_batch, to_device
from mininet_ros.lab.training.data.stored_images import StoredImages, resized
from mininet_ros.lab.training.distillation.maps import resized_map
from mininet_ros.lab.training.distributed import ALONE, Processes
from mininet_ros.lab.training.prediction import to_input
from mininet_ros.lab.training.recipe import Recipe

DEVICE_SHARE = 0.5  # share of the device's free memory for images
CROPS = 1  # separates the random stream of the crops from that of an epoch's order


@dataclass(frozen=True)
class Step:
    """This process's part of one step: the samples, and the random values for each."""

    number: int
    chosen: np.ndarray
    draws: Draws


class Batch(NamedTuple):
    """Crops of one step, on the training device.

    Attributes:
        images: network input float32 (N, 3, H, W), values ``x / 255 - 0.5``.
        labels: class ids int64 (N, H, W), 255 = ignored.
        soft: soft labels of a teacher (N, classes, H // 2, W // 2), values 0 to 255, see
            :class:`mininet_ros.lab.training.distillation.SoftLabels`; 0 for every class where
            padded; None without a teacher.
    """

    images: Tensor
    labels: Tensor
    soft: Tensor | None


class Batches(Protocol):
    """Batches of a whole training, one epoch at a time."""

    def of_epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batch of each step of an epoch."""
        ...


def steps_of(recipe: Recipe, count: int) -> int:
    """Return the steps of an epoch over ``count`` samples; an incomplete last batch is dropped."""
    return max(1, count // recipe.batch_size)


def plan_epoch(recipe: Recipe, epoch: int, count: int, processes: Processes) -> Iterator[Step]:
    """Yield this process's part of each step of an epoch; it depends only on seed and step."""
    order = np.random.default_rng((recipe.seed, epoch)).permutation(count)
    steps = steps_of(recipe, count)
    for index in range(steps):
        number = epoch * steps + index
        chosen = order[index * recipe.batch_size : (index + 1) * recipe.batch_size]
        random = np.random.default_rng((recipe.seed, number, CROPS))
        size = (recipe.width, recipe.height)
        draws = recipe.augmentation.draw(len(chosen), size, recipe.crop_size, random)
        part = processes.part_of(len(chosen))
        yield Step(number, chosen[part], draws[part])


class HostBatches:
    """Cuts crops with OpenCV on worker threads, one batch ahead of the training step."""

    def __init__(
        self,
        recipe: Recipe,
        samples: StoredImages,
        device: torch.device,
        processes: Processes = ALONE,
    ) -> None:
        self.recipe, self.samples = recipe, samples
        self.device, self.processes = device, processes

    def of_epoch(self, epoch: int) -> Iterator[Batch]:
        """See :class:`Batches`."""
        plan = plan_epoch(self.recipe, epoch, len(self.samples), self.processes)
        workers = torch.get_num_threads()
        if workers == 1:
            yield from (self._join([self._cut(step, i) for i in _places(step)]) for step in plan)
            return
        with ThreadPoolExecutor(workers) as pool:
            ahead: deque = deque()
            for step in plan:
                ahead.append([pool.submit(self._cut, step, i) for i in _places(step)])
                if len(ahead) > 1:
                    yield self._join([crop.result() for crop in ahead.popleft()])
            yield from (self._join([crop.result() for crop in crops]) for crops in ahead)

    def _cut(self, step: Step, place: int) -> tuple[np.ndarray, ...]:
        sample, draw = self.samples[int(step.chosen[place])], step.draws[place]
        crop = cut(sample.image, sample.labels, draw, *self.recipe.crop_size)
        if sample.soft is None:
            return crop
        return *crop, cut_soft(sample.soft, draw, *self.recipe.crop_size)

    def _join(self, crops: list[tuple[np.ndarray, ...]]) -> Batch:
        images, labels, *soft = (np.stack(arrays) for arrays in zip(*crops, strict=True))
        truth = torch.from_numpy(labels).to(self.device, torch.int64)
        said = torch.from_numpy(soft[0]).to(self.device).permute(0, 3, 1, 2) if soft else None
        return Batch(to_input(images, self.device), truth, said)


class DeviceBatches:
    """Keeps all images on the device and cuts the crops there, without waits and large copies."""

    def __init__(
        self,
        recipe: Recipe,
        samples: StoredImages,
        device: torch.device,
        processes: Processes = ALONE,
    ) -> None:
        self.recipe, self.processes = recipe, processes
        width, height = common_size(samples)
        count = len(samples)
        self.images = torch.empty((count, 3, height, width), dtype=torch.uint8, device=device)
        self.labels = torch.empty((count, height, width), dtype=torch.uint8, device=device)
        for index in range(count):
            sample = resized(samples[index], width, height)
            self.images[index] = torch.from_numpy(sample.image).permute(2, 0, 1)
            self.labels[index] = torch.from_numpy(sample.labels)
        self.soft = _soft_on(device, samples)
        smallest = recipe.augmentation.scale_range[0]
        shrinks = max(width / recipe.width, height / recipe.height) / smallest
        self.oversampling = max(1, ceil(shrinks - 0.5))
        self.generator = torch.Generator(device)

    def of_epoch(self, epoch: int) -> Iterator[Batch]:
        """See :class:`Batches`."""
        for step in plan_epoch(self.recipe, epoch, len(self.images), self.processes):
            chosen = to_device(step.chosen, self.images.device)
            self.generator.manual_seed(int(step.draws.noise_seed[0]))
            crops = cut_batch(
                self.images[chosen],
                self.labels[chosen],
                step.draws,
                *self.recipe.crop_size,
                self.generator,
                self.oversampling,
                None if self.soft is None else self.soft[chosen],
            )
            yield Batch(*crops)


def open_batches(
    recipe: Recipe, samples: StoredImages, device: torch.device, processes: Processes = ALONE
) -> Batches:
    """Cut batches on a CUDA device if it and the host's memory hold all images, else on the host.

    A message on standard error tells when the images of a CUDA training stay on the host.
    """
    if device.type != "cuda":
        return HostBatches(recipe, samples, device, processes)
    width, height = common_size(samples)
    soft = samples[0].soft
    needed = len(samples) * (width * height * 4 + (0 if soft is None else soft.nbytes))
    free, _ = torch.cuda.mem_get_info(device)
    if samples.is_complete and needed <= DEVICE_SHARE * free:
        return DeviceBatches(recipe, samples, device, processes)
    if processes.leads:
        reason = (
            f"the images take {needed / 2**30:.1f} GiB of {free / 2**30:.1f} GiB free on {device}"
            if samples.is_complete
            else "memory does not hold all images (more: --memory)"
        )
        print(f"{reason}: crops are cut on the host", file=sys.stderr)
    return HostBatches(recipe, samples, device, processes)


def common_size(samples: StoredImages) -> tuple[int, int]:
    """Return the largest width and the largest height of the samples in pixels."""
    heights, widths = zip(*(samples[index].labels.shape for index in range(len(samples))))
    return max(widths), max(heights)


def _soft_on(device: torch.device, samples: StoredImages) -> Tensor | None:
    """Copy all soft labels to the device, uint8 (N, classes, h, w), at their largest size."""
    found = (samples[index].soft for index in range(len(samples)))
    maps = [one for one in found if one is not None]
    if not maps:
        return None
    height, width = max(one.shape[0] for one in maps), max(one.shape[1] for one in maps)
    soft = torch.empty(
        (len(maps), maps[0].shape[2], height, width), dtype=torch.uint8, device=device
    )
    for index, one in enumerate(maps):
        fitted = resized_map(one, width, height)
        soft[index] = torch.from_numpy(fitted).permute(2, 0, 1)
    return soft


def _places(step: Step) -> range:
    return range(len(step.chosen))
