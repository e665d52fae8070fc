"""Text that the border cuts is reported apart."""

from __future__ import annotations

import numpy as np
import pytest

from mininet_ros.lab.training.data.datasets import Sample
from mininet_ros.lab.training.evaluation.border_text import BorderText, windows


def test_regions_are_told_apart_by_the_border():
    labels = np.zeros((40, 60), np.uint8)
    labels[10:14, 20:30] = 1  # inside, found
    labels[20:24, 20:30] = 1  # inside, a quarter found
    labels[36:40, 5:15] = 1  # cut, found
    labels[0:2, 40:50] = 1  # cut, missed
    labels[30:32, 0:9] = 255  # void counts nowhere
    mask = np.zeros_like(labels)
    mask[10:14, 20:30] = mask[20:21, 20:30] = mask[36:40, 5:15] = 1
    mask[30:32, 0:9] = 1
    text = BorderText()
    text.add(labels, mask)
    figures = text.as_figures()
    assert figures["cut_by_border"] == {
        "regions": 2,
        "regions_found": 0.5,
        "pixels_found": pytest.approx(40 / 60),
    }
    assert figures["inside"] == {
        "regions": 2,
        "regions_found": 0.5,
        "pixels_found": pytest.approx(50 / 80),
    }


def test_without_text_there_is_no_share():
    text = BorderText()
    text.add(np.zeros((4, 4), np.uint8), np.ones((4, 4), np.uint8))
    assert text.as_figures()["inside"] == {
        "regions": 0,
        "regions_found": None,
        "pixels_found": None,
    }


def test_windows_cut_what_the_picture_shows_whole():
    labels = np.zeros((50, 100), np.uint8)
    labels[38:42, 10:20] = 1  # across the lower border of the upper left window
    labels[20:24, 15:30] = 1  # across the left border of the lower right one
    image = np.dstack([labels] * 3)
    text = BorderText()
    for window in windows(Sample("x", image, labels)):
        assert window.labels.shape == (40, 80)
        assert (window.image[..., 0] == window.labels).all()
        text.add(window.labels, window.labels)
    figures = text.as_figures()
    assert figures["cut_by_border"]["regions"] == 2
    assert figures["cut_by_border"]["regions_found"] == figures["inside"]["regions_found"] == 1.0
    assert figures["inside"]["regions"] == 1  # the second one, in the first window
