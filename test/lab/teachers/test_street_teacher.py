"""The street teacher's own parts; its backbone comes from a checkout that is not here."""

from __future__ import annotations

import warnings

import pytest

pytest.importorskip("torch", reason="needs the extra train")

import numpy as np
import torch
import yaml
from torch import nn
from torch.nn import functional

from mininet_ros.images.class_tables import CAMVID
from mininet_ros.lab.teachers.edgenets import (
    CITYSCAPES_CLASSES,
    FEATURES,
    CheckoutError,
    StreetTeacher,
    open_backbone,
    pooling_as_products,
    pooling_matrix,
)
from mininet_ros.lab.teachers.street import card_of, export
from mininet_ros.lab.training.data.datasets import LabelledImages
from mininet_ros.lab.training.distillation import load_teacher


class Backbone(nn.Module):
    """As EdgeNets' network: a last stage, whose input is the decoder's features."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, FEATURES, 3, stride=2, padding=1)
        self.bu_dec_l4 = nn.Conv2d(FEATURES, CITYSCAPES_CLASSES, 1)

    def forward(self, images):
        features = self.first(images)
        pooled = functional.adaptive_avg_pool2d(features, (5, 7))
        return self.bu_dec_l4(features + pooled.amax((2, 3), keepdim=True))


@pytest.mark.parametrize(("size", "pooled"), [(36, 4), (48, 5), (7, 5), (9, 9), (10, 1)])
def test_pooling_is_the_product_with_its_matrix(size, pooled):
    values = torch.rand(2, 3, size, size + 1)
    expected = functional.adaptive_avg_pool2d(values, (pooled, pooled))
    matrices = pooling_matrix(size, pooled), pooling_matrix(size + 1, pooled)
    assert torch.allclose(matrices[0] @ values @ matrices[1].T, expected, atol=1e-6)
    with pooling_as_products():
        assert torch.allclose(functional.adaptive_avg_pool2d(values, pooled), expected, atol=1e-6)


def test_the_head_takes_logits_and_features_standardised():
    torch.manual_seed(0)
    teacher = StreetTeacher(Backbone(), 11).train()
    assert not teacher.training
    images = torch.rand(4, 3, 32, 48)
    teacher.measure(iter([images, images]))
    taken = teacher.standardise(teacher.features(images))
    assert taken.shape == (4, CITYSCAPES_CLASSES + FEATURES, 16, 24)
    assert taken.mean((0, 2, 3)).abs().max() < 1e-3
    assert taken.std((0, 2, 3)).sub(1).abs().max() < 0.01
    assert teacher(images).shape == (4, 11, 16, 24)


def test_what_is_written_is_a_teacher(tmp_path):
    pytest.importorskip("onnx", reason="needs the extra train")
    torch.manual_seed(0)
    teacher = StreetTeacher(Backbone(), len(CAMVID.names)).eval()
    path = tmp_path / "teacher.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's tracer explains itself
        export(teacher, path)
    dataset = LabelledImages("camvid", "train", "CC BY-NC 4.0", CAMVID, ())
    path.with_suffix(".yaml").write_text(yaml.safe_dump(card_of(dataset)))
    image = np.random.default_rng(0).integers(0, 255, (576, 768, 3), dtype=np.uint8)
    loaded = load_teacher(path, CAMVID.names)
    with torch.no_grad():
        both = torch.from_numpy(np.stack([image, image[:, ::-1]])).permute(0, 3, 1, 2) / 255
        straight, mirrored = teacher(both).softmax(1)
    expected = ((straight + mirrored.flip(-1)) / 2).permute(1, 2, 0).numpy()
    assert np.allclose(loaded.probabilities(image), expected, atol=1e-4)
    assert "Cityscapes" in loaded.data


def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    with pytest.raises(CheckoutError, match=r"give a checkout of sacmehta/EdgeNets"):
        open_backbone(tmp_path)
