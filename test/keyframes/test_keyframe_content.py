"""Regions of the target classes: what they are worth, cut or already sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from mininet_ros.keyframes.cues.classes import ClassError, class_weight_table, parse_class_weights
from mininet_ros.keyframes.cues.content import (
    CUT_COST,
    CUT_WORTH,
    IMPROVEMENT_EXPONENT,
    MAX_REGIONS,
    Content,
    ContentStatus,
    Regions,
    Things,
    find_regions,
    measure_content,
    things_in,
)
from mininet_ros.keyframes.cues.corners import no_points
from mininet_ros.keyframes.cues.things import ThingFollower

CLASSES = ("background", "text", "sign")
TEXT = class_weight_table({"text": 1.0}, CLASSES)
PIXELS = 240 * 320


def mask_with(*boxes: tuple[int, int, int, int], label: int = 1) -> np.ndarray:
    """A 240x320 mask with (left, top, right, bottom) boxes of a label."""
    mask = np.zeros((240, 320), np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = label
    return mask


def content_of(mask: np.ndarray) -> Content:
    """The content of a mask of which nothing was sent before."""
    return content_with(things_of(mask))


def regions_of(mask: np.ndarray) -> Regions:
    """The regions of text in a mask."""
    return find_regions(mask, None, TEXT)


def things_of(
    mask: np.ndarray, confidence: np.ndarray | None = None, weights: np.ndarray = TEXT
) -> Things:
    """The things in the first mask of a stream."""
    regions = find_regions(mask, confidence, weights)
    return ThingFollower(weights).update(regions, no_points((320, 240)), True, True)


def content_with(things: Things, sent: Mapping[int, float] | None = None) -> Content:
    """The content of things, of which some were sent, at quality 1."""
    return measure_content(ContentStatus.MEASURED, things, sent or {}, 1.0)


def size_of(pixels: int) -> float:
    """How much of a thing a region of so many pixels is."""
    return float(things_in(np.array(pixels / PIXELS)))


def test_a_free_region_counts_by_its_size() -> None:
    content = content_of(mask_with((100, 100, 140, 120)))
    assert content.content == pytest.approx(size_of(800))
    regions = regions_of(mask_with((100, 100, 140, 120)))
    assert (regions.cut, regions.labels, regions.areas) == (0.0, 1, 800 / PIXELS)
    assert regions.boxes.tolist() == [[100, 100, 139, 119]]


def test_several_things_are_worth_more_than_one_large_one() -> None:
    one = content_of(mask_with((100, 100, 160, 160))).content
    three = content_of(mask_with(*((x, 100, x + 22, 122) for x in (50, 100, 150)))).content
    assert 1.0 < one < 2.0 and three == pytest.approx(3.0, rel=0.02)
    speck = content_of(mask_with((100, 100, 105, 105))).content
    assert 0.2 < speck < 0.3
    assert size_of(PIXELS) < 2.5


def test_each_doubling_counts_a_fifth() -> None:
    assert size_of(8000) - size_of(4000) == pytest.approx(1.0 / 5.0, abs=0.01)


def test_confidence_and_class_weight_scale_the_worth() -> None:
    mask = mask_with((100, 100, 140, 120)) + mask_with((10, 10, 50, 30), label=2)
    confidence = np.full(mask.shape, 51, np.uint8)
    things = things_of(mask, confidence, class_weight_table({"text": 1.0, "sign": 0.5}, CLASSES))
    assert content_with(things).content == pytest.approx(0.2 * (1.0 + 0.5) * size_of(800))
    assert set(things.labels) == {1, 2}


@pytest.mark.parametrize(
    "box", [(0, 100, 40, 120), (280, 100, 320, 120), (100, 0, 120, 40), (100, 200, 120, 240)]
)
def test_a_region_cut_by_any_border_counts_against_the_frame(
    box: tuple[int, int, int, int],
) -> None:
    content = content_of(mask_with(box))
    assert (regions_of(mask_with(box)).cut, content.cut) == (1.0, 1.0)
    cost = 1.0 + CUT_COST * size_of(800)
    assert content.content == pytest.approx(CUT_WORTH[1] * size_of(800) / cost)
    free = mask_with(*((x, 100, x + 40, 160) for x in (80, 130, 180, 230)))
    cut = mask_with((0, 20, 40, 40))
    both, alone = content_of(free + cut).content, content_of(free).content
    assert both == pytest.approx((alone + CUT_WORTH[1] * size_of(800)) / cost)
    assert alone == pytest.approx(4 * size_of(2400))


def test_something_large_that_is_always_cut_does_not_hide_the_rest() -> None:
    wall = mask_with((0, 0, 80, 240))
    values = [
        content_of(wall + mask_with((200, 100, 200 + side, 120))).content for side in (0, 20, 40)
    ]
    assert 0.0 < values[0] < values[1] < values[2]


def test_a_region_that_only_grazes_the_border_is_cut_a_little_but_not_whole() -> None:
    mask = mask_with((4, 100, 44, 120))
    whole = things_of(mask)
    mask[108:112, :4] = 1
    grazing = things_of(mask)
    assert 0.0 < grazing.cut < 0.3
    assert CUT_WORTH[1] * whole.shown < grazing.shown < CUT_WORTH[0] * grazing.sizes


def test_what_was_sent_is_worth_what_it_improves() -> None:
    things = things_of(mask_with((100, 100, 140, 120), (200, 100, 240, 120)))
    first, second = things.ids.tolist()
    half = content_with(things, {second: 0.5 * size_of(800)})
    assert half.sent == pytest.approx(0.25)
    improvement = 0.5**IMPROVEMENT_EXPONENT
    assert half.content == pytest.approx((1.0 + improvement) * size_of(800))
    assert content_with(things, {first: 9.0, second: 9.0}).content == 0.0
    nearly = {first: 0.9 * size_of(800), second: 0.9 * size_of(800)}
    assert content_with(things, nearly).content < 0.02 * content_with(things).content


def test_a_thing_that_the_mask_does_not_show_adds_nothing_but_its_cut() -> None:
    things = things_of(mask_with((100, 100, 140, 120), (0, 20, 40, 40)))
    hidden = replace(things, seen=things.cut == 0.0)
    content = content_with(hidden)
    assert content.content == pytest.approx(size_of(800) / (1.0 + CUT_COST * size_of(800)))
    assert (content.regions, content.cut) == (1, 0.5)


def test_regions_inside_holes_and_touching_corners_are_told_apart() -> None:
    mask = mask_with((50, 50, 200, 200))
    mask[70:180, 70:180] = 0
    mask[100:120, 100:120] = 1
    mask[200:210, 200:210] = 1
    large, small = regions_of(mask).areas
    assert large > small == pytest.approx(400 / PIXELS)


def test_speckle_and_void_do_not_count() -> None:
    mask = mask_with((100, 100, 103, 103))
    mask[200:240, 200:240] = 255
    assert content_of(mask).content == 0.0


def test_the_number_of_regions_is_bounded() -> None:
    boxes = [(x, y, x + 6, y + 6) for x in range(4, 310, 10) for y in range(4, 230, 10)]
    assert len(find_regions(mask_with(*boxes), None, TEXT)) == MAX_REGIONS < len(boxes)


def test_unknown_classes_are_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ClassError, match="Unknown class 'txt'; the model knows: background, text, sign."
    ):
        class_weight_table({"txt": 1.0}, CLASSES)


@pytest.mark.parametrize("weight", [0.0, -1.0, 101.0, float("nan")])
def test_weights_out_of_range_are_refused(weight: float) -> None:
    with pytest.raises(ClassError, match="weight of class 'text' must be above 0"):
        class_weight_table({"text": weight}, CLASSES)


def test_class_weights_are_read_as_users_write_them() -> None:
    assert parse_class_weights(["text", "sign: 0.5"]) == {"text": 1.0, "sign": 0.5}
    assert parse_class_weights([]) == {}
    with pytest.raises(ClassError, match="must be a number, got 'much'"):
        parse_class_weights(["text: much"])
    with pytest.raises(ClassError, match="'text' is named twice"):
        parse_class_weights(["text", "text:2"])
