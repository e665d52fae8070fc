"""A degraded copy of a picture must not score higher than the picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes.cues.quality import QualityMeter, measure_quality
from mininet_ros.lab.keyframes.degradation import (
    DEGRADATIONS,
    blur,
    change_exposure,
    motion_blur,
    pairs_won,
)


def test_pairs_won_counts_strict_wins_only() -> None:
    image = np.full((32, 32, 3), 100, np.uint8)
    shares = pairs_won([image, image], lambda picture: 1.0)
    assert set(shares.values()) == {0.0}
    brightness = pairs_won([image], lambda picture: float(picture.mean()))
    assert brightness["darker_1ev"] == 1.0
    assert brightness["brighter_1ev"] == 0.0


def test_pairs_won_refuses_an_empty_list() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        pairs_won([], lambda picture: 1.0)


def test_degraded_copies_keep_shape_and_type_and_leave_the_picture_alone(scene: np.ndarray) -> None:
    before = scene.copy()
    generator = np.random.default_rng(0)
    for degradation in DEGRADATIONS:
        copy = degradation.apply(scene, generator)
        assert copy.shape == scene.shape and copy.dtype == np.uint8, degradation.name
        assert not np.array_equal(copy, scene), degradation.name
    np.testing.assert_array_equal(scene, before)
    assert len({degradation.name for degradation in DEGRADATIONS}) == len(DEGRADATIONS)


def test_motion_blur_smears_along_its_angle_only() -> None:
    dot = np.zeros((640, 640, 3), np.uint8)
    dot[320, 320] = 255
    rows, columns, _ = np.nonzero(motion_blur(dot, 15.0, 90.0))
    assert np.ptp(columns) == 0
    assert 13 <= np.ptp(rows) <= 16


def test_numbers_are_in_their_documented_ranges(scene: np.ndarray) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    black = np.zeros_like(noise)
    white = np.full_like(noise, 255)
    for image in (scene, noise, black, white):
        quality = measure_quality(image)
        assert 0.0 <= quality.entropy <= 8.0
        assert 0.0 <= quality.noise <= 255.0
        for name in ("brightness", "clipped", "illumination", "sharpness", "quality"):
            assert 0.0 <= getattr(quality, name) <= 1.0, name
    assert measure_quality(black).quality == measure_quality(white).quality == 0.0
    assert measure_quality(white).clipped == 1.0
    assert measure_quality(white).brightness == 1.0


def test_noise_is_estimated_in_grey_levels() -> None:
    generator = np.random.default_rng(1)
    flat = np.full((480, 640), 120.0)
    gray = np.clip(flat + generator.normal(0.0, 6.0, flat.shape), 0, 255).astype(np.uint8)
    assert measure_quality(cv2.merge([gray] * 3)).noise == pytest.approx(6.0, rel=0.15)


def test_sharpness_ignores_exposure_and_illumination_ignores_blur(scene: np.ndarray) -> None:
    original = measure_quality(scene)
    darker = measure_quality(change_exposure(scene, -1.0))
    assert darker.sharpness == pytest.approx(original.sharpness, rel=0.1)
    assert darker.illumination < 0.9 * original.illumination
    blurred = measure_quality(blur(scene, 2.0))
    assert blurred.sharpness < 0.7 * original.sharpness
    assert blurred.illumination > 0.9 * original.illumination


def test_a_reused_meter_measures_like_a_new_one(scene: np.ndarray) -> None:
    meter = QualityMeter()
    for image in (scene, scene[:100, :200].copy(), cv2.resize(scene, (1280, 960)), scene):
        gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
        reused = replace(meter.measure(image, gray, 0), relative=1.0)
        assert reused == measure_quality(image)


def test_quality_is_also_told_relative_to_the_last_minute(scene: np.ndarray) -> None:
    meter, dark = QualityMeter(), change_exposure(scene, -5.0)
    gray = cv2.cvtColor(scene, cv2.COLOR_BGR2GRAY)
    second = 1_000_000_000
    for index in range(10):
        assert meter.measure(scene, gray, index * second).relative == pytest.approx(1.0)
    dip = meter.measure(dark, cv2.cvtColor(dark, cv2.COLOR_BGR2GRAY), 10 * second)
    darker = dip.illumination / measure_quality(scene).illumination
    assert dip.relative == pytest.approx(np.sqrt(darker), rel=0.02) and dip.relative < 0.65
    # A minute of darkness later, dark is what is usual.
    for index in range(11, 72):
        dip = meter.measure(dark, cv2.cvtColor(dark, cv2.COLOR_BGR2GRAY), index * second)
    assert dip.relative == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(15, 640, 3), (480, 15, 3), (480, 640), (480, 640, 4)])
def test_pictures_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="A frame must be"):
        measure_quality(np.zeros(shape, np.uint8))


def test_pictures_of_another_type_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        measure_quality(np.zeros((480, 640, 3), np.float32))


@pytest.mark.parametrize("shape", [(16, 16, 3), (17, 1280, 3), (1080, 1920, 3)])
def test_odd_sizes_are_measured(shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert measure_quality(image).quality > 0.0


@pytest.fixture
def scene() -> np.ndarray:
    """A picture with smooth shading, edges and text at 640x480."""
    generator = np.random.default_rng(7)
    shading = cv2.resize(
        generator.uniform(60, 180, (6, 8, 3)).astype(np.float32), (640, 480), cv2.INTER_CUBIC
    )
    image = np.clip(shading, 0, 255).astype(np.uint8)
    for _ in range(60):
        x, y = (int(value) for value in generator.integers(0, (600, 440)))
        width, height = (int(value) for value in generator.integers(8, 90, 2))
        colour = tuple(int(value) for value in generator.integers(20, 230, 3))
        cv2.rectangle(image, (x, y), (x + width, y + height), colour, -1)
        cv2.putText(image, "EXIT", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 1, cv2.LINE_AA)
    return image
