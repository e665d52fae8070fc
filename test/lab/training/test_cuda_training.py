"""Training on a GPU, where there is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from tiny_camvid import write_camvid
from training_rig import HEIGHT, RECIPE, WIDTH, splits

from mininet_ros import cli
from mininet_ros.lab.training.data.augmentation import Augmentation
from mininet_ros.lab.training.data.batches import DeviceBatches, HostBatches, open_batches
from mininet_ros.lab.training.data.stored_images import StoredImages, for_crops
from mininet_ros.lab.training.train import train
from mininet_ros.models import load_model

GPU = torch.device("cuda")

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture(scope="module")
def camvid(tmp_path_factory):
    return write_camvid(tmp_path_factory.mktemp("camvid"), WIDTH, HEIGHT)


def test_images_go_to_the_device_where_memory_holds_them(camvid, capsys):
    training, _ = splits(camvid)
    stored = StoredImages(training, for_crops(RECIPE))
    assert isinstance(open_batches(RECIPE, stored, GPU), DeviceBatches)
    unstored = StoredImages(training, for_crops(RECIPE), memory_gib=0.0)
    assert isinstance(open_batches(RECIPE, unstored, GPU), HostBatches)
    assert "crops are cut on the host" in capsys.readouterr().err


def test_a_gpu_cuts_the_crops_of_the_cpu(camvid):
    recipe = replace(RECIPE, augmentation=Augmentation(scale_range=(0.5, 2.0)))
    stored = StoredImages(splits(camvid)[0], for_crops(recipe))
    batches = [DeviceBatches(recipe, stored, torch.device(name)) for name in ("cpu", "cuda")]
    for (images, labels, _), (same_images, same_labels, _) in zip(
        *(batch.of_epoch(0) for batch in batches), strict=True
    ):
        assert same_images.is_cuda and same_labels.is_cuda
        assert (labels != same_labels.cpu()).float().mean() < 0.01
        assert (images - same_images.cpu()).abs().mean() < 1e-3


def test_first_losses_are_those_of_the_cpu(camvid, tmp_path):
    recipe = replace(RECIPE, epochs=1)
    losses = []
    for device in ("cpu", "cuda"):
        train(recipe, *splits(camvid), tmp_path / device, device)
        rows = (tmp_path / device / "log.csv").read_text().splitlines()
        losses.append(float(rows[1].split(",")[2]))
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_command_on_a_gpu_learns_and_resumes(camvid, tmp_path, capsys):
    data = ["--dataset", "camvid", "--data", str(camvid), "--output", str(tmp_path)]
    network = ["--network", "mininet_v2_cpu", "--input-size", f"{WIDTH}x{HEIGHT}"]
    schedule = ["--epochs", "40", "--batch-size", "3", "--scale-range", "1,1"]
    command = ["train", *data, *network, *schedule, "--device", "cuda", "--photometric", "0.2"]
    assert cli.main(command) == 0
    first = capsys.readouterr().out
    assert cli.main(command) == 0
    assert capsys.readouterr().out == first
    card = load_model(tmp_path).card
    assert card["figures"]["validation_miou"] > 0.5
    assert card["training"]["device"] == torch.cuda.get_device_name()
