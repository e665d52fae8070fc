"""Augmentation: what is drawn, how OpenCV applies it, and that a device's batches do the same."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mininet_ros.lab.training.data.augmentation import (
    PADDING_VALUE,
    Augmentation,
    Draws,
    cut,
    relight,
    with_noise,
)
from mininet_ros.lab.training.data.device_augmentation import cut_batch, relight_batch

WIDTH, HEIGHT = 64, 48


def draws(count: int = 400, seed: int = 0, size=(WIDTH, HEIGHT), **options) -> Draws:
    return Augmentation(**options).draw(count, size, size, np.random.default_rng(seed))


def unchanged(**changes) -> Draws:
    """A draw that leaves everything as it is but for ``changes``."""
    plain = Augmentation(flip=False, scale_range=(1.0, 1.0))
    return replace(
        plain.draw(1, (WIDTH, HEIGHT), (WIDTH, HEIGHT), np.random.default_rng(0))[0], **changes
    )


def smooth(seed: int, width: int, height: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 216, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def on_device(image, labels, drawn: Draws, width: int, height: int, oversampling: int = 1):
    """The same crop cut as a tensor, back as uint8 arrays."""
    one = Draws(*(np.asarray(value)[None] for value in vars(drawn).values()))
    crops, truth, _ = cut_batch(
        torch.from_numpy(image).permute(2, 0, 1)[None],
        torch.from_numpy(labels)[None],
        one,
        width,
        height,
        torch.Generator().manual_seed(0),
        oversampling,
    )
    assert crops.shape == (1, 3, height, width)
    assert crops.is_contiguous(memory_format=torch.channels_last)
    assert -0.5 <= crops.min() <= crops.max() <= 0.5
    assert truth.dtype == torch.int64
    picture = torch.round((crops[0] + 0.5) * 255).permute(1, 2, 0).numpy()
    return picture.astype(np.uint8), truth[0].numpy().astype(np.uint8)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    low=st.floats(0.3, 1.0),
    high=st.floats(1.0, 2.5),
    width=st.integers(8, 70),
    height=st.integers(8, 70),
    device=st.booleans(),
)
def test_image_and_labels_stay_together(seed, low, high, width, height, device):
    labels = np.zeros((40, 56), np.uint8)
    labels[10:30, 8:30] = 5
    image = np.repeat(np.where(labels == 5, 240, 10).astype(np.uint8)[..., None], 3, axis=2)
    drawn = draws(1, seed, (width, height), scale_range=(low, high))[0]
    apply = on_device if device else cut
    crop, truth = apply(image, labels, drawn, width, height)
    assert crop.shape == (height, width, 3)
    assert truth.shape == (height, width)
    assert set(np.unique(truth)) <= {0, 5, 255}
    assert (crop[truth == 255] == PADDING_VALUE).all()
    inside = cv2.erode((truth == 5).astype(np.uint8), np.ones((5, 5)), borderValue=0) > 0
    outside = cv2.erode((truth == 0).astype(np.uint8), np.ones((5, 5)), borderValue=0) > 0
    assert (crop[inside] > 200).all()
    assert (crop[outside] < 50).all()


@pytest.mark.parametrize("scale_range", [(1.0, 2.0), (0.5, 1.0)])
@pytest.mark.parametrize("stored", [(WIDTH, HEIGHT), (2 * WIDTH, 2 * HEIGHT)])
def test_a_device_cuts_what_opencv_cuts(scale_range, stored):
    image = smooth(1, *stored)
    labels = (smooth(2, *stored)[..., 0] // 64).astype(np.uint8)
    shrinks = stored[0] / WIDTH / scale_range[0]
    differing = []
    for drawn in (draws(20, 3, scale_range=scale_range)[i] for i in range(20)):
        picture, truth = cut(image, labels, drawn, WIDTH, HEIGHT)
        same_picture, same_truth = on_device(image, labels, drawn, WIDTH, HEIGHT, round(shrinks))
        assert ((truth == 255) == (same_truth == 255)).all()
        differing.append((truth != same_truth).mean())
        difference = abs(picture.astype(int) - same_picture)
        assert difference.mean() < 1.0
        assert np.percentile(difference, 99) <= 6
    # At some scales many pixels lie midway between two labels, either of which may be taken.
    assert np.mean(differing) < 0.02


def test_a_flip_mirrors_image_and_labels_alike():
    image, labels = smooth(1, WIDTH, HEIGHT), smooth(2, WIDTH, HEIGHT)[..., 0] // 64
    straight = draws(1, 5, scale_range=(0.7, 0.7), flip=False)[0]
    mirrored = replace(straight, is_flipped=np.bool_(True))
    for apply in (cut, on_device):
        picture, truth = apply(image, labels, straight, WIDTH, HEIGHT)
        other_picture, other_truth = apply(image, labels, mirrored, WIDTH, HEIGHT)
        assert (other_picture == picture[:, ::-1]).mean() > 0.99
        assert (other_truth == truth[:, ::-1]).mean() > 0.99


def test_draws_keep_their_ranges_and_use_them():
    drawn = draws(4000, scale_range=(0.5, 2.0), photometric=1.0)
    scale = drawn.size[:, 0] / WIDTH
    assert 0.5 <= scale.min() < 0.52
    assert 1.95 < scale.max() <= 2.0
    assert np.median(scale) == pytest.approx(1.0, abs=0.05)
    assert (abs(drawn.size[:, 0] / WIDTH - drawn.size[:, 1] / HEIGHT) < 1 / HEIGHT).all()
    assert drawn.is_flipped.mean() == pytest.approx(0.5, abs=0.05)
    slack = np.array([WIDTH, HEIGHT]) - drawn.size
    assert ((drawn.corner >= np.minimum(slack, 0)) & (drawn.corner <= np.maximum(slack, 0))).all()
    assert np.log2(drawn.exposure).min() == pytest.approx(-2.2, abs=0.1)
    assert np.log2(drawn.exposure).max() == pytest.approx(1.2, abs=0.1)
    assert 0.67 <= drawn.gamma.min() < 0.68
    assert 1.48 < drawn.gamma.max() <= 1.5
    assert (drawn.blur > 0).mean() == pytest.approx(1 / 3, abs=0.05)
    assert drawn.blur.max() <= 1.5
    assert (drawn.noise > 0).mean() == pytest.approx(1 / 2, abs=0.05)
    assert drawn.noise.max() <= 10


def test_draws_follow_their_seed():
    first, same, other = (draws(8, seed, photometric=0.5) for seed in (1, 1, 2))
    for name, value in vars(first).items():
        assert (value == getattr(same, name)).all()
        assert (value != getattr(other, name)).any()
    assert (first[2:5].exposure == first.exposure[2:5]).all()


def test_no_photometric_strength_changes_no_light():
    image, labels = smooth(1, WIDTH, HEIGHT), smooth(2, WIDTH, HEIGHT)[..., 0] // 64
    for drawn in (draws(50, photometric=0.0)[i] for i in range(50)):
        assert relight(image, drawn) is image
    for apply in (cut, on_device):
        picture, truth = apply(image, labels, unchanged(), WIDTH, HEIGHT)
        assert (picture == image).all()
        assert (truth == labels).all()


def test_exposure_goes_the_way_it_says():
    image = smooth(1, WIDTH, HEIGHT)
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None] / 255
    for stops, factor in ((-2.0, 0.25), (-1.0, 0.5), (1.0, 2.0)):
        drawn = unchanged(exposure=np.full(3, 2.0**stops))
        expected = np.clip(image * factor, 0, 255)
        assert abs(relight(image, drawn) - expected).max() <= 0.5
        one = Draws(*(np.asarray(value)[None] for value in vars(drawn).values()))
        found = 255 * relight_batch(tensor, one, torch.Generator())[0].permute(1, 2, 0).numpy()
        assert abs(found - expected).max() < 0.01
    red = relight(image, unchanged(exposure=np.array([1.0, 1.0, 1.2])))
    assert (red[..., :2] == image[..., :2]).all()
    assert red[..., 2].mean() > image[..., 2].mean()
    darker_midtones = relight(image, unchanged(gamma=np.float64(1.5)))
    assert (darker_midtones.astype(int) <= image).all()
    assert darker_midtones.mean() < image.mean() - 10


def test_blur_and_noise_have_the_sigma_that_was_drawn():
    point = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    point[24, 32] = 255
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for apply in (cut, on_device):
        spot, _ = apply(point, labels, unchanged(blur=np.float64(1.2)), WIDTH, HEIGHT)
        assert spot[24, 32, 0] == pytest.approx(255 / (2 * np.pi * 1.2**2), rel=0.1)
        noisy, _ = apply(grey, labels, unchanged(noise=np.float64(8.0)), WIDTH, HEIGHT)
        assert noisy.std() == pytest.approx(8.0, rel=0.05)
        assert noisy.mean() == pytest.approx(128, abs=0.5)
    first, again, other = (
        with_noise(grey, unchanged(noise=np.float64(8.0), noise_seed=np.int64(seed)))
        for seed in (4, 4, 5)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_padding_has_no_noise():
    grey, labels = np.full((HEIGHT, WIDTH, 3), 90, np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    drawn = unchanged(noise=np.float64(8.0), corner=np.array([10, 0]))
    picture, truth = cut(grey, labels, drawn, WIDTH, HEIGHT)
    assert (picture[truth == 255] == PADDING_VALUE).all()
    assert picture[truth == 0].std() == pytest.approx(8.0, rel=0.05)


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_strengths_out_of_range_are_refused(strength):
    with pytest.raises(ValueError, match=r"photometric must lie in \[0, 1\]"):
        Augmentation(photometric=strength)
