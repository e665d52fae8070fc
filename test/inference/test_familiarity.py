"""Familiarity: where a mask's labels lie tells pictures that a model knows from others."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.inference.familiarity import (
    BANDS,
    band_shares,
    familiarity_from,
    likelihood,
    read_familiarity,
)
from mininet_ros.lab.training.evaluation.familiarity import (
    FamiliarityError,
    calibrated_familiarity,
)
from mininet_ros.models import ModelError


def street(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Sky (0) above, road (1) below, a little of 2 anywhere."""
    random = np.random.default_rng(seed)
    mask = np.ones((height, width), np.uint8)
    mask[: random.integers(height // 3, height // 2)] = 0
    mask[random.random(mask.shape) < 0.05] = 2
    return mask


def upside_down(seed: int) -> np.ndarray:
    return street(seed)[::-1]


def calibrated():
    own, held, others = (
        [make(seed) for seed in range(first, first + 60)]
        for make, first in ((street, 0), (street, 100), (upside_down, 200))
    )
    return calibrated_familiarity(own, held, others, 3, "made up")


def test_shares_are_those_of_each_band():
    mask = np.zeros((48, 64), np.uint8)
    mask[24:, 32:] = 2
    shares = band_shares(mask, 3)
    assert shares.shape == (BANDS, 3)
    assert np.allclose(shares[: BANDS // 2], [1, 0, 0])
    assert np.allclose(shares[BANDS // 2 :], [0.5, 0, 0.5])
    for height in (BANDS, 9, 31, 360):
        assert np.allclose(band_shares(np.zeros((height, 7), np.uint8), 2).sum(1), 1)


def test_the_likelihood_is_the_mean_over_pixels():
    log_shares = np.log(np.tile([0.5, 0.3, 0.2], (BANDS, 1)))
    mask = np.zeros((8, 8), np.uint8)
    mask[:, 4:] = 1
    assert likelihood(mask, log_shares) == pytest.approx(np.log([0.5, 0.3]).mean())


def test_pictures_of_another_kind_are_told_apart_and_the_card_keeps_how():
    found = calibrated()
    assert found.strange_found == 1.0
    again = familiarity_from(found.as_card(), 3)
    own = [again.of(street(seed)) for seed in range(300, 320)]
    strange = [again.of(upside_down(seed)) for seed in range(300, 320)]
    assert np.median(own) == pytest.approx(1, abs=0.2)
    assert np.median(strange) == pytest.approx(0, abs=0.2)
    assert max(strange) < again.warn_below
    assert np.mean([value < again.warn_below for value in own]) < 0.2
    assert again.warning(float(np.mean(own)), "m") is None
    assert "m was trained on" in again.warning(float(np.mean(strange)), "m")
    assert again.warning(float("nan"), "m") is None


def test_size_hardly_matters():
    found = calibrated()
    large = np.kron(street(5), np.ones((4, 4), np.uint8))
    assert found.of(large) == pytest.approx(found.of(street(5)), abs=0.1)


def test_a_model_whose_masks_tell_nothing_is_not_calibrated():
    same = [street(seed) for seed in range(20)]
    with pytest.raises(FamiliarityError, match=r"look as usual as those of the model's own"):
        calibrated_familiarity(same, same, same, 3, "made up")


@pytest.mark.parametrize(
    "change",
    [
        {"log_shares": [[0.0, 0.0, 0.0]]},
        {"usual": "much"},
        {"strange": 5.0},
        {"warn_below": None},
    ],
)
def test_a_card_with_a_wrong_measure_is_refused(change):
    from pathlib import Path
    from types import SimpleNamespace

    section = calibrated().as_card() | change
    model = SimpleNamespace(
        card={"familiarity": section}, classes=("a", "b", "c"), folder=Path("m")
    )
    with pytest.raises(ModelError, match=r"the section familiarity"):
        read_familiarity(model)
    assert read_familiarity(SimpleNamespace(card={})) is None
