"""Regions of the target classes: what they are worth, cut or already sent."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.keyframes.content import (
    CUT_COST,
    CUT_WORTH,
    MAX_REGIONS,
    ClassError,
    class_weight_table,
    measure_content,
    parse_class_weights,
)

CLASSES = ("background", "text", "sign")
TEXT = class_weight_table({"text": 1.0}, CLASSES)
PIXELS = 240 * 320


def mask_with(*boxes: tuple[int, int, int, int], label: int = 1) -> np.ndarray:
    """A 240x320 mask with (left, top, right, bottom) boxes of a label."""
    mask = np.zeros((240, 320), np.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = label
    return mask


def test_a_free_region_is_worth_its_area() -> None:
    content = measure_content(mask_with((100, 100, 140, 120)), None, TEXT)
    assert content.value == pytest.approx(800 / PIXELS)
    assert len(content.regions) == 1
    region = content.regions[0]
    assert (region.cut, region.sent, region.label) == (0.0, 0.0, 1)
    assert region.low.tolist() == [100, 100] and region.high.tolist() == [139, 119]


def test_confidence_weight_and_class_scale_the_worth() -> None:
    mask = mask_with((100, 100, 140, 120)) + mask_with((10, 10, 50, 30), label=2)
    confidence = np.full(mask.shape, 51, np.uint8)
    weights = class_weight_table({"text": 1.0, "sign": 0.5}, CLASSES)
    content = measure_content(mask, confidence, weights)
    assert content.value == pytest.approx(0.2 * (1.0 + 0.5) * 800 / PIXELS)
    assert {region.label for region in content.regions} == {1, 2}


@pytest.mark.parametrize(
    "box", [(0, 100, 40, 120), (280, 100, 320, 120), (100, 0, 120, 40), (100, 200, 120, 240)]
)
def test_a_region_cut_by_any_border_counts_against_the_frame(
    box: tuple[int, int, int, int],
) -> None:
    content = measure_content(mask_with(box), None, TEXT)
    assert (content.regions[0].cut, content.cut) == (1.0, 1.0)
    assert 0.0 < content.value < 0.1 * 800 / PIXELS
    free = mask_with((100, 100, 160, 140))
    both = measure_content(free + mask_with(box), None, TEXT)
    assert both.value == pytest.approx((2400 + CUT_WORTH * 800 - CUT_COST * 800) / PIXELS)
    assert both.value < measure_content(free, None, TEXT).value


def test_something_large_that_is_always_cut_does_not_hide_the_rest() -> None:
    wall = mask_with((0, 0, 80, 240))
    values = [
        measure_content(wall + mask_with((200, 100, 200 + side, 120)), None, TEXT).value
        for side in (0, 20, 40)
    ]
    assert 0.0 < values[0] < values[1] < values[2]


def test_a_region_that_only_grazes_the_border_is_cut_a_little() -> None:
    mask = mask_with((4, 100, 44, 120))
    mask[108:112, :4] = 1
    content = measure_content(mask, None, TEXT)
    assert 0.0 < content.regions[0].cut < 0.3


def test_what_was_sent_is_worth_less() -> None:
    mask = mask_with((100, 100, 140, 120), (200, 100, 240, 120))
    sent = np.zeros(mask.shape, np.float32)
    sent[100:120, 100:120] = 1.0
    content = measure_content(mask, None, TEXT, sent)
    assert sorted(round(region.sent, 3) for region in content.regions) == [0.0, 0.5]
    assert content.sent == pytest.approx(0.25)
    assert content.value == pytest.approx(1.5 * 800 / PIXELS)


def test_regions_inside_holes_and_touching_corners_are_told_apart() -> None:
    mask = mask_with((50, 50, 200, 200))
    mask[70:180, 70:180] = 0
    mask[100:120, 100:120] = 1
    mask[200:210, 200:210] = 1
    content = measure_content(mask, None, TEXT)
    assert len(content.regions) == 2
    assert content.regions[0].area > content.regions[1].area == pytest.approx(400 / PIXELS)


def test_speckle_and_void_do_not_count() -> None:
    mask = mask_with((100, 100, 103, 103))
    mask[200:240, 200:240] = 255
    assert measure_content(mask, None, TEXT).value == 0.0


def test_the_number_of_regions_is_bounded() -> None:
    boxes = [(x, y, x + 6, y + 6) for x in range(4, 310, 10) for y in range(4, 230, 10)]
    content = measure_content(mask_with(*boxes), None, TEXT)
    assert len(content.regions) == MAX_REGIONS < len(boxes)


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
