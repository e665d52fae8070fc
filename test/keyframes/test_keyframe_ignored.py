"""What is ignored counts for neither quality nor motion nor overlap."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes import ClassError, ConfigError, FrameScorer
from mininet_ros.keyframes.cues.ignored import IgnoredPixels, read_ignore_mask
from mininet_ros.keyframes.settings import KeyframeSettings

CLASSES = ("road", "car")
WIDTH, HEIGHT = 640, 480
STEP = 66_666_667


def texture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 255, (60, 160, 3)).astype(np.float32)
    picture = cv2.resize(noise, (2 * WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return picture.clip(0, 255).astype(np.uint8)


def scene(index: int) -> tuple[np.ndarray, np.ndarray]:
    """A wall that stands still, of which a car that drives hides the larger part."""
    wall, car = texture(0)[:, :WIDTH].copy(), texture(1)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    wall[100:, 150:] = car[100:, 8 * index : 8 * index + WIDTH - 150]
    mask[100:, 150:] = 1
    return wall, mask


def test_an_ignored_class_does_not_move_the_view() -> None:
    plain = FrameScorer({}, CLASSES)
    static = FrameScorer({}, CLASSES, ignored=IgnoredPixels(("car",), None, CLASSES))
    for index in range(12):
        image, mask = scene(index)
        moving = plain.score(image, mask, None, (index + 1) * STEP)
        still = static.score(image, mask, None, (index + 1) * STEP)
    assert moving.travelled > 0.1
    assert still.travelled < 0.005 and still.tracked > 0.7


def test_an_ignored_place_does_not_change_the_quality() -> None:
    own_body = np.zeros((48, 64), np.uint8)
    own_body[24:] = 255
    ignored = IgnoredPixels((), own_body, CLASSES)
    sharp = texture(2)[:, :WIDTH].copy()
    glare = sharp.copy()
    glare[HEIGHT // 2 :] = 255
    scores = [
        FrameScorer({}, CLASSES, ignored=ignored).score(image, None, None, 1)
        for image in (sharp, glare)
    ]
    assert scores[1].quality == pytest.approx(scores[0].quality, rel=0.1)
    assert scores[1].clipped < 0.1
    assert FrameScorer({}, CLASSES).score(glare, None, None, 1).clipped > 0.4


def test_where_nothing_would_be_left_all_counts() -> None:
    everything = np.full((48, 64), 255, np.uint8)
    ignored = IgnoredPixels((), everything, CLASSES)
    image = texture(2)[:, :WIDTH].copy()
    scores = FrameScorer({}, CLASSES, ignored=ignored).score(image, None, None, 1)
    assert scores.quality == FrameScorer({}, CLASSES).score(image, None, None, 1).quality


def test_unknown_classes_and_pictures_are_refused(tmp_path) -> None:
    with pytest.raises(ClassError, match="'bus' to be ignored; the model knows: road"):
        IgnoredPixels(("bus",), None, CLASSES)
    with pytest.raises(ConfigError, match="ignore_mask .* cannot be read: give a picture"):
        KeyframeSettings.from_values({"ignore_mask": str(tmp_path / "none.png")})
    path = tmp_path / "body.png"
    cv2.imwrite(str(path), np.full((4, 4), 255, np.uint8))
    assert read_ignore_mask(str(path)).shape == (4, 4)
    settings = KeyframeSettings.from_values({"ignore_classes": ["car"], "ignore_mask": str(path)})
    assert settings.named() == {"car": 1.0}
    settings.pipeline(CLASSES)
    with pytest.raises(ClassError, match="'car' to be ignored"):
        settings.pipeline(("road",))
