"""Judging a selection: truth, metrics, and the other ways of choosing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mininet_ros.keyframes import FrameScores
from mininet_ros.lab.keyframes.photo_tour import (
    FRAME_SIZE,
    LEGIBLE_BLUR,
    LEGIBLE_STOPS,
    Photo,
    PhotoTour,
)
from mininet_ros.offline.baselines import (
    BASELINES,
    even_choice,
    every_n,
    greedy_bound,
    grid_with_veto,
    parallax,
    quality,
    random_choice,
    semantics,
    sharpest_of_window,
)
from mininet_ros.offline.evaluation import (
    JPEG_QUALITY,
    JudgedFrame,
    judge_frame,
    lasting_instances,
    measure_selection,
)
from mininet_ros.offline.truth import InstanceLinker, Sighting, sightings_of

SECOND = 1_000_000_000


def judged(
    index: int, seen: tuple[Sighting, ...] = (), size: int = 1000, **scores: float
) -> JudgedFrame:
    frame_scores = FrameScores(stamp_ns=index * SECOND // 10, width=640, height=480, **scores)
    return JudgedFrame(frame_scores, seen, size)


def whole(instance: int, pixels: int = 100) -> Sighting:
    return Sighting(instance, pixels, cut=False)


def cut(instance: int, pixels: int = 50) -> Sighting:
    return Sighting(instance, pixels, cut=True)


# -- truth -------------------------------------------------------------------------------------


def test_sightings_of_an_instance_map() -> None:
    instances = np.zeros((100, 100), np.int32)
    instances[40:50, 40:60] = 7
    instances[90:, 10:30] = 3
    instances[0, 50] = 9
    assert sightings_of(instances) == (
        Sighting(3, 200, cut=True),
        Sighting(7, 200, cut=False),
    )
    assert not Sighting(1, 10, cut=False, legible=False).whole


def test_regions_keep_their_number_while_the_view_moves() -> None:
    generator = np.random.default_rng(2)
    noise = generator.uniform(0, 255, (30, 60, 3)).astype(np.float32)
    wall = np.clip(cv2.resize(noise, (600, 240), interpolation=cv2.INTER_CUBIC), 0, 255)
    labels = np.zeros((240, 600), np.uint8)
    labels[60:100, 150:200] = 1
    labels[60:100, 260:300] = 1
    labels[140:180, 150:200] = 2
    linker = InstanceLinker([1, 2])
    seen = []
    for x in range(0, 200, 8):
        image = np.ascontiguousarray(wall[:, x : x + 320].astype(np.uint8))
        seen.append(linker.add(image, np.ascontiguousarray(labels[:, x : x + 320])))
    assert {sighting.instance for frame in seen for sighting in frame} == {1, 2, 3}
    assert len(seen[5]) == 3
    first = {sighting.instance for sighting in seen[0]}
    assert first == {sighting.instance for sighting in seen[5]}
    assert [sighting.cut for sighting in seen[0]].count(True) == 0
    assert any(sighting.cut for sighting in seen[-2])


def test_another_class_at_the_same_place_is_another_instance() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    labels = np.zeros((60, 80), np.uint8)
    labels[20:40, 20:40] = 1
    linker = InstanceLinker([1, 2])
    (first,) = linker.add(image, labels)
    (second,) = linker.add(image, labels * 2)
    assert second.instance != first.instance


# -- metrics -----------------------------------------------------------------------------------


@pytest.fixture
def sequence() -> list[JudgedFrame]:
    """Instance 1 is whole in frames 0 to 9 and then cut, 2 whole from 10 on, 3 always cut."""
    frames = []
    for index in range(20):
        seen = [whole(1, 100 + index) if index < 10 else cut(1), cut(3)]
        seen += [whole(2, 300)] if index >= 10 else []
        sharpness = 0.5 if index % 2 else 0.3
        frames.append(judged(index, tuple(seen), 1000 + index, sharpness=sharpness, clipped=0.1))
    return frames


def test_metrics_of_a_selection(sequence: list[JudgedFrame]) -> None:
    metrics = measure_selection(sequence, [4, 15])
    assert metrics.frames == 2
    assert metrics.instance_recall == 1.0
    assert metrics.pixel_recall == pytest.approx((104 + 300 + 50) / (109 + 300 + 50))
    assert metrics.cut_share == 1.0
    assert metrics.sharpness == pytest.approx(0.4)
    assert metrics.clipped == pytest.approx(0.1)
    assert metrics.largest_gap_s == pytest.approx(1.1)
    assert metrics.bytes == 1004 + 1015
    assert measure_selection(sequence, [3]).instance_recall == 0.5


def test_nothing_selected_and_nothing_to_find(sequence: list[JudgedFrame]) -> None:
    nothing = measure_selection(sequence, [])
    assert (nothing.frames, nothing.instance_recall, nothing.bytes) == (0, 0.0, 0)
    assert nothing.largest_gap_s == pytest.approx(1.9)
    empty = [judged(index) for index in range(5)]
    assert measure_selection(empty, [2]).instance_recall == 1.0
    with pytest.raises(ValueError, match="got none"):
        measure_selection([], [])


def test_flicker_and_illegible_views_do_not_count() -> None:
    frames = [judged(index, (whole(1), *([whole(2)] if index < 4 else []))) for index in range(10)]
    assert lasting_instances(frames) == {1}
    frames[0] = judged(0, (Sighting(1, 100, cut=False, legible=False),))
    assert measure_selection(frames, [0]).instance_recall == 0.0
    assert measure_selection(frames, [1]).instance_recall == 1.0


def test_a_judged_frame_knows_its_size_on_the_link() -> None:
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    scores = FrameScores(stamp_ns=7, width=160, height=120)
    seen = judge_frame(scores, (whole(1),), image)
    assert (seen.stamp_ns, seen.scores, seen.sightings) == (7, scores, (whole(1),))
    _, code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert seen.jpeg_bytes == len(code) > 1000


# -- baselines ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("count", [1, 3, 20, 50])
def test_baselines_keep_to_the_number(name: str, count: int, sequence: list[JudgedFrame]) -> None:
    chosen = BASELINES[name](sequence, count)
    assert len(chosen) == len(set(chosen)) == min(count, len(sequence))
    assert chosen == sorted(chosen)


def test_every_n_and_random_ignore_the_frames(sequence: list[JudgedFrame]) -> None:
    assert every_n(sequence, 4) == [2, 7, 12, 17]
    assert random_choice(sequence, 5, seed=1) == random_choice(sequence, 5, seed=1)
    assert random_choice(sequence, 5, seed=1) != random_choice(sequence, 5, seed=2)


def test_an_even_choice_begins_at_any_frame_of_the_first_part() -> None:
    places = [(frame + 0.5) / 5 for frame in range(5)]
    assert [even_choice(20, 4, place) for place in places] == [
        list(range(first, 20, 5)) for first in range(5)
    ]


def test_parallax_spaces_frames_by_motion() -> None:
    frames = [judged(i, motion=10.0 if i >= 15 else 0.1) for i in range(20)]
    assert min(parallax(frames, 4)[1:]) >= 15
    assert parallax([judged(i) for i in range(20)], 4) == [2, 7, 12, 17]


@pytest.mark.parametrize("fast", [0, 7, 19])
def test_a_jump_of_the_view_leaves_as_many_parts(fast: int) -> None:
    frames = [judged(i, motion=100.0 if i == fast else 0.1) for i in range(20)]
    for count in range(1, 21):
        chosen = parallax(frames, count)
        assert len(set(chosen)) == count and chosen == sorted(chosen)
        assert len(set(sharpest_of_window(frames, count))) == count


def test_quality_moves_frames_of_the_grid_only_where_it_is_poor() -> None:
    qualities = [0.4, 0.41, 0.4, 0.1, 0.39, 0.4, 0.4, 0.38, 0.41]
    frames = [judged(i, quality=quality) for i, quality in enumerate(qualities)]
    assert grid_with_veto(frames, 3) == [1, 4, 7]
    frames[4] = judged(4, quality=0.1)
    assert grid_with_veto(frames, 3) == [1, 5, 7]


def test_single_cues_take_the_best_of_each_part() -> None:
    frames = [
        judged(i, quality=0.9 * (i in (3, 12)), content=0.5 * (i in (6, 18)), sharpness=0.1)
        for i in range(20)
    ]
    assert quality(frames, 2) == [3, 12]
    assert semantics(frames, 2) == [6, 18]
    frames[6] = judged(6, sharpness=0.9)
    assert sharpest_of_window(frames, 2)[0] == 6


def test_the_greedy_bound_covers_all_it_can() -> None:
    frames = [judged(i, (whole(1 + i // 5), whole(9))) for i in range(20)]
    frames[7] = judged(7, (whole(1), whole(2), whole(3)))
    assert greedy_bound(frames, 1) == [7]
    assert measure_selection(frames, greedy_bound(frames, 2)).instance_recall == 1.0


# -- photo tour --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    generator = np.random.default_rng(4)
    pictures = []
    for _ in range(2):
        noise = generator.uniform(30, 220, (36, 64, 3)).astype(np.float32)
        image = cv2.resize(noise, (1280, 720), interpolation=cv2.INTER_CUBIC)
        words = [
            np.array([[x, y], [x + 90, y], [x + 90, y + 40], [x, y + 40]], float)
            for x, y in ((200, 300), (700, 400), (1000, 200))
        ]
        pictures.append(Photo(np.clip(image, 0, 255).astype(np.uint8), words, [True, True, False]))
    return pictures


def test_a_tour_shows_every_legible_word_and_repeats_itself(photos: list[Photo]) -> None:
    tour = PhotoTour(photos, seed=3)
    frames = list(tour)
    assert len(frames) == tour.length
    assert {sighting.instance for frame in frames for sighting in frame.sightings} == {1, 2, 3, 4}
    assert all(frame.image.shape == (FRAME_SIZE[1], FRAME_SIZE[0], 3) for frame in frames)
    assert all(set(np.unique(frame.mask)) <= {0, 1} for frame in frames)
    stamps = [frame.stamp_ns for frame in frames]
    assert stamps == sorted(set(stamps)) and stamps[0] == 0
    again = list(tour)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(frames, again))


def test_words_in_the_dark_or_smeared_are_not_legible(photos: list[Photo]) -> None:
    frames = [frame for seed in range(2, 8) for frame in PhotoTour(photos, seed)]
    spoiled = [
        frame
        for frame in frames
        if not LEGIBLE_STOPS[0] <= frame.stops <= LEGIBLE_STOPS[1] or frame.blur > LEGIBLE_BLUR
    ]
    assert 0 < len(spoiled) < len(frames) / 2
    assert not any(sighting.legible for frame in spoiled for sighting in frame.sightings)
    assert min(frame.stops for frame in frames) < -2.0 < 1.5 < max(frame.stops for frame in frames)


def test_a_tour_needs_a_photo() -> None:
    with pytest.raises(ValueError, match="at least one photo"):
        PhotoTour([])
