"""Which frames of short streams the mapping preset forwards: fast turns, bad pictures, rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes.selection.decisions import Decision
from mininet_ros.keyframes.settings import KeyframeSettings, read_preset
from mininet_ros.lab.keyframes.degradation import change_exposure, motion_blur

WIDTH, HEIGHT = 640, 480
LEAST_SHARE = 0.4  # min_overlap of the preset


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """A long wall of patches, large and small."""
    generator = np.random.default_rng(5)
    wall = np.zeros((HEIGHT, 9000, 3), np.float32)
    for cells, weight in ((12, 0.4), (48, 0.4), (160, 0.2)):
        noise = generator.uniform(0, 255, (cells, cells * 9000 // HEIGHT, 3)).astype(np.float32)
        wall += weight * cv2.resize(noise, (9000, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.clip(wall, 0, 255).astype(np.uint8)


def view(wall: np.ndarray, x: int) -> np.ndarray:
    return np.ascontiguousarray(wall[:, x : x + WIDTH])


def decide(pictures: Iterable[np.ndarray], rate_hz: float) -> list[Decision]:
    """Decisions of preset slam, in the order of the pictures."""
    pipeline = KeyframeSettings.from_values(read_preset("slam")).pipeline(())
    decisions: list[Decision] = []
    for index, picture in enumerate(pictures):
        stamp = 10**9 + round(index * 1e9 / rate_hz)
        decisions += pipeline.add(picture, None, None, stamp).all
    decisions += pipeline.finish()
    return sorted(decisions, key=lambda decision: decision.stamp_ns)


def forwarded(decisions: Sequence[Decision]) -> list[int]:
    return [index for index, decision in enumerate(decisions) if decision.forwarded]


def noisy(pictures: Iterable[np.ndarray], spread: float = 4.0) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [
        np.clip(p + generator.normal(0.0, spread, p.shape), 0, 255).astype(np.uint8)
        for p in pictures
    ]


@pytest.mark.parametrize("rate_hz", [5.0, 15.0, 30.0])
@pytest.mark.parametrize(("speed", "smeared"), [(150, 0), (150, 1), (100, 2)])
def test_in_a_fast_turn_neighbours_can_be_matched(
    wall: np.ndarray, rate_hz: float, speed: int, smeared: int
) -> None:
    pictures = [view(wall, speed * index) for index in range(36)]
    for index, picture in enumerate(pictures):
        if index % 6 >= 6 - smeared:
            pictures[index] = motion_blur(picture, 40.0, 0.0)
    chosen = forwarded(decide(pictures, rate_hz))
    assert chosen[0] <= 3 and chosen[-1] >= 32
    assert 1.0 - speed * max(np.diff(chosen)) / WIDTH >= LEAST_SHARE


@pytest.mark.parametrize("speed", [110, 150])
def test_in_a_fast_turn_the_only_good_frames_are_taken(wall: np.ndarray, speed: int) -> None:
    pictures = [view(wall, speed * index) for index in range(36)]
    smeared = [index % 3 > 0 for index in range(36)]
    pictures = [motion_blur(p, 60.0, 0.0) if bad else p for p, bad in zip(pictures, smeared)]
    chosen = forwarded(decide(pictures, 15.0))
    assert 1.0 - speed * max(np.diff(chosen)) / WIDTH >= 0.25
    good = sum(not bad for bad in smeared)
    assert sum(not smeared[index] for index in chosen) >= 0.8 * good


def test_a_smeared_turn_after_a_rest_is_not_left_out(wall: np.ndarray) -> None:
    places = [0] * 30 + [80 * index for index in range(1, 30)] + [80 * 29] * 10
    pictures = [view(wall, x) for x in places]
    pictures[30:59] = [motion_blur(picture, 40.0, 0.0) for picture in pictures[30:59]]
    way = [places[index] for index in forwarded(decide(pictures, 15.0))]
    assert 1.0 - max(np.diff([*way, places[-1]])) / WIDTH >= LEAST_SHARE


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda picture: motion_blur(picture, 20.0, 30.0),
        lambda picture: change_exposure(picture, 3.0),
        lambda picture: change_exposure(picture, -4.0),
    ],
    ids=["blur", "bright", "dark"],
)
def test_a_bad_picture_never_wins_against_a_good_one(
    wall: np.ndarray, spoiled: Callable[[np.ndarray], np.ndarray]
) -> None:
    pictures = [view(wall, 8 * index) for index in range(90)]
    bad = [index % 13 in (7, 8, 9, 10) for index in range(90)]
    pictures = [spoiled(p) if is_bad else p for p, is_bad in zip(pictures, bad)]
    chosen = forwarded(decide(pictures, 15.0))
    assert len(chosen) > 8
    assert not any(bad[index] for index in chosen)


def test_after_a_lasting_change_of_light_frames_are_forwarded_again(wall: np.ndarray) -> None:
    pictures = [view(wall, 10 * index) for index in range(60)]
    pictures += [change_exposure(view(wall, 10 * index), -4.0) for index in range(60, 150)]
    dark = [index for index in forwarded(decide(noisy(pictures, 2.0), 15.0)) if index >= 60]
    assert dark[0] < 60 + 3 * 15
    assert len(dark) > 8


@pytest.mark.parametrize("scene", ["wall", "plain", "three corners"])
def test_a_parked_robot_sends_one_frame(wall: np.ndarray, scene: str) -> None:
    picture = view(wall, 0) if scene == "wall" else np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    if scene == "three corners":
        cv2.rectangle(picture, (80, 100), (120, 130), (200, 60, 20), -1)
    assert len(forwarded(decide(noisy([cv2.resize(picture, (320, 240))] * 60), 10.0))) == 1


def test_a_turn_that_cannot_be_followed_is_no_revisit(wall: np.ndarray) -> None:
    large = cv2.resize(wall[:, :1400], None, fx=2.0, fy=2.0)
    pictures = []
    for index in range(24):
        turn = cv2.getRotationMatrix2D((1400.0, 480.0), 35.0 * index, 1.0)
        turn[:, 2] += np.array([WIDTH / 2, HEIGHT / 2]) - np.array([1400.0, 480.0])
        pictures.append(cv2.warpAffine(large, turn, (WIDTH, HEIGHT)))
    assert len(forwarded(decide(pictures, 15.0))) >= 11
