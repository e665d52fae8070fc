"""Stored images and the batches made of them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from tiny_camvid import write_camvid
from training_rig import HEIGHT, RECIPE, WIDTH, splits

from mininet_ros.lab.training.data.augmentation import Augmentation
from mininet_ros.lab.training.data.batches import DeviceBatches, HostBatches, open_batches, steps_of
from mininet_ros.lab.training.data.datasets import LabelledImages, open_dataset
from mininet_ros.lab.training.data.stored_images import StoredImages, for_crops, for_validation
from mininet_ros.lab.training.distributed import Processes

HOST = torch.device("cpu")


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)


@pytest.fixture
def large(tmp_path):
    return splits(write_camvid(tmp_path, 4 * WIDTH, 4 * HEIGHT))[0]


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class Counting:
    """A dataset that counts how often each sample is read."""

    def __init__(self, dataset: LabelledImages) -> None:
        self.dataset, self.reads = dataset, [0] * len(dataset)
        self.name, self.split, self.classes = dataset.name, dataset.split, dataset.classes

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int):
        self.reads[index] += 1
        return self.dataset[index]


def epoch(kind, stored, number=0, processes=None, recipe=RECIPE):
    options = {} if processes is None else {"processes": processes}
    return list(kind(recipe, stored, HOST, **options).of_epoch(number))


def test_images_are_reduced_to_what_crops_need_of_them(large):
    recipe = replace(RECIPE, augmentation=Augmentation(scale_range=(0.5, 1.5)))
    stored = StoredImages(large, for_crops(recipe))
    assert stored[0].image.shape == (HEIGHT * 3 // 2, WIDTH * 3 // 2, 3)
    assert stored[0].labels.shape == (HEIGHT * 3 // 2, WIDTH * 3 // 2)
    assert set(np.unique(stored[0].labels)) == {0, 3, 8, 255}
    enlarging = replace(RECIPE, augmentation=Augmentation(scale_range=(4.0, 5.0)))
    kept = StoredImages(large, for_crops(enlarging))[0]
    assert (kept.image == large[0].image).all()
    shown = StoredImages(large, for_validation(recipe))[0]
    assert shown.image.shape == (HEIGHT, WIDTH, 3)
    assert (shown.labels == large[0].labels).all()


def test_memory_holds_what_fits_and_the_rest_is_read_again(large):
    a_sample = 16 * WIDTH * HEIGHT * 4
    counting = Counting(large)
    stored = StoredImages(counting, lambda sample: sample, 2.5 * a_sample / 2**30)
    assert stored.bytes == 2 * a_sample
    assert not stored.is_complete
    for index in range(len(large)):
        assert (stored[index].image == large[index].image).all()
    assert counting.reads == [1, 1, 2, 2, 2, 2]
    assert StoredImages(counting, lambda sample: sample).is_complete


def test_an_epoch_shows_every_image_once_in_its_own_order(camvid):
    recipe = replace(RECIPE, augmentation=Augmentation(flip=False, scale_range=(1.0, 1.0)))
    stored = StoredImages(splits(camvid)[0], for_crops(recipe))
    orders = []
    for kind in (HostBatches, DeviceBatches):
        for number in range(2):
            shown = torch.cat([images for images, *_ in epoch(kind, stored, number, recipe=recipe)])
            pictures = np.stack([stored[index].image for index in range(6)]).transpose(0, 3, 1, 2)
            differences = abs(255 * (shown.numpy()[:, None] + 0.5) - pictures).mean((2, 3, 4))
            orders.append(differences.argmin(1).tolist())
            assert differences.min(1).max() < 0.01
            assert sorted(orders[-1]) == list(range(6))
    assert orders[0] != orders[1]
    assert orders[:2] == orders[2:]


@pytest.mark.parametrize("kind", [HostBatches, DeviceBatches])
def test_batches_depend_on_seed_and_step_alone(camvid, kind):
    recipe = replace(RECIPE, augmentation=Augmentation(photometric=1.0))
    stored = StoredImages(splits(camvid)[0], for_crops(recipe))
    first, again = (epoch(kind, stored, 1, recipe=recipe) for _ in range(2))
    for (images, labels, _), (same_images, same_labels, _) in zip(first, again):
        assert torch.equal(images, same_images)
        assert torch.equal(labels, same_labels)
    other = epoch(kind, stored, 1, recipe=replace(recipe, seed=4))
    assert not torch.equal(first[0][0], other[0][0])


@pytest.mark.parametrize("kind", [HostBatches, DeviceBatches])
def test_processes_share_the_batch_of_one(camvid, kind):
    stored = StoredImages(splits(camvid)[0], for_crops(RECIPE))
    whole = epoch(kind, stored)
    parts = [epoch(kind, stored, processes=Processes(rank, 2)) for rank in range(2)]
    for (images, labels, _), *shared in zip(whole, *parts):
        assert torch.equal(images, torch.cat([part[0] for part in shared]))
        assert torch.equal(labels, torch.cat([part[1] for part in shared]))


def test_host_and_device_cut_alike(camvid):
    recipe = replace(RECIPE, augmentation=Augmentation(scale_range=(1.0, 2.0)))
    stored = StoredImages(splits(camvid)[0], for_crops(recipe))
    for (image, labels, _), (same_image, same_labels, _) in zip(
        epoch(HostBatches, stored, recipe=recipe), epoch(DeviceBatches, stored, recipe=recipe)
    ):
        assert image.shape == same_image.shape == (2, 3, HEIGHT, WIDTH)
        assert (labels != same_labels).float().mean() < 0.02
        assert (image - same_image).abs().mean() < 0.005


def test_worker_threads_change_nothing(camvid, two_threads):
    stored = StoredImages(splits(camvid)[0], for_crops(RECIPE))
    ahead = epoch(HostBatches, stored)
    torch.set_num_threads(1)
    for (images, labels, _), (same_images, same_labels, _) in zip(
        ahead, epoch(HostBatches, stored)
    ):
        assert torch.equal(images, same_images)
        assert torch.equal(labels, same_labels)


def test_images_of_many_sizes_come_to_one_on_the_device(tmp_path):
    for folder in ("train/images", "train/labels"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "classes.yaml").write_text(
        "classes: [{name: a, color: [0, 0, 0]}, {name: b, color: [9, 9, 9]}]"
    )
    for number, (width, height) in enumerate(((40, 32), (WIDTH, 24), (30, HEIGHT))):
        labels = np.full((height, width), number % 2, np.uint8)
        cv2.imwrite(str(tmp_path / f"train/labels/{number}.png"), labels)
        cv2.imwrite(str(tmp_path / f"train/images/{number}.png"), np.dstack([80 * labels] * 3))
    recipe = replace(RECIPE, batch_size=3, augmentation=Augmentation(scale_range=(1.0, 1.0)))
    stored = StoredImages(open_dataset("folder", tmp_path, "train"), for_crops(recipe))
    batches = DeviceBatches(recipe, stored, HOST)
    assert batches.images.shape == (3, 3, HEIGHT, WIDTH)
    ((images, labels, _),) = batches.of_epoch(0)
    assert torch.allclose(images, (80 * labels[:, None] / 255 - 0.5).expand(-1, 3, -1, -1))


def test_the_last_batch_is_left_out_unless_it_is_the_only_one():
    assert [steps_of(RECIPE, count) for count in (1, 2, 5, 6)] == [1, 1, 2, 3]


def test_on_the_cpu_opencv_cuts(camvid):
    stored = StoredImages(splits(camvid)[0], for_crops(RECIPE))
    assert isinstance(open_batches(RECIPE, stored, HOST), HostBatches)
